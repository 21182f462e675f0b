"""The viewer in a browser over a run that seewhy has made: pages are clean, and the pictures of the docs are of it."""

import os
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Looker, chromium, looking, needs_chromium
from looked_at import serving
from PIL import Image

from seewhy.cli.main import main

pytestmark = [needs_chromium, pytest.mark.nightly]
OPTIONS = shlex.split("""
--questions.train 36 --questions.validation 3 --questions.test 12 --questions.shifted 0 --rationales.ask 24
--lessons.ask 24 --sft.fit.batch-size 6 --sft.fit.learning-rate 1e-4 --chains.ask 12 --chains.after 24
--chains.per-question 6 --chains.max-tokens 48 --chains.temperature 1.4 --chains.multiple-choice-temperature 1.4
--pairs.rule.lowest 0.01 --pairs.rule.highest 0.99 --mpo.fit.batch-size 2 --test.max-tokens 32 --verifier.ask 3
--verifier.per-question 4 --verifier.max-tokens 32 --credit.resamples 20 --workers 1
""")
SHOWN = {"question": "#chain-0", "pairs": "section", "credit": "article"}
"""Pages with a picture in the docs, and what must be on them."""
OF_A_KIND = 2
"""Pages of each kind that are opened."""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("real") / "inkgrid"
    assert main(["run", "inkgrid", "--run", str(root), *OPTIONS]) == 0
    return root


def pages_of(look: Looker) -> Iterator[str]:
    """The first pages of each kind, as links lead to them."""
    seen, ahead, kinds = set[str](), ["/run/0"], Counter[str]()
    while ahead:
        path = ahead.pop(0)
        kind = path.split("?")[0].split("/")[3] if path.count("/") > 2 else "run"
        kinds[kind] += 1
        if kinds[kind] > OF_A_KIND:
            continue
        look.open(path)
        yield kind
        new = {link for link in look.links() if link.startswith("/run/")} - seen
        seen |= new
        ahead += sorted(new)


def test_every_kind_of_page_of_a_real_run_is_clean_and_those_of_the_docs_are_pictured(run, tmp_path):
    """The pictures go to the folder that SEEWHY_DOCS_IMAGES names, such as docs/images."""
    folder, found = Path(os.environ.get("SEEWHY_DOCS_IMAGES", "") or tmp_path), set[str]()
    with serving(run) as served, chromium() as browser, looking(browser, served.port) as look:
        for kind in pages_of(look):
            look.require_clean()
            look.require_fits()
            assert look.faults() == []
            if kind in SHOWN and kind not in found and look.page.locator(SHOWN[kind]).count():
                picture(look, folder / f"view-{kind}.png")
            found.add(kind)
    assert {
        "run",
        "questions",
        "question",
        "pairs",
        "credit",
        "training",
        "scores",
        "curves",
        "rows",
        "sample",
    } <= found
    assert all((folder / f"view-{kind}.png").stat().st_size < 100_000 for kind in SHOWN)


def picture(look: Looker, path: Path) -> None:
    """The window as a small PNG: 64 colours are enough for text."""
    look.page.screenshot(path=path, clip={"x": 0, "y": 0, "width": 1280, "height": 720})
    Image.open(path).quantize(64).save(path, optimize=True)

"""The report in a browser: its tables need no scrolling on a desk, the page fits a phone, everyone can read it."""

import os
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESK, PHONE, SERIOUS, chromium, needs_chromium, picture
from PIL import Image
from report.made_up_report import make_card, make_report

from seewhy.records.types import Style
from seewhy.report.chromium import write_pdf
from seewhy.report.inputs import Evaluation
from seewhy.report.page import write_report

pytestmark = [needs_chromium, pytest.mark.nightly]
SIDEWAYS = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "index.html"
    cards = tuple(
        make_card(model, Style.REASON, 0.4, blind=blind) for model in ("base", "sft") for blind in (False, True)
    )
    measurements = tuple(Evaluation(name=f"sampled_at_0.{n}", models=("base", "sft"), cards=cards, changes={},
                                    temperature=n / 10) for n in range(3))  # fmt: skip
    write_report(path, replace(make_report(), measurements=measurements))
    return path


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=("desk", "phone"))
def test_a_report_fits_its_window_and_can_be_read_by_all(page_file, size, scheme):
    with chromium() as browser:
        page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
        page.goto(f"file://{quote(str(page_file))}")
        assert page.evaluate(WIDE) <= 0
        if size is DESK:
            assert page.evaluate(SIDEWAYS) == 0
        faults = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in faults] == []


def test_the_head_of_a_report_answers_in_order_in_its_first_window_and_is_pictured(page_file, tmp_path):
    """Of the run that SEEWHY_DOCS_RUN names, to the folder of SEEWHY_DOCS_IMAGES; else of a made-up one."""
    run, folder = os.environ.get("SEEWHY_DOCS_RUN", ""), os.environ.get("SEEWHY_DOCS_IMAGES", "")
    shown = Path(run) / "report" / "index.html" if run else page_file
    path = (Path(folder) if run and folder else tmp_path) / "report.png"
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 1100, "height": 1500}).new_page()
        page.goto(f"file://{quote(str(shown.resolve()))}")
        words = page.locator("body").inner_text()
        places = [words.index(title) for title in ("What happened", "What to distrust", "Results on the test split")]
        assert places == sorted(places)
        distrust = page.get_by_text("What to distrust", exact=True).first.bounding_box()
        assert distrust is not None
        assert distrust["y"] < 1500
        picture(page, path, 1100, 1500)
    with Image.open(path) as made:
        assert made.size == (1100, 1500)
        assert len(made.convert("RGB").getcolors(1 << 20) or ()) > 16, "a page that is blank has one colour"


def test_a_printed_report_has_two_figures_beside_each_other_and_its_tables_open(page_file, tmp_path):
    """18 pages; figures of the width of a page made 30 of them."""
    write_pdf(page_file, tmp_path / "report.pdf")
    pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "report.pdf").read_bytes()))
    assert 5 <= pages <= 18
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 688, "height": 1000}).new_page()
        page.emulate_media(media="print")
        page.goto(f"file://{quote(str(page_file))}")
        columns = "getComputedStyle(document.querySelector('.panels')).gridTemplateColumns.split(' ').length"
        assert page.evaluate(columns) == 2
        assert page.locator("details table").first.bounding_box() is not None
        assert page.evaluate(SIDEWAYS) == 0

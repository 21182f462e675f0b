"""The viewer in a browser: nothing fails, nothing leaves the machine, words of rows stay words, all can read it."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from browsing import DESK, PHONE, chromium, looking, needs_chromium
from looked_at import HARM, Served, serving, write_run
from looked_at_more import write_more
from playwright.sync_api import Browser
from test_more_pages import MORE

from seewhy.records.shards import read_rows
from seewhy.records.types import Outcome, Verdict

pytestmark = needs_chromium
QUESTION = f"/run/0/question/questions?{urlencode({'id': 'q/1', 'chains': 'chains'})}"
HARMFUL = f"/run/0/question/questions?{urlencode({'id': HARM, 'chains': 'chains'})}"
PAGES = (
    "/run/0", "/run/0/questions/questions", QUESTION, HARMFUL, "/run/0/pairs/pairs", "/run/0/credit/credit",
    "/run/0/rows/verdicts", "/run/0/training/dpo", "/run/0/transitions",
    "/run/0/transitions?before=verdicts&after=verdicts&was=correct&became=correct", *MORE,
    "/run/0/sample/chains", "/run/0/sample/chains?kind=pairs&n=2",
)  # fmt: skip
LOOKS = [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with serving(write_more(write_run(tmp_path_factory.mktemp("looked at") / HARM.replace("/", " ")))) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def test_a_wrong_chain_is_found_marked_and_kept_by_keyboard(tmp_path, browser):
    root = write_run(tmp_path / "run")
    with serving(root) as served, looking(browser, served.port) as look:
        look.open("/run/0/questions/questions")
        look.page.fill("input[name=search]", "q/1")
        look.press("Enter", moves=True)
        assert "1 of 4 questions" in look.page.inner_text("main")
        look.press("j")
        look.press("Enter", moves=True)
        look.press("j")
        look.press("j")
        look.press("w", moves=True)
        assert "human:me" in look.page.inner_text("#chain-1")
        look.require_clean()
        (kept,) = read_rows(root / "annotations" / "chains", Verdict)
    assert (kept.question_id, kept.index, kept.outcome) == ("q/1", 1, Outcome.INCORRECT)


@pytest.mark.nightly
@pytest.mark.parametrize(("size", "scheme"), LOOKS, ids=("desk light", "desk dark", "phone light", "phone dark"))
def test_every_page_is_clean_fits_its_window_and_can_be_read_by_all(served, browser, size, scheme):
    faults: list[str] = []
    with looking(browser, served.port, size=size, scheme=scheme) as look:
        for path in PAGES:
            look.open(path)
            look.require_clean()
            look.require_fits()
            faults += [f"{path}: {fault}" for fault in look.faults()]
    assert faults == []


@pytest.mark.nightly
def test_every_link_that_a_page_shows_leads_to_a_page(served, browser):
    with looking(browser, served.port) as look:
        seen, ahead = set[str](), ["/run/0"]
        while ahead:
            path = ahead.pop()
            look.open(path)
            look.require_clean()
            new = look.links() - seen
            seen |= new
            ahead += sorted(new)
    assert {path.split("?")[0] for path in PAGES} <= {path.split("?")[0] for path in seen} | {"/run/0"}


@pytest.mark.nightly
def test_a_drawn_sample_is_marked_and_two_are_preferred_by_keyboard(tmp_path, browser):
    root = write_run(tmp_path / "run")
    with serving(root) as served, looking(browser, served.port) as look:
        look.open("/run/0/sample/chains?n=2")
        look.press("r", moves=True)
        look.press("w", moves=True)
        assert "2 of 2 done" in look.page.inner_text("main")
        look.open("/run/0/sample/chains?kind=pairs&n=2")
        look.press("ArrowRight", moves=True)
        look.press("=", moves=True)
        assert "2 of 2 done" in look.page.inner_text("main")
        look.open(QUESTION)
        for key in ("j", "2", "j", "1"):
            look.press(key)
        look.press("s", moves=True)
        look.require_clean()
    assert {row.outcome for row in read_rows(root / "annotations-drawn" / "chains", Verdict)} == {
        Outcome.CORRECT, Outcome.INCORRECT,
    }  # fmt: skip
    assert sorted(row.score for row in read_rows(root / "annotations-preferred" / "chains", Verdict)) == [
        0,
        0.5,
        0.5,
        1,
    ]
    assert [row.score for row in read_rows(root / "annotations-ranked" / "chains", Verdict)] == [0.0, 1.0]

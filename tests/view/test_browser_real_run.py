"""The viewer in a browser over runs that seewhy has made: every kind of page, filter, deep link and key."""

import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from browsing import DESK, PHONE, Looker, chromium, looking, needs_chromium, picture
from looked_at import TOKEN, Served, serving
from looked_at_more import put
from playwright.sync_api import Browser, expect
from real_runs import KINDS, kind_of, make_runs, pages_of

from seewhy.records.shards import read_rows
from seewhy.records.types import Outcome, Pair, Question, Verdict
from seewhy.runs.lock import only_writer
from seewhy.view.demo import Demo

pytestmark = [needs_chromium, pytest.mark.nightly]
SHOWN = {"question": "#chain-0", "pairs": "section", "credit": "article"}
"""Pages with a picture in the docs, and what must be on them."""
LIST = "/run/1/questions/questions/train?chains=chains&verdicts=verdicts"

CHOSEN = (
    "/run/0?beside=1", "/run/1/scores?beside=0", "/run/0/training/mpo?beside=0%2Fsft",
    "/run/0/pairs/pairs?beside=1%2Fpairs", "/run/0/credit/credit/tokens?colour=difference", f"{LIST}&apart=second",
    "/run/0/transitions?before=test%2Fbase%2Freason%2Fverdicts&after=test%2Fmpo%2Freason%2Fverdicts&was=correct"
    "&became=correct",
    "/run/1/agreement?judge=verdicts&truth=second&said=incorrect&known=correct", "/run/1/rollouts/grpo?round=1",
    "/run/1/sample/chains?kind=pairs&n=3", "/run/0/questions/questions/train?search=nothing",
)  # fmt: skip
"""Pages that a person reaches by a form."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> tuple[Path, Path]:
    return make_runs(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def served(runs, tmp_path_factory) -> Iterator[Served]:
    with closing(Demo(["tiny"], tmp_path_factory.mktemp("asked"))) as demo, serving(*runs, demo=demo) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@contextmanager
def looking_at_copy(run: Path, to: Path, browser: Browser) -> Iterator[tuple[Path, Looker]]:
    root = shutil.copytree(run, to / "run")
    with serving(root) as served, looking(browser, served.port) as look:
        yield root, look


def test_every_kind_of_page_of_a_real_run_is_clean_and_those_of_the_docs_are_pictured(served, browser, tmp_path):
    """The pictures go to the folder that SEEWHY_DOCS_IMAGES names, such as docs/images."""
    folder, found = Path(os.environ.get("SEEWHY_DOCS_IMAGES", "") or tmp_path), set[str]()
    with looking(browser, served.port) as look:
        for kind in pages_of(look, 3, []):
            look.require_clean()
            look.require_fits()
            assert look.faults() == [], look.page.url
            if kind in SHOWN and kind not in found and look.page.locator(SHOWN[kind]).count():
                picture(look.page, folder / f"view-{kind}.png", 1280, 720)
            found.add(kind)
    assert found == KINDS
    assert all((folder / f"view-{kind}.png").stat().st_size < 100_000 for kind in SHOWN)


@pytest.fixture(scope="module")
def texts(served, browser) -> Mapping[str, str]:
    """Address and text of the first pages of each kind, and of those that forms lead to."""
    paths = list[str]()
    with looking(browser, served.port) as look:
        found = [look.page.inner_text("main") for _ in pages_of(look, 3, paths)]
        return {**dict(zip(paths, found, strict=True)),
                **{path: look.open(path).inner_text("main") for path in CHOSEN}}  # fmt: skip


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_every_kind_of_page_fits_and_can_be_read_on_a_phone_and_in_the_dark(served, browser, texts, size, scheme):
    first = {kind_of(path): path for path in reversed(texts)}
    assert set(first) == KINDS
    with looking(browser, served.port, size=size, scheme=scheme) as look:
        for path in (*first.values(), *CHOSEN):
            look.open(path)
            look.require_clean()
            look.require_fits()
            assert look.faults() == [], path


def test_a_link_that_is_sent_on_opens_the_same_page_elsewhere(served, browser, texts):
    for path, text in texts.items():
        elsewhere = browser.new_context()
        look = Looker(elsewhere.new_page(), f"http://127.0.0.1:{served.port}")
        look.open(f"{path}{'&' if '?' in path else '?'}token={TOKEN}")
        assert look.page.url.removeprefix(look.root) == path
        assert look.page.inner_text("main") == text
        look.require_clean()
        elsewhere.close()


def test_a_link_to_a_chain_shows_it_as_the_current_one(served, browser):
    with looking(browser, served.port) as look:
        place = urlencode({"id": question_ids(look, LIST)[0], "chains": "chains"})
        look.open(f"/run/1/question/questions/train?{place}#chain-3")
        expect(look.page.locator("#chain-3")).to_have_class("current")
        expect(look.page.locator("#chain-3")).to_be_in_viewport()


def test_every_step_of_the_graph_leads_to_its_page_or_to_its_rows_in_the_table(served, browser):
    with looking(browser, served.port) as look:
        anchors = Counter[bool]()
        for run in ("/run/0", "/run/1"):
            names = look.open(run).eval_on_selector_all("[data-step]", "all => all.map(one => one.dataset.step)")
            for name in names:
                page = look.open(run)
                link = page.locator(f'[data-step="{name}"]')
                is_anchor = str(link.get_attribute("href")).startswith("#")
                anchors[is_anchor] += 1
                link.focus()
                look.press("Enter", moves=True)
                if is_anchor:
                    row = page.locator(f'tr[id="step-{name}"]')
                    expect(row).to_be_in_viewport()
                    assert row.locator("th").inner_text().split("/")[0] == name
                else:
                    assert page.locator("h1").inner_text().split("/")[0] in {name, "questions"}
                    assert "alarm" not in (page.locator("main p").first.get_attribute("class") or "")
                look.require_clean()
    assert min(anchors[True], anchors[False]) >= 4, "steps with several units, and with one"


def question_ids(look: Looker, path: str = "", **given: str) -> list[str]:
    """The questions on a page, after its filter was filled in and sent as a person does it."""
    if path:
        look.open(path)
    for name, value in given.items():
        field = look.page.locator(f"[name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    with look.page.expect_navigation(wait_until="load"):
        look.page.locator(".filter button").click()
    look.require_clean()
    for name, value in given.items():
        assert look.page.locator(f"[name={name}]").input_value() == value, "the filter stays filled in"
    ids = look.page.locator(".list bdi:first-child").all_inner_texts()
    assert f"{len(ids)} of " in look.page.inner_text("main")
    return ids


def accuracy(outcomes: Sequence[Outcome]) -> float | None:
    judged = [one for one in outcomes if one is not Outcome.UNJUDGED]
    return judged.count(Outcome.CORRECT) / len(judged) if judged else None


def test_every_filter_shows_the_questions_that_rows_give(runs, served, browser):
    asked = list(read_rows(runs[1] / "questions" / "train", Question))
    said: dict[str, dict[str, list[Outcome]]] = {}
    for judge in ("verdicts", "second"):
        said[judge] = defaultdict(list)
        for row in read_rows(runs[1] / judge, Verdict):
            said[judge][row.question_id].append(row.outcome)
    right = {one.id: accuracy(said["verdicts"].get(one.id, [])) for one in asked}

    def is_apart(one: Question) -> bool:
        both = zip(*(said[judge].get(one.id, []) for judge in ("verdicts", "second")), strict=True)
        return any(Outcome.UNJUDGED not in two and Outcome.CORRECT in two and len(set(two)) > 1 for two in both)

    facets = sorted({f"{name}={value}" for one in asked for name, value in one.facets.items() if name != "page"})
    cases: list[tuple[Mapping[str, str], Callable[[Question], bool]]] = [
        ({"search": "ROW 2"}, lambda one: "row 2" in one.text.lower() or "row 2" in one.id),
        ({"search": "train/0/1"}, lambda one: "train/0/1" in one.id),
        ({"low": "0.3", "high": "0.8"}, lambda one: right[one.id] is not None and 0.3 <= right[one.id] <= 0.8),
        ({"apart": "second"}, is_apart), ({"apart": "second", "verdicts": "second"}, lambda _: False),
        *(({"facet": facet}, lambda one, facet=facet: facet in {f"{n}={v}" for n, v in one.facets.items()})
          for facet in facets[:8]),
        *(({"outcome": outcome.value, "verdicts": judge},
           lambda one, outcome=outcome, judge=judge: outcome in said[judge].get(one.id, []))
          for outcome in Outcome for judge in said),
        ({"facet": facets[0], "outcome": "correct"},
         lambda one: facets[0] in {f"{n}={v}" for n, v in one.facets.items()}
         and Outcome.CORRECT in said["verdicts"].get(one.id, [])),
    ]  # fmt: skip
    with looking(browser, served.port) as look:
        sizes = set[int]()
        for given, holds in cases:
            ids = question_ids(look, LIST, **given)
            assert ids == [one.id for one in asked if holds(one)], given
            sizes.add(len(ids))
        assert len(sizes) > 5, "filters that all show the same show nothing"
        known = [one.id for one in asked if right[one.id] is not None]
        rest = [one.id for one in asked if right[one.id] is None]
        assert question_ids(look, LIST, order="accuracy") == [*sorted(known, key=lambda one: right[one]), *rest]
        hard = sorted(known, key=lambda one: abs((right[one] or 0) - 0.5))
        assert question_ids(look, LIST, order="hard") == [*hard, *rest]


def test_chains_of_a_real_run_are_marked_ranked_and_drawn_by_keys_alone(runs, browser, tmp_path):
    with looking_at_copy(runs[0], tmp_path, browser) as (root, look):
        page = look.open("/run/0/questions/questions/train?chains=chains&verdicts=verdicts")
        for key, moves in (("j", False), ("Enter", True), ("j", False), ("r", True), ("j", False), ("w", True)):
            look.press(key, moves=moves)
        for number, word in ((0, "correct"), (1, "incorrect")):
            expect(page.locator(f"#chain-{number} .verdicts li", has_text="human:me")).to_contain_text(word)
        for number in range(2, 6):
            look.press("j")
            look.press(str(number))
        look.press("s", moves=True)
        look.open("/run/0/sample/chains?n=3&seed=5")
        for key in "rwu":
            look.press(key, moves=True)
        assert "3 of 3 done" in page.inner_text("main")
        look.press("j")
        look.press("Enter", moves=True)
        assert page.locator("h1").inner_text() == "Judges compared"
        look.open("/run/0/sample/chains?kind=pairs&n=2&seed=5")
        for key in ("ArrowLeft", "="):
            look.press(key, moves=True)
        assert "2 of 2 done" in page.inner_text("main")
        look.require_clean()
        assert look.faults() == []
        kept = {name: list(read_rows(root / name / "chains", Verdict)) for name in (
            "annotations", "annotations-ranked", "annotations-drawn", "annotations-preferred")}  # fmt: skip
    assert [row.outcome for row in kept["annotations"]] == [Outcome.CORRECT, Outcome.INCORRECT]
    assert [round(3 * (row.score or 0)) for row in kept["annotations-ranked"]] == [3, 2, 1, 0]
    assert Counter(row.outcome for row in kept["annotations-drawn"]) == Counter(
        [Outcome.CORRECT, Outcome.INCORRECT, Outcome.UNJUDGED]
    )
    assert sorted(row.score or 0 for row in kept["annotations-preferred"]) == [0, 0.5, 0.5, 1]


def test_a_run_that_is_being_written_shows_what_comes_and_stays_still_under_a_person(runs, browser, tmp_path):
    (pair,) = list(read_rows(runs[1] / "pairs", Pair))[:1]
    with looking_at_copy(runs[1], tmp_path, browser) as (root, look), only_writer(root):
        page = look.open("/run/0")
        assert "being written by process" in page.inner_text("main")
        put(root / "later", [pair], Pair)
        expect(page.get_by_role("link", name="later", exact=True)).to_be_visible(timeout=20_000)
        look.press("j")
        put(root / "later still", [pair], Pair)
        page.wait_for_timeout(7_000)
        assert page.get_by_role("link", name="later still", exact=True).count() == 0
        look.require_clean()
        link = f"/run/0/pairs/{quote('later still')}"
        assert pair.chosen.text in look.open(link).inner_text("main")

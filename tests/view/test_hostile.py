"""Words that mean harm in every text of every record, in names of steps and people: they stay words on every page."""

import json
import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from browsing import chromium, looking, needs_chromium
from looked_at import HARM, serving, write_run
from looked_at_more import write_more
from real_runs import KINDS as PAGES
from real_runs import pages_of
from report.made_up_report import make_report

from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Question, StepLog, Style, Verdict
from seewhy.report.inputs import TermPanel, TrainingRun
from seewhy.report.written import write_figures
from seewhy.view.shelf import KINDS, Shelf

KEPT = {"id", "question_id", "path", "sha256", "answers", "rule", "judge"}
"""Joined by, or read by rules; `HARM` is the id of a question besides."""
SIGNS = (
    "\u202e\u2066\u200f\x00\x1b[31m\u2028]]>--></script><style>@import '//evil.example'</style>javascript:alert(3)=1+1"
)
QUOTED = f"{SIGNS}{HARM}\"'`</p></textarea><svg onload=alert(2)>{{{{ 7*7 }}}}${{7*7}}<!--"
STEP = "chains lr=[1e-5]*? <b onclick='alert(1)'>&#35; 50%"


def harmed(value: Any, name: str = "") -> Any:
    """A record with harmful words in its texts, whatever it holds."""
    if name in KEPT or isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return f"{value} {QUOTED}"
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: harmed(getattr(value, one.name), one.name) for one in fields(value)})
    if isinstance(value, tuple):
        return tuple(harmed(one) for one in value)
    return {f"{key} {QUOTED}": harmed(one) for key, one in value.items()} if isinstance(value, dict) else value


ELEMENTS = """() => [...document.querySelectorAll("*")].flatMap(
  (one) => ["", ...one.getAttributeNames()].map((name) => `${one.tagName} ${name}`))"""
"""The elements of a page as the browser has read it, each with the names of its attributes."""
ADDRESSES = """() => [...document.querySelectorAll("[href], [src], [action], [formaction]")].flatMap((one) =>
  ["href", "src", "action", "formaction"].map((name) => one.getAttribute(name)).filter((value) => value !== null)
  .map((value) => new URL(value, location).protocol))"""


@needs_chromium
@pytest.mark.nightly
def test_no_word_of_any_record_becomes_an_element_an_attribute_or_an_address(tmp_path):
    runs = {name: write_more(write_run(tmp_path / name)) for name in ("plain", "harmed")}
    for unit in Shelf(runs["harmed"]).units.values():
        rows = [harmed(row) for row in read_rows(unit.folder, KINDS[unit.kind])]
        write_shard(unit.folder, 0, rows, KINDS[unit.kind])
    log = runs["harmed"] / "dpo" / "steps.jsonl"
    log.write_text(log.read_text().replace('"margin"', json.dumps(f"loss/{QUOTED}")))
    log.parent.rename(runs["harmed"] / f"dpo {STEP}")
    (runs["harmed"] / "chains").rename(runs["harmed"] / STEP)
    with chromium() as browser:
        shown = {name: list(pages(root, browser)) for name, root in runs.items()}
    allowed = {"EM ", "EM class"}.union(*(elements for _, elements, _ in shown["plain"]))
    for kind, elements, _ in shown["harmed"]:
        assert elements <= allowed, (kind, elements - allowed)
    assert {kind for kind, *_ in shown["harmed"]} == PAGES - {"ask"}
    for word in ("{{ 7*7 }}", "</script>", "javascript:alert(3)", "]]>", "=1+1", "\u202e"):
        assert sum(word in text for *_, text in shown["harmed"]) > 10, word


@needs_chromium
def test_signs_that_turn_the_direction_of_text_turn_nothing_beside_their_own_words(tmp_path):
    """U+202E, which is not closed, in the id of a question: its gold answer stands on the right of it as ever."""
    root = write_run(tmp_path / "run")
    rows = [replace(row, id=f"\u202e{row.id}") for row in read_rows(root / "questions", Question)]
    write_shard(root / "questions", 0, rows, Question)
    places = """(line) => {
      const text = [...line.childNodes].find((one) => one.nodeType === 3 && one.data.includes("gold"));
      const begin = text.data.indexOf("gold"), range = document.createRange();
      const left = (start, end) => {
        range.setStart(text, start);
        range.setEnd(text, end);
        return range.getBoundingClientRect().left;
      };
      const id = line.firstChild.getBoundingClientRect();
      return [left(begin, begin + 1) - left(begin, begin + 4), left(begin, begin + 4) - id.right];
    }"""
    with serving(root) as served, chromium() as browser, looking(browser, served.port) as look:
        page = look.open("/run/0/questions/questions")
        begins, behind = page.locator(".line .muted").nth(1).evaluate(places)
        assert abs(begins) < 1, "the g of gold is its first letter"
        assert behind > 0, "gold is on the right of the id"
        look.require_clean()


def test_texts_of_figures_in_csv_files_are_no_formulas(tmp_path):
    steps = tuple(StepLog(step=i, loss=1.0, learning_rate=1e-5, terms={"=1+1": -0.5}, seconds=1.0) for i in range(2))
    own = TermPanel(title="own", unit="", terms=("=1+1",))
    report = replace(make_report(), training=(TrainingRun(name="dpo", steps=steps, panels=(own,)),))
    texts = [path.read_text() for path in write_figures(tmp_path, report) if path.suffix == ".csv"]
    assert any("'=1+1,0,-0.5" in text for text in texts)
    assert not any(re.search(r"(^|,)[=@+]", text, re.MULTILINE) for text in texts)


def pages(root, browser):
    """Four pages of each kind, after a person of a harmful name has marked a chain: kind, elements and text."""
    with serving(root) as served, looking(browser, served.port) as look:
        chains = next(unit.ref for unit in Shelf(root).of_kind("chains") if "annotations" not in unit.ref)
        form = {"question": "q/1", "index": 0, "style": Style.REASON.value, "questions": "questions", "who": QUOTED,
                "verdict": "right"}  # fmt: skip
        path = f"/run/0/annotate/{quote(chains)}"
        assert served.post(path, urlencode(form), Origin=f"http://127.0.0.1:{served.port}").status == 303
        assert [row.judge for row in read_rows(root / "annotations" / chains, Verdict)] == [f"human:{QUOTED}"]
        for kind in pages_of(look, 4, []):
            page = look.page
            look.require_clean()
            assert set(page.evaluate(ADDRESSES)) <= {"http:"}
            yield kind, set(page.evaluate(ELEMENTS)), page.locator("body").inner_text()

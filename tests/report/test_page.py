"""The page stands alone, leaves out what was not measured, and runs nothing it shows."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from made_up_report import make_header, make_report, make_small_report

from seewhy.records.types import Outcome, Style
from seewhy.report.inputs import Reply, ReportInput
from seewhy.report.page import render, write_report
from seewhy.report.words import SPACE

SECTIONS = """
lead results facets settings distillation sampling training choices credit samples stages reproduce
""".split()  # noqa: SIM905 - a list of twelve would be a line a word
VOID = {"meta", "img", "br", "link", "hr", "input"}


class Reader(HTMLParser):
    """Reads a page: its text, the ids it gives, the addresses it names, and whether each tag is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses, self.words, self.tags = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in {"src", "href", "xlink:href", "srcset", "action", "data"}:
                self.addresses.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words).replace(SPACE, " "))


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def page() -> str:
    return render(make_report())


def test_every_tag_is_closed_and_every_id_is_given_once(page):
    reader = read(page)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.tags.count("svg") == page.count("<svg") > 10


def test_the_page_asks_for_nothing_outside_itself(page):
    reader = read(page)
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in reader.addresses)
    assert all(place.startswith("#") for place in re.findall(r"url\([\"']?([^)\"']*)", page))
    assert not {"script", "link", "iframe", "object", "embed"} & set(reader.tags)
    assert "@import" not in page


def test_every_address_within_the_page_has_its_place(page):
    reader = read(page)
    within = {address[1:] for address in reader.addresses if address.startswith("#")}
    assert within
    assert within <= set(reader.ids)


def test_a_full_report_has_every_section(page):
    assert [name for name in read(page).ids if name in SECTIONS] == SECTIONS


def test_sections_without_input_are_left_out():
    bare = ReportInput(header=make_header(), models=(), cards=())
    reader = read(render(bare))
    assert not set(reader.ids) & set(SECTIONS)
    assert "h2" not in reader.tags
    assert reader.addresses == []


def test_leaving_sections_out_leaves_the_others_and_their_links():
    reader = read(render(make_small_report()))
    kept = ["lead", "credit", "samples", "reproduce"]
    assert [name for name in reader.ids if name in SECTIONS] == kept
    assert {address for address in reader.addresses if address.startswith("#")} == {f"#{name}" for name in kept[1:]}


def test_numbers_appear_as_formatted(page):
    text = read(page).text
    for number in (
        "2.13 M parameters",
        "1 h 05 min",
        "from 31.2 % to 64.0 %",
        "+32.8 points, 95 % interval +29.6 to +36.0",
        "5,210 of 6,000 rationales kept",
        "16,000 chains of 812,345 tokens were drawn in 6 min 52 s, 38.8 chains and 1.97 k tokens a second",
        "0.71, 95 % interval 0.66 to 0.75",
        "seewhy sample runs/inkgrid --seed 0",
        "9f2c41d07be3",
    ):
        assert number in text


def test_what_models_and_questions_say_is_escaped():
    report = make_small_report()
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    reply = Reply(model="sft", style=Style.REASON, text=evil, outcome=Outcome.UNJUDGED)
    question = dataclasses.replace(report.samples[0].question, text=evil)
    sample = dataclasses.replace(report.samples[0], question=question, replies=(reply,))
    reader = read(render(dataclasses.replace(report, samples=(sample,))))
    assert "script" not in reader.tags
    assert "x" not in reader.addresses
    assert reader.text.count(evil) == 2


def test_a_facet_value_with_dollars_and_markup_is_drawn_as_it_is():
    report = make_report()
    card = report.cards[1]
    rows = tuple(dataclasses.replace(row, value="$a<b_$") for row in card.breakdown[:1])
    page = render(dataclasses.replace(make_small_report(), cards=(dataclasses.replace(card, breakdown=rows),)))
    assert "$a&lt;b $" in page
    assert read(page).open == []


def test_each_outcome_has_its_badge():
    report = make_small_report()
    replies = tuple(Reply(model="sft", style=Style.REASON, text="12", outcome=outcome) for outcome in Outcome)
    sample = dataclasses.replace(report.samples[0], replies=replies)
    page = render(dataclasses.replace(report, samples=(sample,), credits=()))
    found = re.findall(r'class="badge (\w+)">([\w ]+)<', page)
    assert found == [
        ("correct", "right"),
        ("incorrect", "wrong"),
        ("no_answer", "no answer"),
        ("unjudged", "unjudged"),
    ]


def test_the_same_input_gives_the_same_page(page):
    assert render(make_report()) == page


def test_figures_hold_no_colour_that_darkness_could_not_change(page):
    drawings = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert "var(--preference)" in drawings
    assert re.findall(r"(?<!url\()#[0-9a-f]{6}\b", drawings) == []


def test_a_row_of_an_unknown_model_is_refused_with_the_remedy():
    report = make_report()
    with pytest.raises(ValueError, match=r"report\.cards names the model 'dpo'.*add ModelName\(key='dpo'"):
        render(dataclasses.replace(report, models=report.models[:3]))


def test_the_report_is_written_whole(tmp_path):
    place = tmp_path / "new" / "report.html"
    write_report(place, make_small_report())
    assert place.read_text(encoding="utf-8") == render(make_small_report())
    assert [found.name for found in place.parent.iterdir()] == ["report.html"]

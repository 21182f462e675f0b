"""Sentences: what must stay whole stays whole, every character is in exactly one, and hostile text costs no time."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.judging.asking.splitting import repeats_of, split_sentences, split_steps

MARK = "### Answer:"


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "It is 3.14 metres.",
        "It costs $5.50 and not $6.00.",
        "Dr. Lee and Mrs. Park agree.",
        "See Fig. 3 and Eq. 4.",
        "Use fruit, e.g. Apples or pears.",
        "That is No. 5 of ten.",
        "He was born in Washington D.C. in 1950.",
        "George W. Bush won.",
        "It opens at 5 p.m. on Mondays.",
        "5! = 120 holds.",
        "The mean is approx. 4 cm.",
        "1. Read the row.",
        "b. Read the row.",
        r"We have \(a. b\) here.",
        r"So $x = 1. y = 2$ holds.",
        "Then $$a. B. C.$$ holds.",
        r"\begin{align} a &= 1. \\ B &= 2. \end{align} holds.",
        "Call `page. Row. x` first.",
        "So... it is red.",
        "the line is broken\nin the middle of it.",
        "```\na = 1. \nb = 2.\n```",
    ],
)
def test_what_is_one_sentence_stays_one(whole):
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Row 2 reads 1, 0, 4. 1 plus 0 is 1.", ["Row 2 reads 1, 0, 4.", "1 plus 0 is 1."]),
        ("The sum is 5. ### Answer: 5", ["The sum is 5.", "### Answer: 5"]),
        ("so it is 5 ### Answer: 5", ["so it is 5", "### Answer: 5"]),
        ("It is B. So there.", ["It is B.", "So there."]),
        ("The answer is option B. The rest is wrong.", ["The answer is option B.", "The rest is wrong."]),
        ("It ends at 5 p.m. Then we go.", ["It ends at 5 p.m.", "Then we go."]),
        ("Apples, pears, etc. The rest is bread.", ["Apples, pears, etc.", "The rest is bread."]),
        ("Is it red? Yes! It is.", ["Is it red?", "Yes!", "It is."]),
        ('He said "stop." She went.', ['He said "stop."', "She went."]),
        ("(It is red.) So.", ["(It is red.)", "So."]),
        ("It is no. So go.", ["It is no.", "So go."]),
        ("First line\nSecond line", ["First line", "Second line"]),
        ("Done.\nthen more", ["Done.", "then more"]),
        ("one\n\ntwo", ["one", "two"]),
        ("1. Read.\n2. Add.", ["1. Read.", "2. Add."]),
        ("So it costs $5. And that one costs $6. Fine.", ["So it costs $5.", "And that one costs $6.", "Fine."]),
        (r"Hence \(x=1\). Then $y=2$. End.", [r"Hence \(x=1\).", "Then $y=2$.", "End."]),
        ("它是红的。对吗？对。", ["它是红的。", "对吗？", "对。"]),
        ("row 1 is 3. row 2 is 4.", ["row 1 is 3.", "row 2 is 4."]),
        ("Wait... It is red.", ["Wait...", "It is red."]),
        ("", []),
        (" \n ", []),
        (".", ["."]),
    ],
)
def test_sentences_end_where_they_end(text, parts):
    assert sentences(text) == parts


@given(st.text(alphabet='aB1 .!?\n$\\()[]`#:"e', max_size=80) | st.text(max_size=80))
def test_every_character_but_space_is_in_exactly_one_sentence(text):
    spans = split_sentences(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


@given(st.text(alphabet="aB1 .!\n", max_size=60), st.integers(1, 5))
def test_steps_are_at_most_as_many_as_asked_for_and_lose_nothing(text, most):
    steps = split_steps(text, most)
    assert len(steps) <= most
    assert "".join("".join(text[start:end] for start, end in steps).split()) == "".join(text.split())


def test_steps_are_paragraphs_where_there_are_several_else_sentences():
    text = "One. Two.\n\nThree. Four."
    assert [text[start:end] for start, end in split_steps(text, 12)] == ["One. Two.", "Three. Four."]
    assert len(split_steps("One. Two. Three.", 12)) == 3


def test_five_sentences_in_three_steps_are_two_two_and_one():
    text = "A is. B is. C is. D is. E is."
    assert [text[start:end] for start, end in split_steps(text, 3)] == ["A is. B is.", "C is. D is.", "E is."]


def test_a_repeated_sentence_is_known_by_its_words():
    assert repeats_of(["A b.", "a  B.", "A c.", "A b."]) == (False, True, False, True)


HOSTILE = (
    "$" * 50_000, "$a " * 30_000, "." * 50_000, ". " * 50_000, "\\(" * 30_000, "`" * 50_001, "\\begin{a}" * 9_000,
    "a.b." * 20_000, f"{' ' * 100_000}x", f"{'```' * 20_000}x", "\\[x" * 20_000, "$$x" * 20_000, "\n" * 80_000,
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: repr(text[:8]))
def test_hostile_text_costs_no_time(hostile):
    start = time.process_time()
    split_sentences(hostile)
    assert time.process_time() - start < 2.0

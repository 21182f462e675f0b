"""Drills without a picture: what they teach is true, and each asks for what it says."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from seewhy.benchmarks import inkgrid
from seewhy.benchmarks.ink.drills import DRILLS, RECITED
from seewhy.records.types import MatchRule, Question

DRAWN = list(inkgrid.drills(count=800, seed=3))
BY_KIND = {name: [question for question in DRAWN if question.facets["kind"] == name] for name in DRILLS}


def is_true(sentence: str, options: tuple[str, ...]) -> bool:
    """Whether a sentence holds, worked out here from its words."""
    if found := re.fullmatch(r"(\d+) (plus|minus) (\d+) is (\d+)", sentence):
        left, right = int(found[1]), int(found[3])
        return int(found[4]) == (left + right if found[2] == "plus" else left - right)
    if found := re.fullmatch(r"(\d+) is (more|less) than (\d+)", sentence):
        return int(found[1]) != int(found[3]) and (int(found[1]) > int(found[3])) == (found[2] == "more")
    if found := re.fullmatch(r"(\d+) equals (\d+)", sentence):
        return found[1] == found[2]
    if found := re.fullmatch(r"(\d) is (even|odd)", sentence):
        return ("even", "odd")[int(found[1]) % 2] == found[2]
    found = re.fullmatch(r"([\d ]+) is option ([A-D])", sentence)
    return found is not None and options["ABCD".index(found[2])] == found[1]


def sentences_of(question: Question) -> list[str]:
    told = question.gold.answers[0] if question.rationale is None else question.rationale.removeprefix("So ")
    return told.removesuffix(".").split(". ")


def test_every_kind_is_drawn_and_shares_sum_to_one() -> None:
    assert sum(share for _, share in DRILLS.values()) == pytest.approx(1.0)
    assert all(BY_KIND.values())
    assert len(BY_KIND["drill_recite"]) / len(DRAWN) == pytest.approx(DRILLS["drill_recite"][1], abs=0.06)


def test_every_sentence_is_true() -> None:
    false = [s for question in DRAWN for s in sentences_of(question) if not is_true(s, question.options)]
    assert false == []


def test_no_drill_has_a_picture_and_options_ask_for_letters() -> None:
    assert not any(question.images for question in DRAWN)
    assert {q.gold.rule for q in DRAWN if q.options} == {MatchRule.LETTER}
    assert {q.gold.rule for q in DRAWN if not q.options} == {MatchRule.EXACT}


@pytest.mark.parametrize("name", ["drill_options", "drill_all_options"])
def test_the_letter_is_that_of_the_answer_asked_for(name: str) -> None:
    for question in BY_KIND[name]:
        asked = re.search(r"is ([\d ]+)\?", question.text)
        assert asked
        assert question.options["ABCD".index(question.gold.answers[0])] == asked[1]
        assert sentences_of(question)[-1] == f"{asked[1]} is option {question.gold.answers[0]}"


def test_going_through_the_options_names_each_once_in_no_fixed_order() -> None:
    orders: Counter[str] = Counter()
    for question in BY_KIND["drill_all_options"]:
        letters = "".join(sentence[-1] for sentence in sentences_of(question))
        assert sorted(letters) == ["A", "B", "C", "D"]
        orders[letters] += 1
    assert len(orders) == 24


def test_a_single_step_answers_its_own_question() -> None:
    for question in [*BY_KIND["drill_plus"], *BY_KIND["drill_minus"]]:
        left, right = map(int, re.findall(r"\d+", question.text))
        answer = left + right if "plus" in question.text else left - right
        assert question.gold.answers == (str(answer),)
        assert sentences_of(question)[0].endswith(f" is {answer}")


def test_a_recitation_has_its_length_and_no_rationale() -> None:
    for question in BY_KIND["drill_recite"]:
        assert question.rationale is None
        assert len(sentences_of(question)) == RECITED


def test_a_drill_depends_on_its_address_alone() -> None:
    assert list(inkgrid.drills(count=20, seed=3)) == DRAWN[:20]
    assert list(inkgrid.drills(count=20, seed=4)) != DRAWN[:20]


def test_a_page_beside_a_drill_changes_nothing_else(tmp_path: Path) -> None:
    beside = list(inkgrid.beside_pages(tmp_path, DRAWN[:20]))
    assert [replace(q, id=q.id.removesuffix("/page"), images=()) for q in beside] == DRAWN[:20]
    assert all(Path(image.path).is_file() for question in beside for image in question.images)
    assert len({image.sha256 for question in beside for image in question.images}) == 20


WORKED = {
    "drill_sum": sum,
    "drill_largest": max,
    "drill_smallest": min,
    "drill_count": lambda digits: sum(digit % 2 == 0 for digit in digits),
    "drill_difference": lambda digits: max(digits) - min(digits),
}
LINES_DRAWN = list(inkgrid.line_drills(count=500, seed=3))


def test_a_line_drill_ends_at_what_its_digits_give() -> None:
    assert {question.facets["kind"] for question in LINES_DRAWN} == set(WORKED)
    for question in LINES_DRAWN:
        worked = str(WORKED[question.facets["kind"]]([int(digit) for digit in re.findall(r"\d+", question.text)]))
        answer = question.gold.answers[0]
        assert (question.options["ABCD".index(answer)] if question.options else answer) == worked


def test_a_line_drill_says_true_steps_then_concludes_then_names_the_option() -> None:
    for question in LINES_DRAWN:
        *steps, conclusion = sentences_of(replace(question, options=()))[: -1 if question.options else None]
        assert steps
        assert all(is_true(step, ()) for step in steps)
        assert re.fullmatch(r"The (sum|largest|smallest|count|difference) is \d+", conclusion)
        if question.options:
            assert is_true(sentences_of(question)[-1], question.options)

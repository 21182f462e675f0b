"""Which training questions are asked for chains."""

from seewhy.records.types import Gold, MatchRule, Question, Split
from seewhy.sampling.plan import SamplingPlan


def question(number: int, options: tuple[str, ...]) -> Question:
    rule = MatchRule.LETTER if options else MatchRule.EXACT
    gold = Gold(answers=("A",), rule=rule)
    return Question(id=str(number), benchmark="b", split=Split.TRAIN, text="?", options=options, gold=gold, facets={})


EIGHT = [question(number, ("1", "2") if number % 2 else ()) for number in range(8)]
"""Odd ones have options."""


def ids(plan: SamplingPlan, taught: int) -> str:
    return "".join(chosen.id for chosen in plan.choose(EIGHT, taught))


def test_questions_after_the_taught_ones_come_first() -> None:
    assert ids(SamplingPlan(questions=3), taught=4) == "456"


def test_without_options_means_short_answers_alone() -> None:
    assert ids(SamplingPlan(questions=2, with_options=False), taught=3) == "46"


def test_where_too_few_are_left_all_are_asked_from_the_first_on() -> None:
    assert ids(SamplingPlan(questions=3), taught=6) == "012"
    assert ids(SamplingPlan(questions=3, with_options=False), taught=4) == "024"

"""What the tests of suites' quirks share: a question of given gold answers, graded as a suite grades it."""

from seewhy.judging.answers.compat import Compat, grade_as
from seewhy.records.types import Gold, MatchRule, Question, Split

PETS = ("cat", "dog", "horse", "sheep")


def never_prove(gold: str, answer: str) -> bool | None:
    raise AssertionError(f"the prover was asked about {gold!r} and {answer!r}")


def question_of(gold, rule: MatchRule, *options: str, benchmark: str = "b", **facets: str) -> Question:
    answers = (gold,) if isinstance(gold, str) else tuple(gold)
    return Question(
        id="q",
        benchmark=benchmark,
        split=Split.TEST,
        text="What?",
        gold=Gold(answers=answers, rule=rule),
        options=options,
        facets=facets,
    )


def graded(compat: str, question: Question, text: str):
    found = grade_as(Compat(compat), question, text, never_prove)
    assert found is not None
    return found


def score(compat: str, rule: MatchRule, gold, text: str, *options: str, **more: str) -> float | None:
    return graded(compat, question_of(gold, rule, *options, **more), text).score


def letter(compat: str, text: str, *options: str, benchmark: str = "b") -> str | None:
    return graded(compat, question_of("A", MatchRule.LETTER, *(options or PETS), benchmark=benchmark), text).answer

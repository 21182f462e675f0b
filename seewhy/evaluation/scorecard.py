"""How many questions a model has right, with the doubts shown next to the share."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from seewhy.evaluation.intervals import (
    Floats,
    Ints,
    clustered_interval,
    design_effect,
    mean_interval,
    name_ids,
    number_clusters,
)
from seewhy.evaluation.power import minimal_detectable_difference
from seewhy.records.measures import FacetScore, Scorecard
from seewhy.records.types import Outcome, Question, Verdict

T = TypeVar("T")

PICTURE_FACET = "page"
"""This facet names a picture, not a kind of question: a row for each would drown the breakdown."""


def scorecard_of(
    questions: Iterable[Question],
    verdicts: Iterable[Verdict],
    *,
    model: str,
    blind: bool = False,
    clusters: Mapping[str, str] | None = None,
) -> Scorecard:
    """The scorecard of one model on one split of a benchmark, from one verdict a question.

    Accuracy is CORRECT / (n - UNJUDGED), so a reply without an answer counts against the model and a judge's
    failure does not. Intervals are Wilson's at 95 %, widened where questions go together by `clusters`, question id
    to the key of a picture; without them the questions are taken as independent.

    Raises:
        ValueError: no questions, or of several benchmarks or splits; a question without a verdict, with two, or a
            verdict of an unknown question; verdicts of several styles; nothing judged at all.
    """
    asked = _question_by_id(questions)
    judged = verdict_by_question(verdicts)
    _check_same_ids(asked.keys(), judged.keys())
    benchmark = _only("benchmark", {question.benchmark for question in asked.values()})
    split = _only("split", {question.split for question in asked.values()})
    style = _only("style", {verdict.style for verdict in judged.values()})
    counts = Counter(verdict.outcome for verdict in judged.values())
    if counts[Outcome.UNJUDGED] == len(asked):
        raise ValueError(f"{model} on {benchmark}/{split}: all {len(asked)} verdicts are unjudged; judge them again")
    rows = [(question, judged[question.id]) for question in asked.values()]
    known = [verdict for _, verdict in rows if verdict.outcome is not Outcome.UNJUDGED]
    right = _right(known)
    cluster = number_clusters([verdict.question_id for verdict in known], clusters)
    accuracy = clustered_interval(right, cluster)
    return Scorecard(
        model=model,
        benchmark=benchmark,
        split=split,
        style=style,
        blind=blind,
        n=len(asked),
        accuracy=accuracy,
        correct=counts[Outcome.CORRECT],
        incorrect=counts[Outcome.INCORRECT],
        no_answer=counts[Outcome.NO_ANSWER],
        unjudged=counts[Outcome.UNJUDGED],
        breakdown=_break_down(rows, clusters),
        score=mean_interval(_degrees(known), cluster),
        clusters=None if clusters is None else int(cluster.max()) + 1,
        detectable=minimal_detectable_difference(len(known) / design_effect(right, cluster), accuracy.value),
    )


def verdict_by_question(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """Each question's only verdict.

    Raises:
        ValueError: a question has two; choose one chain a question and one judge first.
    """
    found: dict[str, Verdict] = {}
    twice: list[str] = []
    for verdict in verdicts:
        if verdict.question_id in found:
            twice.append(verdict.question_id)
        found[verdict.question_id] = verdict
    if twice:
        raise ValueError(f"more than one verdict of {name_ids(twice)}; choose one chain a question and one judge")
    return found


def is_correct(outcome: Outcome) -> bool | None:
    """Whether the question counts as right; None where it could not be judged."""
    match outcome:
        case Outcome.CORRECT:
            return True
        case Outcome.INCORRECT | Outcome.NO_ANSWER:
            return False
        case Outcome.UNJUDGED:
            return None


def score_of(verdict: Verdict) -> float:
    """What a judged verdict counts in a mean score: its own degree, else 1 for a correct answer and 0 for any other."""
    return float(verdict.outcome is Outcome.CORRECT) if verdict.score is None else verdict.score


def _right(known: Sequence[Verdict]) -> Ints:
    return np.array([verdict.outcome is Outcome.CORRECT for verdict in known], dtype=np.int64)


def _degrees(known: Sequence[Verdict]) -> Floats:
    return np.array([score_of(verdict) for verdict in known], dtype=np.float64)


def _question_by_id(questions: Iterable[Question]) -> dict[str, Question]:
    asked: dict[str, Question] = {}
    for question in questions:
        if question.id in asked:
            raise ValueError(f"question {question.id} is there twice; ids must be unique")
        asked[question.id] = question
    if not asked:
        raise ValueError("a scorecard needs at least one question")
    return asked


def _check_same_ids(asked: Iterable[str], judged: Iterable[str]) -> None:
    missing = sorted(set(asked) - set(judged))
    unknown = sorted(set(judged) - set(asked))
    if missing:
        raise ValueError(f"no verdict of {name_ids(missing)}; judge these questions or leave them out of both")
    if unknown:
        raise ValueError(f"verdicts of unknown questions {name_ids(unknown)}; were they judged on another split?")


def _only(field: str, values: set[T]) -> T:
    if len(values) != 1:
        raise ValueError(f"one scorecard is of one {field}, got {', '.join(sorted(map(str, values)))}")
    return next(iter(values))


def _break_down(rows: Sequence[tuple[Question, Verdict]], clusters: Mapping[str, str] | None) -> tuple[FacetScore, ...]:
    found: defaultdict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for question, verdict in rows:
        for facet, value in question.facets.items():
            if facet != PICTURE_FACET:
                found[facet, value].append(verdict)
    return tuple(_score_facet(facet, value, found[facet, value], clusters) for facet, value in sorted(found))


def _score_facet(facet: str, value: str, verdicts: Sequence[Verdict], clusters: Mapping[str, str] | None) -> FacetScore:
    counts = Counter(verdict.outcome for verdict in verdicts)
    known = [verdict for verdict in verdicts if verdict.outcome is not Outcome.UNJUDGED]
    cluster = number_clusters([verdict.question_id for verdict in known], clusters)
    return FacetScore(
        facet=facet,
        value=value,
        n=len(verdicts),
        unjudged=counts[Outcome.UNJUDGED],
        accuracy=clustered_interval(_right(known), cluster) if known else None,
        no_answer=counts[Outcome.NO_ANSWER],
        score=mean_interval(_degrees(known), cluster) if known else None,
    )

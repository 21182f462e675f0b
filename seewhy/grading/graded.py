"""Replies of files, graded: chains, verdicts and the figures of a score card."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from seewhy.evaluation.polar import NO, YES, PolarRow, polar_scores
from seewhy.evaluation.repeats import summarise_repeats
from seewhy.evaluation.scorecard import scorecard_of
from seewhy.grading.figures import Graded
from seewhy.grading.inputs import Asked
from seewhy.grading.names import require_compat
from seewhy.grading.replies import Joined
from seewhy.grading.suite_files import gold_text
from seewhy.judging.answers.decoration import normalise
from seewhy.judging.api import Judge, judge_chains
from seewhy.records.measures import Comparison, PolarScore
from seewhy.records.types import Chain, FinishReason, MatchRule, Outcome, Question, Style, Verdict
from seewhy.runs.discovery import load_part

POLAR = (YES, NO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which conditions replies are graded.

    Example:
        >>> Conditions(model="mine", style=Style.DIRECT).compat
        ''
    """

    model: str
    """Name on the score card."""
    style: Style
    """What the model was asked for."""
    compat: str = ""
    """Suite whose rules are used; empty for seewhy's own."""
    missing: str = ""
    """What a question without a reply counts as: `wrong` or `leave-out`."""


def grade(
    asked: Asked, joined: Sequence[Joined], others: Sequence[Joined], judge: Judge, at_once: int, under: Conditions
) -> Graded:
    """Grade the replies of one model, and compare them with those of another where there are others.

    Args:
        asked: the questions.
        joined: the replies, one item a file; several files are several samples of the model.
        others: the replies that are compared with them, at most one file.
        judge: who grades.
        at_once: questions that are graded at the same time.
        under: under which conditions.

    Raises:
        ValueError: the suite has no rule for these questions, or every verdict is UNJUDGED.
    """
    require_compat(under.compat, asked.questions)
    left = {name for one in [*joined, *others] for name in one.missing} if under.missing == "leave-out" else set[str]()
    questions = tuple(question for question in asked.questions if question.id not in left)
    chains = chains_of(joined, under.model, under.style, left)
    verdicts = verdicts_of(judge, questions, chains, joined, under.style, at_once)
    _require_judged(verdicts, questions)
    repeated, clusters = max(verdict.index for verdict in verdicts) > 0, asked.clusters
    return Graded(
        model=under.model, asked=asked, questions=questions, chains=chains, verdicts=verdicts, joined=tuple(joined),
        compat=under.compat, missing=under.missing, style=under.style,
        card=None if repeated else scorecard_of(questions, verdicts, model=under.model, clusters=clusters),
        repeats=summarise_repeats(
            verdicts, normalise=normalise, clusters=clusters, facets={one.id: one.facets for one in questions}
        ) if repeated else None,
        polar=() if repeated else polar_of(questions, verdicts, asked),
        comparison=_compare(judge, asked, questions, verdicts, others, under.style, left) if others else None,
    )  # fmt: skip


def chains_of(joined: Sequence[Joined], sampler: str, style: Style, left: set[str]) -> tuple[Chain, ...]:
    """The replies as chains; those of a later file count on from where the earlier one's end."""
    return tuple(
        Chain(question_id=row.question_id, index=first + row.index, style=style, text=row.text, stop=FinishReason.END,
              sampler=sampler, seed=first + row.index)
        for one, first in zip(joined, _firsts(joined), strict=True)
        for row in one.replies if row.question_id not in left
    )  # fmt: skip


def verdicts_of(
    judge: Judge, questions: Sequence[Question], chains: Sequence[Chain], joined: Sequence[Joined], style: Style,
    at_once: int = 1,
) -> tuple[Verdict, ...]:  # fmt: skip
    """A verdict of each chain, and NO_ANSWER for each reply that is not there."""
    verdicts = list(judge_chains(judge, questions, chains, at_once))
    asked = {question.id for question in questions}
    for one, first in zip(joined, _firsts(joined), strict=True):
        verdicts += [
            Verdict(question_id=name, index=first + sample, style=style, judge=judge.name,
                    outcome=Outcome.NO_ANSWER, why="no reply in the file")
            for name in one.missing if name in asked for sample in range(_samples(one))
        ]  # fmt: skip
    return tuple(verdicts)


def _samples(one: Joined) -> int:
    return max(row.index for row in one.replies) + 1


def _firsts(joined: Sequence[Joined]) -> list[int]:
    """The number of each file's first sample."""
    return [0, *itertools.accumulate(_samples(one) for one in joined[:-1])]


def polar_of(questions: Sequence[Question], verdicts: Sequence[Verdict], asked: Asked) -> tuple[PolarScore, ...]:
    """F1 and its kin where every question is answered by yes or no; without those that are UNJUDGED or have no gold."""
    if any(question.gold.rule is not MatchRule.YES_NO for question in questions):
        return ()
    by_id = {question.id: question for question in questions}
    rows = [
        PolarRow(question_id=verdict.question_id, gold=normalise(gold_text(by_id[verdict.question_id])),
                 said=verdict.answer if verdict.answer in POLAR else None, facets=by_id[verdict.question_id].facets)
        for verdict in verdicts if verdict.outcome is not Outcome.UNJUDGED
    ]  # fmt: skip
    known = [row for row in rows if row.gold in POLAR]
    return polar_scores(known, clusters=asked.clusters) if known else ()


def _require_judged(verdicts: Sequence[Verdict], questions: Sequence[Question]) -> None:
    unjudged = [verdict for verdict in verdicts if verdict.outcome is Outcome.UNJUDGED]
    if len(unjudged) < len(verdicts):
        return
    is_open = all(question.gold.rule is MatchRule.OPEN for question in questions)
    remedy = "; a model can rate open questions: name it with `judge.url` and `judge.model`" if is_open else ""
    raise ValueError(f"all {len(verdicts)} replies are UNJUDGED, and none is graded: {unjudged[0].why}{remedy}")


def _compare(
    judge: Judge, asked: Asked, questions: Sequence[Question], verdicts: Sequence[Verdict],
    others: Sequence[Joined], style: Style, left: set[str],
) -> tuple[str, Comparison]:  # fmt: skip
    """The other file's name, and what changed from it to this one."""
    chains = chains_of(others, others[0].path.stem, style, left)
    before = verdicts_of(judge, questions, chains, others, style)
    compare = load_part("evaluation", "compare").paired_difference
    return others[0].path.stem, compare(before, verdicts, clusters=asked.clusters)

"""A graded file and its figures: what the benchmark's paper reports, and the scorecard as JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import seewhy
from seewhy.benchmarks.release.metrics import Metric
from seewhy.evaluation.pictures import count_pictures
from seewhy.evaluation.relative import RatedBeside, relative_score
from seewhy.grading.inputs import Asked
from seewhy.grading.replies import Joined
from seewhy.judging.asking.pair_scores import PairScores, read_pair_scores
from seewhy.records.measures import Comparison, Interval, PolarScore, Repeats, Scorecard, Selection
from seewhy.records.types import Chain, Outcome, Question, Style, Verdict

CURVE_NAMES = {Selection.PASS_AT_K: "pass", Selection.SELF_CONSISTENCY: "maj"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A graded file and what it was graded by; `card` where there is one reply a question, `repeats` where several."""

    model: str
    asked: Asked
    questions: tuple[Question, ...]
    """Those that are graded."""
    chains: tuple[Chain, ...]
    verdicts: tuple[Verdict, ...]
    joined: tuple[Joined, ...]
    compat: str
    missing: str
    style: Style
    card: Scorecard | None
    repeats: Repeats | None
    polar: tuple[PolarScore, ...]
    comparison: tuple[str, Comparison] | None
    """The other file's name, and what changed from it to this one."""


def card_data(graded: Graded) -> dict[str, object]:
    """The scorecard for machines; docs/grade.md says what each field holds. Shares are from 0.0 to 1.0."""
    counts = Counter(verdict.outcome for verdict in graded.verdicts)
    whole = graded.card or graded.repeats
    data: dict[str, object] = {
        "seewhy": seewhy.__version__,
        "model": graded.model,
        "predictions": [str(one.path) for one in graded.joined],
        "questions": graded.asked.source,
        "benchmark": graded.questions[0].benchmark,
        "split": graded.questions[0].split.value,
        "rules": dict(Counter(question.gold.rule.value for question in graded.questions)),
        "judges": sorted({verdict.judge for verdict in graded.verdicts}),
        "style": graded.style.value,
        "compat": graded.compat,
        "n": len(graded.questions),
        "accuracy": _interval_data(whole.accuracy if whole else None),
        "score": _interval_data(graded.card.score if graded.card else None),
        "metric": graded.asked.metric.value,
        "figure": _interval_data(figure_of(graded)),
        **{outcome.value: counts[outcome] for outcome in Outcome},
        "pictures": pictures_of(graded),
        "detectable_difference": whole.detectable if whole else None,
        "facets": [asdict(row) for row in whole.breakdown] if whole else [],
        "yes_no": [asdict(row) for row in graded.polar],
        "mean_f1": mean_f1(graded),
        "repeats": _repeats_data(graded.repeats),
        "comparison": _comparison_data(graded),
        "rows_without_a_question": [len(one.unasked) for one in graded.joined],
        "questions_without_a_reply": [len(one.missing) for one in graded.joined],
        "missing": graded.missing,
        "why": {outcome.value: dict(reasons_of(graded, outcome)) for outcome in (Outcome.NO_ANSWER, Outcome.UNJUDGED)},
    }
    return data


def card_json(graded: Graded) -> str:
    """The scorecard as JSON."""
    return json.dumps(card_data(graded), indent=2, ensure_ascii=False)


def figure_of(graded: Graded) -> Interval | None:
    """What the benchmark's paper reports of such replies; None where that needs a judge model or one sample alone."""
    match graded.asked.metric:
        case Metric.ACCURACY:
            whole = graded.card or graded.repeats
            return whole.accuracy if whole else None
        case Metric.MEAN_SCORE:
            return graded.card.score if graded.card else None
        case Metric.F1:
            return graded.polar[0].f1 if graded.polar else None
        case Metric.JUDGE_RATING:
            return graded.card.score if graded.card else None
        case Metric.RELATIVE_RATING:
            return relative_figure(graded)
        case Metric.CHAIR:
            return None


def relative_figure(graded: Graded) -> Interval | None:
    """The replies' ratings over the references', of the reviews that could be read; None without any."""
    reviews = [(verdict.question_id, read_pair_scores(verdict.why)) for verdict in graded.verdicts
               if verdict.outcome in (Outcome.CORRECT, Outcome.INCORRECT)]  # fmt: skip
    rows = [RatedBeside(question_id=name, reference=both.first, reply=both.second)
            for name, both in reviews if isinstance(both, PairScores)]  # fmt: skip
    return relative_score(rows, clusters=graded.asked.clusters) if rows else None


def mean_f1(graded: Graded) -> dict[str, float]:
    """F1 averaged over the values of each facet, as some suites report POPE; where each value has one."""
    found: dict[str, list[Interval | None]] = {}
    for row in graded.polar:
        if row.facet:
            found.setdefault(row.facet, []).append(row.f1)
    whole = {facet: [one.value for one in shares if one is not None] for facet, shares in found.items()}
    return {facet: sum(f1) / len(f1) for facet, f1 in whole.items() if len(f1) == len(found[facet])}


def pictures_of(graded: Graded) -> int | None:
    """How many pictures the graded questions are about, where some share one."""
    return None if graded.asked.clusters is None else count_pictures(graded.questions, graded.asked.clusters)


def reasons_of(graded: Graded, outcome: Outcome) -> list[tuple[str, int]]:
    """Why verdicts of an outcome were given, the most frequent reason first."""
    return Counter(row.why for row in graded.verdicts if row.outcome is outcome).most_common()


def _repeats_data(found: Repeats | None) -> dict[str, object] | None:
    if found is None:
        return None
    curves: Sequence[dict[str, object]] = [
        {"name": CURVE_NAMES[point.method], "k": point.n, "value": point.value, "low": point.low, "high": point.high}
        for point in found.curves
    ]
    return {"samples": found.samples, "n": found.n, "each": list(found.each), "deviation": found.deviation,
            "curves": curves}  # fmt: skip


def _interval_data(share: Interval | None) -> dict[str, float] | None:
    return None if share is None else asdict(share)


def _comparison_data(graded: Graded) -> dict[str, object] | None:
    if graded.comparison is None:
        return None
    other, found = graded.comparison
    return {"other": other, **asdict(found)}

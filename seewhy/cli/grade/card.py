"""The scorecard of a graded file: a table to read, plain where there is no terminal, or JSON."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich import box
from rich.console import Console
from rich.table import Table

import seewhy
from seewhy.benchmarks.release.declared import Metric
from seewhy.cli.grade.inputs import Asked, Joined
from seewhy.evaluation.intervals import name_ids
from seewhy.evaluation.pictures import count_pictures
from seewhy.evaluation.relative import RatedBeside, relative_score
from seewhy.judging.asking.pair_scores import PairScores, read_pair_scores
from seewhy.records.measures import Comparison, Interval, PolarScore, Repeats, Scorecard, Selection
from seewhy.records.types import Chain, Outcome, Question, Style, Verdict

REASONS = 3
"""Reasons for NO_ANSWER and for UNJUDGED that are told."""
ABSENT = "-"
METRIC_NAMES = {
    Metric.MEAN_SCORE: "mean score",
    Metric.F1: "F1 of yes",
    Metric.JUDGE_RATING: "mean rating, of the highest",
    Metric.RELATIVE_RATING: "rating relative to the reference",
}
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
        "pictures": _pictures(graded),
        "detectable_difference": whole.detectable if whole else None,
        "facets": [asdict(row) for row in whole.breakdown] if whole else [],
        "yes_no": [asdict(row) for row in graded.polar],
        "mean_f1": _mean_f1(graded),
        "repeats": _repeats_data(graded.repeats),
        "comparison": _comparison_data(graded),
        "rows_without_a_question": [len(one.unasked) for one in graded.joined],
        "questions_without_a_reply": [len(one.missing) for one in graded.joined],
        "missing": graded.missing,
        "why": {outcome.value: dict(_reasons(graded, outcome)) for outcome in (Outcome.NO_ANSWER, Outcome.UNJUDGED)},
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


def print_card(graded: Graded, console: Console) -> None:
    """The scorecard as tables with a few sentences."""
    first = graded.questions[0]
    quirks = f", rules of {graded.compat}" if graded.compat else ""
    _say(
        console, f"{graded.model} on {first.benchmark}/{first.split.value} ({len(graded.questions)} questions{quirks})"
    )
    console.print(_main_table(graded, console))
    for lines in (_polar_table(graded, console), _repeats_table(graded, console)):
        if lines is not None:
            console.print(lines)
    for sentence in _sentences(graded):
        _say(console, sentence)


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def _table(console: Console, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    table.add_column(columns[0], overflow="fold")
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _main_table(graded: Graded, console: Console) -> Table:
    table = _table(console, "", "n", "accuracy %", "95 % interval", "NO_ANSWER", "UNJUDGED")
    whole = graded.card or graded.repeats
    if whole is None:
        return table
    n, unjudged = len(graded.questions), whole.unjudged
    table.add_row("all", str(n), *_share(whole.accuracy), str(whole.no_answer), str(unjudged))
    if graded.card and graded.card.score and graded.card.score.value != graded.card.accuracy.value:
        table.add_row("all, mean score", str(n), *_share(graded.card.score), "", "")
    for row in whole.breakdown:
        name = f"{row.facet}: {row.value}".replace("[", r"\[")
        table.add_row(name, str(row.n), *_share(row.accuracy), str(row.no_answer), str(row.unjudged))
        if graded.asked.metric in (Metric.MEAN_SCORE, Metric.JUDGE_RATING) and row.score is not None:
            table.add_row(f"{name}, mean score", str(row.n), *_share(row.score), "", "")
    return table


def _polar_table(graded: Graded, console: Console) -> Table | None:
    if not graded.polar:
        return None
    table = _table(console, "yes is positive", "n", "F1 %", "95 % interval", "precision %", "recall %", "yes %",
                   "NO_ANSWER")  # fmt: skip
    for row in graded.polar:
        name = f"{row.facet}: {row.value}".replace("[", r"\[") if row.facet else "all"
        table.add_row(name, str(row.n), *_share(row.f1), _share(row.precision)[0], _share(row.recall)[0],
                      _share(row.yes_share)[0], str(row.no_answer))  # fmt: skip
    return table


def _repeats_table(graded: Graded, console: Console) -> Table | None:
    if graded.repeats is None:
        return None
    table = _table(console, f"{graded.repeats.samples} samples a question", "accuracy %", "95 % interval")
    for number, share in enumerate(graded.repeats.each, start=1):
        table.add_row(f"sample {number}", _percent(share), "")
    for point in graded.repeats.curves:
        table.add_row(f"{CURVE_NAMES[point.method]}@{point.n}",
                      *_share(Interval(value=point.value, low=point.low, high=point.high)))  # fmt: skip
    return table


def _sentences(graded: Graded) -> Iterator[str]:
    yield from _figure_sentences(graded)
    yield from _size_sentences(graded)
    for judge in sorted({verdict.judge for verdict in graded.verdicts if verdict.usage.calls}):
        yield f"Judged by {judge}."
    for outcome in (Outcome.NO_ANSWER, Outcome.UNJUDGED):
        reasons = _reasons(graded, outcome)
        if reasons:
            told = "; ".join(f"{count} x {why}" for why, count in reasons[:REASONS])
            more = f"; {len(reasons) - REASONS} more reasons" if len(reasons) > REASONS else ""
            counted = "counts as not right" if outcome is Outcome.NO_ANSWER else "is left out of the accuracy"
            yield f"{outcome.name} {counted}: {told}{more}"
    for one in graded.joined:
        if one.unasked:
            yield (f"{one.path}: {len(one.unasked)} ids name no question and were not graded: "
                   f"{name_ids(one.unasked)}")  # fmt: skip
        if one.missing:
            what = "count as NO_ANSWER" if graded.missing == "wrong" else "were left out"
            yield f"{one.path}: {len(one.missing)} questions have no reply and {what}: {name_ids(one.missing)}"
    yield from _comparison_sentences(graded)


def _figure_sentences(graded: Graded) -> Iterator[str]:
    """What the benchmark's paper would print, where that is not the accuracy."""
    metric, figure = graded.asked.metric, figure_of(graded)
    if metric is not Metric.ACCURACY and figure is not None:
        yield f"The paper's figure is the {METRIC_NAMES[metric]}: {_percent(figure.value)}."
    for facet, mean in _mean_f1(graded).items():
        yield f"Its mean over {facet}: {_percent(mean)}."


def _mean_f1(graded: Graded) -> dict[str, float]:
    """F1 averaged over the values of each facet, as some suites report POPE; where each value has one."""
    found: dict[str, list[Interval | None]] = {}
    for row in graded.polar:
        if row.facet:
            found.setdefault(row.facet, []).append(row.f1)
    whole = {facet: [one.value for one in shares if one is not None] for facet, shares in found.items()}
    return {facet: sum(f1) / len(f1) for facet, f1 in whole.items() if len(f1) == len(found[facet])}


def _size_sentences(graded: Graded) -> Iterator[str]:
    whole = graded.card or graded.repeats
    if whole is None:
        return
    pictures = _pictures(graded)
    of = "" if pictures is None else f" about {pictures} pictures"
    if whole.detectable is None:
        yield f"{len(graded.questions)} questions{of} cannot see a gain over this accuracy, however large (power 0.8)."
    else:
        yield (f"{len(graded.questions)} questions{of} cannot see a gain of less than "
               f"{_percent(whole.detectable)} points over this accuracy (two models compared by their accuracies "
               "alone, power 0.8, p < 0.05).")  # fmt: skip
    if graded.repeats is not None:
        yield f"Samples differ by a standard deviation of {_percent(graded.repeats.deviation)} points."


def _comparison_sentences(graded: Graded) -> Iterator[str]:
    if graded.comparison is None:
        return
    other, found = graded.comparison
    yield (f"{graded.model} minus {other}: {100 * found.difference:+.2f} points (95 % interval {100 * found.low:+.2f} "
           f"to {100 * found.high:+.2f}), p = {found.p_value:.3g}; {found.gained} gained, {found.lost} lost of "
           f"{found.n} questions, {found.unjudged} UNJUDGED on a side and left out.")  # fmt: skip
    if found.detectable is not None:
        yield (f"Pairs that change as often as these cannot see less than {_percent(found.detectable)} points (power "
               "0.8, p < 0.05).")  # fmt: skip


def _share(share: Interval | None) -> tuple[str, str]:
    if share is None:
        return ABSENT, ABSENT
    return _percent(share.value), f"{_percent(share.low)} to {_percent(share.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _pictures(graded: Graded) -> int | None:
    """How many pictures the graded questions are about, where some share one."""
    return None if graded.asked.clusters is None else count_pictures(graded.questions, graded.asked.clusters)


def _reasons(graded: Graded, outcome: Outcome) -> list[tuple[str, int]]:
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

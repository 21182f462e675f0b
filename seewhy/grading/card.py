"""The scorecard of a graded file as tables to read, plain where there is no terminal."""

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table

from seewhy.benchmarks.release.metrics import Metric
from seewhy.evaluation.intervals import name_ids
from seewhy.grading.figures import CURVE_NAMES, Graded, figure_of, mean_f1, pictures_of, reasons_of
from seewhy.grading.names import count_compat
from seewhy.records.measures import Interval
from seewhy.records.types import Outcome

REASONS = 3
"""Reasons for NO_ANSWER and for UNJUDGED that are listed."""
ABSENT = "-"
METRIC_NAMES = {
    Metric.MEAN_SCORE: "mean score",
    Metric.F1: "F1 of yes",
    Metric.JUDGE_RATING: "mean rating, of the highest",
    Metric.RELATIVE_RATING: "rating relative to the reference",
}


def print_card(graded: Graded, console: Console) -> None:
    """The scorecard as tables with a few sentences."""
    first = graded.questions[0]
    quirks = _quirks(graded) if graded.compat else ""
    _say(
        console, f"{graded.model} on {first.benchmark}/{first.split.value} ({len(graded.questions)} questions{quirks})"
    )
    console.print(_main_table(graded, console))
    for lines in (_polar_table(graded, console), _repeats_table(graded, console)):
        if lines is not None:
            console.print(lines)
    for sentence in _sentences(graded):
        _say(console, sentence)


def _quirks(graded: Graded) -> str:
    """Whose rules were used, and of how many questions where not of all."""
    count = count_compat(graded.compat, graded.questions)
    return f", rules of {graded.compat}" + (f" for {count} of them" if count < len(graded.questions) else "")


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
        reasons = reasons_of(graded, outcome)
        if reasons:
            listed = "; ".join(f"{count} x {why}" for why, count in reasons[:REASONS])
            more = f"; {len(reasons) - REASONS} more reasons" if len(reasons) > REASONS else ""
            counted = "counts as not right" if outcome is Outcome.NO_ANSWER else "is left out of the accuracy"
            yield f"{outcome.name} {counted}: {listed}{more}"
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
    for facet, mean in mean_f1(graded).items():
        yield f"Its mean over {facet}: {_percent(mean)}."


def _size_sentences(graded: Graded) -> Iterator[str]:
    whole = graded.card or graded.repeats
    if whole is None:
        return
    pictures = pictures_of(graded)
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

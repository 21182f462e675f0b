"""What happened, in plain words: each sentence is built from numbers, and claims no more than their interval."""

from collections.abc import Iterator

from seewhy.records.measures import Comparison, Interval, Scorecard, Selection
from seewhy.records.types import Split, Style
from seewhy.report.cards import find_card, seen_cards
from seewhy.report.inputs import Credit, ReportInput
from seewhy.report.words import (
    say_asked,
    say_percent,
    say_percent_range,
    say_plain_range,
    say_plural,
    say_points,
    say_seconds,
    say_selection,
)


def tell_what_happened(report: ReportInput) -> tuple[str, ...]:
    """The sentences that open the report: did it get better, by how much and on what; at what cost; what else."""
    credit = (_tell_credit(one) for one in report.credits)
    return (*_tell_steps(report), *_tell_cost(report), *_tell_choice(report), *credit)


def tell_difference(
    what: str, change: Comparison, style: Style, levels: tuple[Scorecard, Scorecard] | None = None
) -> str:
    """One comparison as a sentence; where the interval holds 0 it says that no difference can be seen.

    `levels` are the scorecards before and after; without them the accuracies themselves are left out.
    """
    numbers = (
        f"({say_points(change.difference)} points, 95 % interval {say_points(change.low)} to {say_points(change.high)})"
    )
    where = f"on {say_plural(change.n, 'test question')}"
    asked = f"when {say_asked(style)}"
    before, after = (say_percent(card.accuracy.value) for card in levels) if levels else ("", "")
    if change.low <= 0.0 <= change.high:
        levels_said = f", {before} before and {after} after" if levels else ""
        return f"{what}: no difference can be seen {where} {asked}{levels_said} {numbers}."
    verb = "raised" if change.difference > 0 else "lowered"
    levels_said = f" from {before} to {after}" if levels else ""
    return f"{what} {verb} accuracy {where}{levels_said} {asked} {numbers}."


def _tell_steps(report: ReportInput) -> Iterator[str]:
    labels = {model.key: model.label for model in report.models}
    tested = seen_cards(report.cards, Split.TEST)
    # Chains of thought are what the run is about: they come first.
    for step in sorted(report.steps, key=lambda step: step.style is Style.DIRECT):
        before, after = (find_card(tested, model, step.style) for model in (step.before, step.after))
        found = (before, after) if before is not None and after is not None else None
        what = step.what or f"{labels[step.after]} after {labels[step.before]}"
        yield tell_difference(what, step.change, step.style, step.levels or found)


def _tell_cost(report: ReportInput) -> Iterator[str]:
    if not report.stages:
        return
    seconds = sum(stage.seconds for stage in report.stages)
    longest = max(report.stages, key=lambda stage: stage.seconds)
    paid = sum(stage.dollars for stage in report.stages)
    money = f"servers were paid {paid:,.2f} dollars" if paid else "no server was paid"
    # What the manifests hold: by the clock a run with several workers takes less, and one that was resumed more.
    yield (f"The run took {say_seconds(seconds)} of work on {report.header.machine}, worker processes added up, of "
           f"which {longest.name} {say_seconds(longest.seconds)}; {money}.")  # fmt: skip


def _tell_choice(report: ReportInput) -> Iterator[str]:
    for choices in report.choices:
        # pass@k is a bound that cannot be reached without the gold answers: it is no way to choose.
        points = [point for point in choices.curves if point.method is not Selection.PASS_AT_K]
        if not points:
            continue
        most = max(point.n for point in points)
        best = max((point for point in points if point.n == most), key=lambda point: point.value)
        share = Interval(value=best.value, low=best.low, high=best.high)
        yield (
            f"Given {say_plural(most, 'chain')} a question, the best way to choose among them "
            f"({say_selection(best.method).lower()}) is right on {say_percent(share.value)} "
            f"({say_percent_range(share)})."
        )


def _tell_credit(credit: Credit) -> str:
    area, name = credit.auroc, f"Token credit ({credit.words})" if credit.words else "Token credit"
    found = f"AUROC {area.value:.2f}, 95 % interval {say_plain_range(area)}; chance is 0.50"
    if area.low <= 0.5 <= area.high:
        return f"{name}: no power to tell wrong sentences from right ones can be seen ({found})."
    if area.value < 0.5:
        return f"{name} is lower on right sentences than on wrong ones, the wrong way round ({found})."
    return f"{name} is lower on wrong sentences than on right ones ({found})."

"""What to distrust in a report: what its intervals do not hold, and what was left out, uncertain or alarming."""

from collections.abc import Iterator

from seewhy.records.types import Split
from seewhy.report.cards import blind_cards, in_style, main_style, seen_cards
from seewhy.report.inputs import ReportInput
from seewhy.report.words import say_overlap, say_percent, say_percent_range, say_plural, say_points

MANY = 0.05
"""Share of replies without an answer, or cut at the limit, from which it is told."""


def tell_doubts(report: ReportInput) -> tuple[str, ...]:
    """The sentences that follow the head of the report."""
    return (
        *_tell_power(report), *_tell_blind(report), *_tell_unread(report), *_tell_cut(report), *_tell_overlap(report),
        *_tell_alarms(report), *_tell_seed(report),
    )  # fmt: skip


def _tell_power(report: ReportInput) -> Iterator[str]:
    """Of comparisons that show nothing: what they could have shown."""
    blunt = [
        step.change for step in report.steps if step.change.low <= 0 <= step.change.high and step.change.detectable
    ]
    if blunt:
        least = min(change.detectable or 0.0 for change in blunt)
        plain = say_points(least).lstrip("+")
        yield (f"Where no difference can be seen there may be one: {say_plural(blunt[0].n, 'question')} find a change "
               f"of {plain} points or more in four of five cases, and smaller ones less often.")  # fmt: skip
    if len(report.steps) > 1:
        yield f"{len(report.steps)} comparisons are told, each with its own 95 % interval: they are not corrected."


def _tell_blind(report: ReportInput) -> Iterator[str]:
    blind = blind_cards(report.cards)
    cards = in_style(blind, main_style(blind))
    if not cards:
        return
    label = next(model.label for model in report.models if model.key == cards[-1].model)
    share = cards[-1].accuracy
    yield (
        f"With the pictures withheld, {label} is right on {say_percent(share.value)} ({say_percent_range(share)}): "
        "only what is above that comes from looking."
    )


def _tell_unread(report: ReportInput) -> Iterator[str]:
    cards = seen_cards(report.cards, Split.TEST)
    unjudged = sum(card.unjudged for card in cards)
    if unjudged:
        yield f"{say_plural(unjudged, 'test reply', 'test replies')} could not be judged: counted below, not guessed."
    labels = {model.key: model.label for model in report.models}
    silent = [card for card in cards if card.no_answer > MANY * card.n]
    if silent:
        most = max(silent, key=lambda card: card.no_answer / card.n)
        yield (f"{labels[most.model]} left {say_percent(most.no_answer / most.n)} of the questions without an answer "
               "that could be read; they count as wrong.")  # fmt: skip


def _tell_cut(report: ReportInput) -> Iterator[str]:
    labels = {model.key: model.label for model in report.models}
    for one in report.measurements:
        many = [cut for cut in one.cuts if cut.cut > MANY * cut.n and not cut.blind]
        if many:
            most = max(many, key=lambda cut: cut.cut / cut.n)
            yield (f"{one.name}: {say_percent(most.cut / most.n)} of the replies of {labels[most.model]} were cut at "
                   f"{most.max_tokens:,} tokens before they ended: raise max_tokens, or its accuracy is that of the "
                   "limit.")  # fmt: skip


def _tell_overlap(report: ReportInput) -> Iterator[str]:
    labels = {model.key: model.label for model in report.models}
    for one in report.measurements:
        if one.overlaps:
            most = max(one.overlaps, key=lambda overlap: overlap.seen)
            yield f"{one.name}: {labels[most.model]} was trained on what it is measured on: {say_overlap(most)}."


def _tell_alarms(report: ReportInput) -> Iterator[str]:
    alarms = sum(len(run.alarms) for run in report.training)
    if alarms:
        yield f"Guard rails gave {say_plural(alarms, 'alarm')} in training, listed with the curves."


def _tell_seed(report: ReportInput) -> Iterator[str]:
    if report.training and report.steps:
        yield "One seed was run: intervals are over questions, and trainings with other seeds would differ by more."

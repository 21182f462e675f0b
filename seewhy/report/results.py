"""The results of a measurement in a few lines of text."""

from collections.abc import Iterator

from seewhy.records.measures import Scorecard
from seewhy.records.types import Style
from seewhy.report.inputs import Evaluation
from seewhy.report.words import say_overlap, say_percent, say_percent_range, say_points, say_style


def measured_lines(measured: Evaluation) -> list[str]:
    """A line a model: accuracy in each prompt with its 95 % interval, replies without an answer, pictures withheld."""
    lines = [f"{measured.name}: {model}, {'; '.join(_parts(measured, model))}" for model in measured.models]
    return [*lines, *(f"{measured.name}: warning, {one.model}: {say_overlap(one)}" for one in measured.overlaps)]


def _parts(measured: Evaluation, model: str) -> Iterator[str]:
    cards = [card for card in measured.cards if card.model == model]
    if cards:
        yield f"{cards[0].n:,} questions"
    for card in cards:
        said = f"{say_percent(card.accuracy.value)} ({say_percent_range(card.accuracy)})"
        where = f"{say_style(card.style)}, pictures withheld" if card.blind else say_style(card.style)
        yield f"{where} {said}{_unread(card)}{_cut(measured, card)}"
    for style in Style:
        before = measured.changes.get((measured.models[0], model, style))
        if before is not None:
            ends = f"{say_points(before.low)} to {say_points(before.high)}"
            yield f"{say_style(style)} {say_points(before.difference)} ({ends}) over {measured.models[0]}"


def _cut(measured: Evaluation, card: Scorecard) -> str:
    found = [one for one in measured.cuts if (one.model, one.style, one.blind) == (card.model, card.style, card.blind)]
    return "".join(f", {one.cut:,} cut at {one.max_tokens:,} tokens" for one in found)


def _unread(card: Scorecard) -> str:
    counted = [f"{count} {name}" for count, name in ((card.no_answer, "without an answer"), (card.unjudged, "unjudged"))
            if count]  # fmt: skip
    return f", {', '.join(counted)}" if counted else ""

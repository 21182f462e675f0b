"""Tables as rows of ready text: the page only lays them out, so that numbers are formatted in one place."""

from collections.abc import Sequence
from dataclasses import dataclass

from seewhy.records.measures import CurvePoint, FacetScore, Interval, Scorecard
from seewhy.records.types import Split, Style
from seewhy.report.cards import find_card, find_styles, in_style, main_style, measured_models, seen_cards
from seewhy.report.inputs import Count, ModelName, ReportInput, Stage, Step
from seewhy.report.words import (
    SPACE,
    say_amount,
    say_count,
    say_hundredths,
    say_p,
    say_percent,
    say_percent_range,
    say_points,
    say_seconds,
    say_selection,
    say_style,
)

ABSENT = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading and how its cells are aligned: numbers to the right, code in a fixed-width face."""

    head: str
    is_number: bool = True
    is_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell: the number that is read, and next to it, smaller, the interval that qualifies it."""

    text: str
    aside: str = ""
    swatch: str = ""
    """Key of the model whose colour is shown before the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its caption; each row has as many cells as there are columns."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tabulate_scores(report: ReportInput) -> Table:
    """Accuracy of each model under each style, with what it left unanswered and what could not be judged."""
    cards = seen_cards(report.cards, Split.TEST)
    styles = find_styles(cards)
    return Table(
        caption="Accuracy: percent right of the questions judged, with its 95 % interval. A reply without an answer "
        "counts as not right; an unjudged one is left out.",
        columns=(
            Column(head="Model", is_number=False),
            *(Column(head=say_style(style)) for style in styles),
            *(Column(head=f"No answer, {say_short(style)}") for style in styles),
            *(Column(head=f"Unjudged, {say_short(style)}") for style in styles),
        ),
        rows=tuple(_score_row(cards, model, styles) for model in measured_models(report.models, cards)),
    )


def tabulate_steps(report: ReportInput) -> Table:
    """Paired comparisons: the same questions before and after."""
    labels = {model.key: model.label for model in report.models}
    return Table(
        caption="Percentage points on the same questions, with the 95 % interval. Gained: wrong before, right after; "
        "lost: right before, wrong after. p: two-sided, that nothing changed.",
        columns=(
            Column(head="After − before", is_number=False),
            Column(head="Asked", is_number=False),
            Column(head="Difference"),
            Column(head="p"),
            Column(head="Gained"),
            Column(head="Lost"),
            Column(head="Questions"),
        ),
        rows=tuple(_step_row(step, labels[step.after], labels[step.before]) for step in report.steps),
    )


def tabulate_facet(cards: Sequence[Scorecard], facet: str, models: Sequence[ModelName]) -> Table:
    """Accuracy by the values of one facet, a column a model; the cards are of one style and split.

    Where a model left questions of a facet unanswered or unjudged, there are columns of how many.
    """
    found = {(row.value, card.model): row for card in cards for row in card.breakdown if row.facet == facet}
    shown = measured_models(models, cards)
    values = dict.fromkeys(value for value, _ in found)
    silent = [model for model in shown if any(row.no_answer for (_, key), row in found.items() if key == model.key)]
    unjudged = [model for model in shown if any(row.unjudged for (_, key), row in found.items() if key == model.key)]
    return Table(
        caption="",
        columns=(
            Column(head=facet.replace("_", " ").capitalize(), is_number=False),
            Column(head="Questions"),
            *(Column(head=model.label) for model in shown),
            *(Column(head=f"No answer, {model.label}") for model in silent),
            *(Column(head=f"Unjudged, {model.label}") for model in unjudged),
        ),
        rows=tuple(
            (
                Cell(text=value.replace("_", " ")),
                Cell(text=say_count(max(row.n for (other, _), row in found.items() if other == value))),
                *(_facet_cell(found.get((value, model.key))) for model in shown),
                *(_count_cell(row and row.no_answer) for row in (found.get((value, model.key)) for model in silent)),
                *(_count_cell(row and row.unjudged) for row in (found.get((value, model.key)) for model in unjudged)),
            )
            for value in values
        ),
    )


def tabulate_settings(settings: Sequence[tuple[str, Sequence[Scorecard]]], models: Sequence[ModelName]) -> Table:
    """Accuracy of each model in several settings, such as test, shifted and blind; one style in all of them."""
    cards = [card for _, members in settings for card in members]
    style = main_style(cards)
    return Table(
        caption=f"{say_style(style)}: accuracy in percent with its 95 % interval.",
        columns=(
            Column(head="Model", is_number=False),
            *(Column(head=f"{name} (n{SPACE}={SPACE}{say_count(members[0].n)})") for name, members in settings),
        ),
        rows=tuple(
            (_model_cell(model), *(_card_cell(find_card(members, model.key, style)) for _, members in settings))
            for model in measured_models(models, in_style(cards, style))
        ),
    )


def tabulate_curves(points: Sequence[CurvePoint]) -> Table:
    """Accuracy by the number of chains, a column for each way to choose among them."""
    methods = list(dict.fromkeys(point.method for point in points))
    found = {(point.n, point.method): point for point in points}
    return Table(
        caption="Accuracy in percent with its 95 % interval.",
        columns=(Column(head="Chains"), *(Column(head=say_selection(method)) for method in methods)),
        rows=tuple(
            (Cell(text=say_count(n)), *(_point_cell(found.get((n, method))) for method in methods))
            for n in sorted({point.n for point in points})
        ),
    )


def tabulate_counts(caption: str, head: str, counts: Sequence[Count]) -> Table:
    """Counts by name, each with its share of all of them."""
    total = sum(count.count for count in counts)
    return Table(
        caption=caption,
        columns=(Column(head=head, is_number=False), Column(head="Rows"), Column(head="Share")),
        rows=tuple(
            (
                Cell(text=count.name.replace("_", " ")),
                Cell(text=say_count(count.count)),
                Cell(text=say_percent(count.count / total) if total else ABSENT),
            )
            for count in counts
        ),
    )


def tabulate_stages(stages: Sequence[Stage]) -> Table:
    """The stages in the order in which they ran."""
    return Table(
        caption="",
        columns=(
            Column(head="Stage", is_number=False),
            Column(head="Command", is_number=False, is_code=True),
            Column(head="Time"),
            Column(head="Rows"),
            Column(head="Rate"),
        ),
        rows=tuple(
            (
                Cell(text=stage.name),
                Cell(text=stage.command),
                Cell(text=say_seconds(stage.seconds)),
                Cell(text=say_count(stage.rows), aside=stage.unit),
                Cell(text=f"{say_amount(stage.rows / stage.seconds)} / s" if stage.seconds > 0 else ABSENT),
            )
            for stage in stages
        ),
    )


def say_short(style: Style) -> str:
    """A prompt style as a table cell shows it."""
    match style:
        case Style.DIRECT:
            return "direct"
        case Style.REASON:
            return "CoT"
        case Style.PLAIN:
            return "plain"


def _score_row(cards: Sequence[Scorecard], model: ModelName, styles: Sequence[Style]) -> tuple[Cell, ...]:
    found = [find_card(cards, model.key, style) for style in styles]
    return (
        _model_cell(model),
        *(_card_cell(card) for card in found),
        *(Cell(text=ABSENT if card is None else say_count(card.no_answer)) for card in found),
        *(Cell(text=ABSENT if card is None else say_count(card.unjudged)) for card in found),
    )


def _step_row(step: Step, after: str, before: str) -> tuple[Cell, ...]:
    change = step.change
    return (
        Cell(text=f"{after} − {before}", swatch=step.after),
        Cell(text=say_short(step.style)),
        Cell(text=say_points(change.difference), aside=f"{say_points(change.low)} to {say_points(change.high)}"),
        Cell(text=say_p(change.p_value)),
        Cell(text=say_count(change.gained)),
        Cell(text=say_count(change.lost)),
        Cell(text=say_count(change.n)),
    )


def _model_cell(model: ModelName) -> Cell:
    return Cell(text=model.label, swatch=model.key)


def _card_cell(card: Scorecard | None) -> Cell:
    return Cell(text=ABSENT) if card is None else share_cell(card.accuracy)


def _facet_cell(row: FacetScore | None) -> Cell:
    return Cell(text=ABSENT) if row is None or row.accuracy is None else share_cell(row.accuracy)


def _count_cell(count: int | None) -> Cell:
    return Cell(text=ABSENT if count is None else say_count(count))


def _point_cell(point: CurvePoint | None) -> Cell:
    if point is None:
        return Cell(text=ABSENT)
    return share_cell(Interval(value=point.value, low=point.low, high=point.high))


def share_cell(share: Interval) -> Cell:
    """A share in percent with its interval."""
    return Cell(text=say_hundredths(share.value), aside=say_percent_range(share))

"""All measurements of a run in one table: temperature, prompt, model, and accuracy as a whole and by kind of question.

It is the table of mm-cot-rlaif's README (temperature x prompt x model; Avg, NAT, SOC, LAN), here with intervals.
"""

from collections.abc import Iterator, Sequence

from seewhy.records.measures import Comparison, FacetScore, Scorecard
from seewhy.records.types import Style
from seewhy.report.inputs import Evaluation, ModelName
from seewhy.report.tables import ABSENT, Cell, Column, Table, say_short, share_cell
from seewhy.report.words import say_count, say_points

MOST_VALUES = 4
"""Values of a facet up to which each is a column; ScienceQA has three subjects."""
Key = tuple[str, str]


def tabulate_measured(measurements: Sequence[Evaluation], models: Sequence[ModelName]) -> list[tuple[str, Table]]:
    """A table for each benchmark, with its name; nothing where a run measured once, which other sections show."""
    if len(measurements) < 2:
        return []
    labels = {model.key: model.label for model in models}
    benchmarks = dict.fromkeys(card.benchmark for one in measurements for card in one.cards)
    return [(name, _table(name, measurements, labels)) for name in benchmarks]


def _table(benchmark: str, measurements: Sequence[Evaluation], labels: dict[str, str]) -> Table:
    cards = [(one, card) for one in measurements for card in one.cards if card.benchmark == benchmark]
    facets = list(_facets([card for _, card in cards]))
    heads = ("Step", "Split", "Prompt", "Model")
    return Table(
        caption="Percent right, with its 95 % interval. The difference, in points, is to the first model of the step, "
        "on the same questions.",
        columns=(
            *(Column(head=head, is_number=False) for head in heads), Column(head="Temperature"),
            Column(head="Questions"), Column(head="Avg"), Column(head="Difference"),
            *(Column(head=_head(key)) for key in facets),
        ),
        rows=tuple(_row(one, card, labels, facets) for one, card in cards),
    )  # fmt: skip


def _row(one: Evaluation, card: Scorecard, labels: dict[str, str], facets: Sequence[Key]) -> tuple[Cell, ...]:
    found = {(row.facet, row.value): row for row in card.breakdown}
    prompt = say_short(card.style) + (", no pictures" if card.blind else "")
    return (
        Cell(text=one.name), Cell(text=card.split.value), Cell(text=prompt),
        Cell(text=labels[card.model], swatch=card.model), Cell(text=f"{one.temperature:g}"),
        Cell(text=say_count(card.n)), share_cell(card.accuracy), _difference(_change(one, card)),
        *(_facet(found.get(key)) for key in facets),
    )  # fmt: skip


def _change(one: Evaluation, card: Scorecard) -> Comparison | None:
    key: tuple[str, str, Style] = (one.models[0], card.model, card.style)
    return None if card.blind else one.changes.get(key)


def _difference(change: Comparison | None) -> Cell:
    if change is None:
        return Cell(text=ABSENT)
    return Cell(text=say_points(change.difference), aside=f"{say_points(change.low)} to {say_points(change.high)}")


def _facet(row: FacetScore | None) -> Cell:
    return Cell(text=ABSENT) if row is None or row.accuracy is None else share_cell(row.accuracy)


def _facets(cards: Sequence[Scorecard]) -> Iterator[Key]:
    """Facets of few values, each value once; of a flag its yes alone."""
    values: dict[str, dict[str, None]] = {}
    for row in (row for card in cards for row in card.breakdown):
        values.setdefault(row.facet, {})[row.value] = None
    for facet, found in values.items():
        if len(found) <= MOST_VALUES:
            yield from ((facet, value) for value in found if not (value == "no" and set(found) <= {"yes", "no"}))


def _head(key: Key) -> str:
    facet, value = key
    return facet if value == "yes" else value.replace("_", " ")

"""All measurements of a run in one table: temperature, prompt, model, and accuracy as a whole and by kind of question.

It is the table of mm-cot-rlaif's README (temperature x prompt x model; Avg, NAT, SOC, LAN), here with intervals.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from seewhy.records.measures import Comparison, FacetScore, Scorecard
from seewhy.records.types import Style
from seewhy.report.inputs import Evaluation, ModelName
from seewhy.report.tables import ABSENT, Cell, Column, Table, say_short, share_cell
from seewhy.report.words import say_count, say_points

MOST_VALUES = 4
"""Values of a facet up to which each is a column; ScienceQA has three subjects."""
MOST_COLUMNS = 10
"""Columns that fit beside each other."""
HEADS = ("Step", "Split", "Prompt", "Model", "Temperature", "Questions")
COUNTED, COMMON = ("Temperature", "Questions"), ("Split", "Prompt", "Temperature", "Questions")
"""Columns of numbers, and those that are left out where all rows have the same."""
Key = tuple[str, str]


def tabulate_measured(measurements: Sequence[Evaluation], models: Sequence[ModelName]) -> list[tuple[str, Table]]:
    """The tables of each benchmark, with its name; nothing where a run measured once, which other sections show.

    What all rows of a table have in common is said in its caption. Facets that leave no room beside the other columns
    have tables of their own.
    """
    if len(measurements) < 2:
        return []
    labels = {model.key: model.label for model in models}
    benchmarks = dict.fromkeys(card.benchmark for one in measurements for card in one.cards)
    return [found for name in benchmarks for found in _tables(name, measurements, labels)]


def _tables(benchmark: str, measurements: Sequence[Evaluation], labels: dict[str, str]) -> Iterator[tuple[str, Table]]:
    cards = [(one, card) for one in measurements for card in one.cards if card.benchmark == benchmark]
    names = [_named(one, card, labels) for one, card in cards]
    common = [head for head in COMMON if len({row[head].text for row in names}) == 1]
    heads = [head for head in HEADS if head not in common]
    facets = list(_facets([card for _, card in cards]))
    groups = _grouped(facets, MOST_COLUMNS - len(heads) - 2, MOST_COLUMNS - len(heads))
    said = "".join(f" {head}: {names[0][head].text}." for head in common)
    scores = [(share_cell(card.accuracy), _difference(_change(one, card))) for one, card in cards]
    for number, group in enumerate(groups):
        columns = (Column(head="Avg"), Column(head="Difference")) if not number else ()
        caption = "Percent right, with its 95 % interval."
        more = "" if number else " The difference, in points, is to the first model of the step, on the same questions."
        table = Table(
            caption=f"{caption}{more}{said}",
            columns=(*(Column(head=head, is_number=head in COUNTED) for head in heads), *columns,
                     *(Column(head=_head(key)) for key in group)),
            rows=tuple((*(name[head] for head in heads), *(() if number else score), *_of_facets(card, group))
                       for name, score, (_, card) in zip(names, scores, cards, strict=True)),
        )  # fmt: skip
        by = ", ".join(dict.fromkeys(facet.replace("_", " ") for facet, _ in group))
        yield f"{benchmark}, by {by}" if number else benchmark, table


def _named(one: Evaluation, card: Scorecard, labels: dict[str, str]) -> dict[str, Cell]:
    prompt = say_short(card.style) + (", no pictures" if card.blind else "")
    cells = (Cell(text=one.name), Cell(text=card.split.value), Cell(text=prompt),
             Cell(text=labels[card.model], swatch=card.model), Cell(text=f"{one.temperature:g}"),
             Cell(text=say_count(card.n)))  # fmt: skip
    return dict(zip(HEADS, cells, strict=True))


def _of_facets(card: Scorecard, facets: Sequence[Key]) -> tuple[Cell, ...]:
    found = {(row.facet, row.value): row for row in card.breakdown}
    return tuple(_facet(found.get(key)) for key in facets)


def _grouped(facets: Sequence[Key], first: int, other: int) -> list[list[Key]]:
    """Facets whole, `first` columns beside the accuracies and up to `other` in each further table."""
    groups: list[list[Key]] = [[]]
    for _, keys in groupby(facets, key=itemgetter(0)):
        whole = list(keys)
        if len(groups[-1]) + len(whole) > (first if len(groups) == 1 else other):
            groups.append([])
        groups[-1] += whole
    return groups


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

"""The head of the page: what was run, and a tile for each of the models that its sentences are about."""

from dataclasses import dataclass

from seewhy.records.types import Split
from seewhy.report.cards import in_style, main_style, seen_cards
from seewhy.report.inputs import Header, ReportInput
from seewhy.report.svg import assign_slots
from seewhy.report.words import say_amount, say_count, say_hundredths, say_percent_range, say_seconds

MOST_TILES = 8
FIRST = ("seewhy", "torch", "transformers")
"""Whose versions are told at the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A model's accuracy in large type."""

    slot: str
    label: str
    number: str
    range: str


def list_facts(header: Header) -> list[tuple[str, str]]:
    """What was run, as terms and their values; all versions are told where it says how to reproduce it."""
    return [
        ("Model", f"{header.model}, {say_amount(header.parameters)} parameters"),
        ("Test questions", say_count(header.n)),
        ("Seed", str(header.seed)),
        ("Work of all steps", say_seconds(header.seconds)),
        ("Machine", header.machine),
        ("Versions", ", ".join(f"{name} {header.versions[name]}" for name in FIRST if name in header.versions)),
    ]


def make_tiles(report: ReportInput) -> list[Tile]:
    """Tiles of the main style on the test split, in the order of the run: a model each, at most `MOST_TILES`.

    Of more models those that the sentences beside them compare, then the first others; the table has them all.
    """
    tested = seen_cards(report.cards, Split.TEST)
    shown = {card.model: card.accuracy for card in in_style(tested, main_style(tested))}
    slots = assign_slots(report.models)
    told = dict.fromkeys(key for step in report.steps for key in (step.before, step.after))
    ordered = dict.fromkeys((*told, *(model.key for model in report.models)))
    kept = [key for key in ordered if key in shown][:MOST_TILES]
    return [
        Tile(
            slot=slots[model.key],
            label=model.label,
            number=say_hundredths(shown[model.key].value),
            range=say_percent_range(shown[model.key]),
        )
        for model in report.models
        if model.key in kept
    ]

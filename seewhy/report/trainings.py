"""What each training was, and what came of it: composition of its data, loss, truncation and rate beside accuracy.

Of a run that trains several models it is LLaVA-Reasoner's tables 2 (compositions of SFT) and of truncation, and MPO's
ablation of losses.
"""

from collections.abc import Iterator, Sequence

from seewhy.records.measures import Scorecard
from seewhy.records.types import Split, Style
from seewhy.report.cards import find_card, find_styles, seen_cards
from seewhy.report.inputs import Count, ReportInput, TrainingRun
from seewhy.report.tables import ABSENT, Cell, Column, Table, share_cell
from seewhy.report.words import say_count, say_style

CUT = "Tokens kept"


def tabulate_trainings(report: ReportInput) -> Table | None:
    """A row a training; None where none says what it was trained on."""
    runs = [run for run in report.training if run.data]
    if not runs:
        return None
    labels = {model.key: model for model in report.models}
    cards = seen_cards(report.cards, Split.TEST)
    styles = find_styles(cards)
    is_cut = any(run.keep_tokens for run in runs)
    heads = ("Training", "From", "Loss", "Trained on")
    numbers = (*((CUT,) if is_cut else ()), "Rate", *map(say_style, styles))
    kept = f" {CUT}: how far a response is trained, from its start." if is_cut else ""
    return Table(
        caption="What each model was trained on, and the percent right on the test split, with its 95 % interval."
        f"{kept}",
        columns=(*(Column(head=head, is_number=False) for head in heads), *(Column(head=head) for head in numbers)),
        rows=tuple(
            (
                Cell(text=labels[run.name].label, swatch=run.name) if run.name in labels else Cell(text=run.name),
                Cell(text=labels[run.start].label if run.start in labels else run.start),
                Cell(text=run.objective), Cell(text=_say_data(run.data)),
                *((Cell(text=str(run.keep_tokens) if run.keep_tokens else "all"),) if is_cut else ()),
                Cell(text=f"{run.learning_rate:g}"), *_accuracies(cards, run, styles),
            )
            for run in runs
        ),
    )  # fmt: skip


def _say_data(data: Sequence[Count]) -> str:
    return ", ".join(f"{one.name} {say_count(one.count)}" for one in data)


def _accuracies(cards: Sequence[Scorecard], run: TrainingRun, styles: Sequence[Style]) -> Iterator[Cell]:
    for style in styles:
        card = find_card(cards, run.name, style)
        yield Cell(text=ABSENT) if card is None else share_cell(card.accuracy)

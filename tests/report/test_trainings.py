"""The table of trainings: what each was trained on, how far, and how its model answers."""

from dataclasses import replace

from made_up_report import make_report

from seewhy.records.types import Split
from seewhy.report.inputs import Count, TrainingRun
from seewhy.report.trainings import tabulate_trainings


def with_trainings(*runs: TrainingRun):
    return replace(make_report(), training=runs)


def run(name: str, start: str, keep_tokens: int = 0, **counts: int) -> TrainingRun:
    data = tuple(Count(name=key, count=value) for key, value in counts.items())
    return TrainingRun(name=name, start=start, objective="dpo", steps=(), data=data, keep_tokens=keep_tokens,
                       learning_rate=5e-7)  # fmt: skip


def texts(row):
    return [cell.text for cell in row]


def test_a_training_has_its_composition_truncation_rate_and_the_accuracies_of_its_model():
    base, tuned, *_ = [model.key for model in make_report().models]
    report = with_trainings(run(tuned, base, 90, pairs=1200), run("gone", tuned, mix=12, short=3))
    table = tabulate_trainings(report)
    assert table is not None
    heads = [column.head for column in table.columns]
    assert heads[:6] == ["Training", "From", "Loss", "Trained on", "Tokens kept", "Rate"]
    first, second = map(texts, table.rows)
    assert first[3:6] == ["pairs 1,200", "90", "5e-07"]
    cards = [card for card in report.cards
             if card.model == tuned and card.split is Split.TEST and not card.blind]  # fmt: skip
    assert first[6:] == [f"{100 * card.accuracy.value:.1f}" for card in sorted(cards, key=lambda one: one.style.value)]
    assert second[0] == "gone"
    assert second[3:5] == ["mix 12, short 3", "all"]
    assert set(second[6:]) == {"–"}, "a model that was not measured"


def test_tokens_are_no_column_where_no_training_was_cut_and_a_training_on_nothing_known_is_no_row():
    report = with_trainings(run("a", "base", pairs=3), run("b", "base"))
    table = tabulate_trainings(report)
    assert table is not None
    assert "Tokens kept" not in [column.head for column in table.columns]
    assert "Tokens kept" not in table.caption
    assert [row[0].text for row in table.rows] == ["a"]
    assert tabulate_trainings(make_report()) is None, "no training says what it was trained on"

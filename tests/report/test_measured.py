"""The table of all measurements: a row each, with its temperature, and differences to the first model of its step."""

from dataclasses import replace

from made_up_report import MODELS, make_card

from seewhy.records.measures import Comparison
from seewhy.records.types import Split, Style
from seewhy.report.inputs import Evaluation
from seewhy.report.measured import tabulate_measured

CHANGE = Comparison(difference=0.12, low=0.08, high=0.16, p_value=0.0, gained=200, lost=80, n=1000, unjudged=0)


def measured(name: str, temperature: float) -> Evaluation:
    cards = (make_card("base", Style.REASON, 0.3), make_card("sft", Style.REASON, 0.42),
             make_card("sft", Style.REASON, 0.1, blind=True))  # fmt: skip
    return Evaluation(name=name, models=("base", "sft"), cards=cards, temperature=temperature,
                      changes={("base", "sft", Style.REASON): CHANGE})  # fmt: skip


def test_a_run_that_measured_once_has_no_such_table():
    assert tabulate_measured([measured("test", 0.0)], MODELS) == []


def test_each_measurement_is_a_row_with_its_temperature_and_difference():
    (name, table), (more, facets) = tabulate_measured([measured("low", 0.4), measured("high", 0.8)], MODELS)
    assert (name, more) == ("inkgrid", "inkgrid, by grid, noise")
    heads = [column.head for column in table.columns]
    assert heads[:6] == ["Step", "Prompt", "Model", "Temperature", "Avg", "Difference"]
    assert table.caption.endswith("Split: test. Questions: 1,000."), "what all rows have in common is said once"
    # Five kinds are too many for columns; four steps, three grids and two noises are not.
    assert heads[6:] == ["1", "2", "3", "4"]
    assert [column.head for column in facets.columns][4:] == ["2x2", "2x3", "3x3", "none", "light"]
    for one in (table, facets):
        assert len(one.columns) <= 10
        assert all(len(row) == len(one.columns) for row in one.rows)
    rows = [[cell.text for cell in row] for row in table.rows]
    assert [row[:4] for row in rows[:3]] == [
        ["low", "CoT", "Base", "0.4"], ["low", "CoT", "SFT", "0.4"], ["low", "CoT, no pictures", "SFT", "0.4"],
    ]  # fmt: skip
    assert [row[3] for row in rows[3:]] == ["0.8"] * 3
    assert [row[4] for row in rows[:3]] == ["30.0", "42.0", "10.0"]
    assert [row[5] for row in rows[:3]] == ["–", "+12.0", "–"]
    assert table.rows[1][5].aside == "+8.0 to +16.0"


def test_models_that_differ_in_the_split_keep_its_column():
    one = measured("low", 0.4)
    shifted = replace(one, cards=tuple(replace(card, split=Split.SHIFTED) for card in one.cards))
    (_, table), *_ = tabulate_measured([one, shifted], MODELS)
    assert [column.head for column in table.columns][:4] == ["Step", "Split", "Prompt", "Model"]

"""Curves, colours and tables say what their rows say."""

import dataclasses
import re

from hypothesis import given
from hypothesis import strategies as st
from made_up_report import make_curves, make_report, make_sampling

from seewhy.records.types import Split, StepLog, Style
from seewhy.report.cards import in_style, seen_cards
from seewhy.report.curves import plot_accuracies, plot_training, smooth
from seewhy.report.inputs import Count, ModelName, TrainingRun
from seewhy.report.sections import tell_sampling
from seewhy.report.svg import assign_slots
from seewhy.report.tables import ABSENT, tabulate_counts, tabulate_curves, tabulate_facet, tabulate_scores
from seewhy.report.words import SPACE


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=200))
def test_a_smoothed_curve_is_as_long_and_stays_within_the_values(values):
    smoothed = smooth(values)
    assert len(smoothed) == len(values)
    assert all(min(values) - 1e-6 <= mean <= max(values) + 1e-6 for mean in smoothed)


def test_smoothing_moves_no_straight_line():
    """The mean of i - r to i + r is i: a window that trailed would lag by half of its width."""
    line = [float(i) for i in range(200)]
    assert smooth(line) == line


def test_a_term_that_no_step_holds_gets_no_panel():
    steps = tuple(StepLog(step=i, loss=1.0, learning_rate=0.1, terms={"margin": i}, seconds=1.0) for i in range(3))
    titles = [panel.title for panel in plot_training(TrainingRun(name="run", steps=steps))]
    assert titles == ["Loss", "Preference margin", "Learning rate"]


def test_the_band_counts_its_own_ends():
    sampling = dataclasses.replace(make_sampling(), accuracies=(0.0, 0.25, 0.5, 0.875, 1.0), band=(0.25, 0.875))
    label = re.search(r'aria-label="([^"]*)"', plot_accuracies(sampling).drawing)
    assert label is not None
    assert label[1] == "3 of 5 questions are in the band"


def test_pairs_by_score_are_told_without_a_band():
    scored = dataclasses.replace(make_sampling(), band=None, margin=0.5)
    told = tell_sampling(scored)
    assert told.endswith(
        "2,890 pairs came of them: of each question the chain that was scored best with the worst, at least 0.5 apart."
    )
    assert "band" not in told + plot_accuracies(scored).drawing


def test_the_agreement_of_votes_is_told_where_a_judge_voted():
    assert "votes" not in tell_sampling(make_sampling())
    told = tell_sampling(dataclasses.replace(make_sampling(), agreement=0.875))
    assert "Of the judge's votes on a chain 87.5 % of the pairs agree. " in told.replace(SPACE, " ")


def test_the_three_models_keep_their_colours_whatever_variants_stand_between_them():
    models = [ModelName(key=key, label=key) for key in ("base", "dpo", "preference", "ipo")]
    assert assign_slots(models) == {
        "base": "base",
        "preference": "preference",
        "dpo": "variant-1",
        "ipo": "variant-2",
    }


def test_a_table_has_as_many_cells_as_columns_and_a_dash_for_what_was_not_measured():
    report = make_report()
    lacking = tuple(c for c in report.cards if not (c.model == "base" and c.style is Style.DIRECT))
    table = tabulate_scores(dataclasses.replace(report, cards=lacking))
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert [cell.text for cell in table.rows[0]] == ["Base", ABSENT, "31.2", ABSENT, "37", ABSENT, "0"]


def test_a_facet_whose_questions_are_all_unjudged_has_no_accuracy():
    report = make_report()
    cards = in_style(seen_cards(report.cards, Split.TEST), Style.REASON)[:1]
    rows = tuple(dataclasses.replace(row, accuracy=None) for row in cards[0].breakdown[:1])
    table = tabulate_facet([dataclasses.replace(cards[0], breakdown=rows)], "kind", report.models)
    assert [cell.text for cell in table.rows[0]] == ["row sum", "200", ABSENT]


def test_curves_stand_in_the_order_of_their_numbers():
    table = tabulate_curves(make_curves()[::-1])
    assert [row[0].text for row in table.rows] == ["1", "2", "4", "8", "16"]


def test_shares_of_counts_that_sum_to_nothing_are_not_told():
    table = tabulate_counts("", "Reason", [Count(name="wrong_answer", count=0)])
    assert [cell.text for cell in table.rows[0]] == ["wrong answer", "0", ABSENT]


def test_a_facet_table_counts_what_a_model_left_unanswered_and_unjudged():
    report = make_report()
    cards = in_style(seen_cards(report.cards, Split.TEST), Style.REASON)[:1]
    rows = tuple(dataclasses.replace(row, no_answer=3, unjudged=2) for row in cards[0].breakdown[:1])
    table = tabulate_facet([dataclasses.replace(cards[0], breakdown=rows)], "kind", report.models)
    label = report.models[0].label
    assert [column.head for column in table.columns[-2:]] == [f"No answer, {label}", f"Unjudged, {label}"]
    assert [cell.text for cell in table.rows[0]][-2:] == ["3", "2"]

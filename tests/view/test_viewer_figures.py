"""Figures of trainings, groups, rounds and cells: each with its unit, counted alike everywhere, and in full."""

import re
from dataclasses import replace

import pytest
from looked_at import serving, write_run
from looked_at_more import put, write_more
from test_more_pages import words_of

from seewhy.records.ranked import PairPick, RankedGroup, RankedResponse
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Response, StepLog, Style, Verdict
from seewhy.report.inputs import TermPanel, TrainingRun
from seewhy.view.trained import Training, plot_one, plot_two, units_of


def logs(**terms: float) -> list[StepLog]:
    return [StepLog(step=i, loss=1.0, learning_rate=1e-5, terms=terms, seconds=1.0) for i in range(3)]


def test_both_sides_of_a_term_are_in_one_figure_with_its_unit_and_each_term_is_drawn_once():
    steps = logs(chosen_tokens=12.0, rejected_tokens=14.0, margin=0.5, dpo=0.6, bco=1.3, peak_mb=900.0, mine=7.0)
    panels = {panel.title: panel for panel in plot_one(Training("dpo", steps), None)}
    assert {title: (panel.unit, [label for _, label in panel.key]) for title, panel in panels.items()} == {
        "Loss": ("nats", []), "Preference margin": ("nats", []),
        "Length of each side": ("tokens", ["chosen tokens", "rejected tokens"]),
        "Parts of the loss": ("nats", ["dpo", "bco"]), "Memory": ("MiB", []), "mine": ("", []),
        "Learning rate": ("", []),
    }  # fmt: skip


def test_a_training_that_a_recipe_knows_has_the_figures_of_its_report_first():
    own = TermPanel(title="Rewards apart", unit="reward", terms=("reward/form", "reward/right"))
    known = TrainingRun(name="grpo", steps=(), is_online=True, panels=(own,))
    steps = logs(**{"reward/form": 0.5, "reward/right": 0.25, "clipped": 0.0})
    found = [(panel.title, panel.unit) for panel in plot_one(Training("grpo", steps), known)]
    assert found == [("Loss", ""), ("Rewards apart", "reward"), ("clipped", ""), ("Learning rate", "")]
    both = plot_two(Training("grpo", steps), Training("other", steps), units_of(known))
    assert {panel.title: panel.unit for panel in both}["reward/right"] == "reward"


def test_a_group_of_thousands_shows_its_best_and_says_how_many_more_there_are(tmp_path):
    """4,096 responses of 3,000 characters, with 2,000 pairs that prefer one of them."""
    root = write_run(tmp_path / "run")
    responses = tuple(RankedResponse(response=Response(text="word " * 600), score=float(i), scorer="s", index=i)
                      for i in range(4096))  # fmt: skip
    picks = tuple(PairPick(chosen=4095, rejected=i) for i in range(2000))
    group = RankedGroup(question_id="q/1", style=Style.REASON, responses=responses, source="s", picks=picks)
    put(root / "ranked", [replace(group, question_id=f"q/{i}") for i in range(3)], RankedGroup)
    with serving(root) as served:
        page = served.get("/run/0/groups/ranked").text
    assert len(page) < 2_000_000
    assert page.count("and 4,032 more responses") == page.count("and 1988 more") == 3
    assert "<b>4.09e+03</b>" in page or "<b>4.1e+03</b>" in page


@pytest.mark.parametrize("page", ["transitions", "agreement"])
def test_a_cell_of_many_questions_has_pages(tmp_path, page):
    root = write_run(tmp_path / "run")
    first = next(iter(read_rows(root / "verdicts", Verdict)))
    write_shard(root / "verdicts", 0, [replace(first, question_id=f"q/{i:03d}", index=0) for i in range(120)], Verdict)
    cell = {"transitions": "before=verdicts&after=verdicts&was=correct&became=correct",
            "agreement": "judge=verdicts&truth=verdicts&said=correct&known=correct"}[page]  # fmt: skip
    with serving(root) as served:
        seen = list[str]()
        for number in range(3):
            text = served.get(f"/run/0/{page}?{cell}&page={number}").text
            assert f"page {number + 1} of 3" in text
            assert ('rel="next"' in text) is (number < 2)
            seen += re.findall(r"q%2F(\d+)", text.partition("<ul>")[2])
    assert seen == [f"{i:03d}" for i in range(120)]


def test_a_round_has_one_number_in_its_folder_its_table_and_its_heading(tmp_path):
    with serving(write_more(write_run(tmp_path / "run"))) as served:
        words = words_of(served.get("/run/0/rollouts/grpo?round=1&id=q/1").text)
    assert "round 1, of 0 to 1" in words
    assert "1 outcome 0.500 0.000 1.000 2" in words


def test_methods_of_a_curve_have_one_name_in_figure_and_table(tmp_path):
    with serving(write_more(write_run(tmp_path / "run"))) as served:
        text = served.get("/run/0/curves/curve").text
    for name in ("Best of N by implicit reward", "Any chain right (pass@k)"):
        assert text.count(name) >= 3, "in the key and in a row of each number of chains"

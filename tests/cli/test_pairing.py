"""Pairs from a judge's scores by the command line, and what is said where no pair can be made."""

from dataclasses import replace
from pathlib import Path

import pytest
from seewhy.cli.claim import RECIPE_FILE
from seewhy.cli.recipes import read_recipe, save_recipe
from seewhy.cli.sample import asked
from seewhy.cli.workspace import open_workspace
from seewhy.pairs.plan import PairingPlan
from seewhy.recipes.plans import JudgePlan, Recipe
from seewhy.runners.local import run_blocks
from served_oracle import serve
from wired_runs import draw_run, pages, recipe_at, sampled_run

from seewhy.cli.main import main
from seewhy.records.lineage import read_manifest
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, FinishReason, Outcome, Pair, Style, Verdict

NOWHERE = "http://127.0.0.1:9/v1"


def refused(capsys, *words: str) -> str:
    assert main(words) == 2
    return " ".join(capsys.readouterr().err.split())


def scored_run(place: Path, pairing: PairingPlan, scores: list[float | None]) -> Path:
    """A run of which each question has chains with these scores, no two in the same words."""
    recipe = replace(recipe_at(NOWHERE), pairing=pairing)
    run = draw_run(place, recipe)
    chains: list[Chain] = []
    verdicts: list[Verdict] = []
    for question in asked(open_workspace(run, recipe)):
        for index, score in enumerate(scores):
            chains.append(Chain(question_id=question.id, index=index, style=Style.REASON, text=f"{index} ### Answer: 1",
                                stop=FinishReason.END, sampler="made up", seed=0))  # fmt: skip
            outcome = Outcome.UNJUDGED if score is None else Outcome.INCORRECT
            verdicts.append(Verdict(question_id=question.id, index=index, style=Style.REASON, judge="made up",
                                    outcome=outcome, score=score))  # fmt: skip
    for stage, folder, rows, kind in (("sample", "chains", chains, Chain), ("judge", "verdicts", verdicts, Verdict)):
        run_blocks(run / stage / folder, rows, lambda block: block, kind, per_shard=64, stage=stage, plan={},
                   input_hashes={}, command="", on_done=lambda _: None)  # fmt: skip
    return run


def test_a_judge_s_scores_become_pairs_of_the_best_and_the_worst_chain(tmp_path, capsys):
    """The oracle knows the page: a chain that it grades best is right, and one that it grades worst is wrong."""
    with serve(pages(tmp_path), tmp_path / "files") as server:
        recipe = replace(recipe_at(server.base_url), judge=JudgePlan(name="rubric"),
                         pairing=PairingPlan(by="score", margin=1.0, above=2.0))  # fmt: skip
        run = sampled_run(tmp_path, recipe)
        assert main(["judge", "--run", str(run)]) == 0
    assert main(["pair", "--run", str(run)]) == 0
    assert "pair best with worst" in capsys.readouterr().out
    said = {(row.question_id, row.index): row for row in read_rows(run / "judge" / "verdicts", Verdict)}
    of_text = {(row.question_id, row.text): said[row.question_id, row.index]
               for row in read_rows(run / "sample" / "chains", Chain)}  # fmt: skip
    pairs = list(read_rows(run / "pair" / "pairs", Pair))
    assert 1 < len(pairs) == len({pair.question_id for pair in pairs})
    for pair in pairs:
        chosen, rejected = (of_text[pair.question_id, one.text] for one in (pair.chosen, pair.rejected))
        scores = [row.score for (name, _), row in said.items() if name == pair.question_id]
        assert (chosen.score, rejected.score) == (max(scores), min(scores))
        assert (chosen.outcome, rejected.outcome) == (Outcome.CORRECT, Outcome.INCORRECT)
        assert pair.margin == chosen.score - rejected.score >= 1.0
        assert pair.source.startswith("rubric by oracle, prompt ")
    counts = read_manifest(run / "pair" / "pairs").counts
    assert counts["questions kept"] == len(pairs)
    assert (
        counts["questions seen"]
        == 6
        == counts["questions kept"] + sum(count for name, count in counts.items() if name.startswith("dropped "))
    )


def test_verdicts_without_scores_make_no_pairs_by_score_and_the_remedy_is_told(tmp_path, capsys):
    run = scored_run(tmp_path, PairingPlan(by="score"), [None] * 4)
    told = refused(capsys, "pair", "--run", str(run))
    assert "--pairing.by score needs scores, and none of 24 verdicts by made up has one (24 are unjudged)" in told
    assert "choose a judge that scores, such as --judge.name rubric, or --pairing.by outcome" in told
    assert not (run / "pair").exists()


def test_a_margin_in_another_unit_than_the_judge_s_is_told_with_the_widest_gap_and_can_be_mended_in_place(
    tmp_path, capsys
):
    """0.25 and 0.875 are 0.625 apart; every question has both."""
    run = scored_run(tmp_path, PairingPlan(by="score", above=0.1), [0.5, 0.25, 0.875, None])
    told = refused(capsys, "pair", "--run", str(run))
    assert ("no pair is left of 6 questions (0 with fewer than 2 scored chains, 0 whose best is not above 0.1, 6 whose "
            "best and worst are less than 1 apart; the widest gap is 0.625)") in told  # fmt: skip
    assert f"change `pairing` in {run / RECIPE_FILE} and run `seewhy pair --run {run}`" in told
    recipe = read_recipe(run / RECIPE_FILE)
    assert isinstance(recipe, Recipe)
    save_recipe(run / RECIPE_FILE, replace(recipe, pairing=PairingPlan(by="score", margin=0.6)))
    assert main(["pair", "--run", str(run)]) == 0
    assert {pair.margin for pair in read_rows(run / "pair" / "pairs", Pair)} == {0.625}


def test_chains_that_are_all_wrong_make_no_pairs_by_outcome_and_nothing_is_written(tmp_path, capsys):
    run = scored_run(tmp_path, PairingPlan(), [0.0] * 4)
    told = refused(capsys, "pair", "--run", str(run))
    assert "no pair is left of 6 questions (6 below the band, 0 above, 0 without two different answers)" in told
    assert not (run / "pair").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pairing.margin", "0.5"], "margin=0.5 is a setting of pairs by score, and these are made by outcome"),
        (["--pairing.by", "score", "--pairing.most", "2"], "most=2 is a setting of pairs by outcome"),
        (["--pairing.by", "scores"], "by='scores': pairs are made by outcome or score"),
    ],
)
def test_a_setting_of_the_other_rule_is_refused_before_anything_is_made(words, told, tmp_path, capsys):
    err = refused(capsys, "run", "inkgrid", "--run", str(tmp_path / "run"), *words)
    assert told in " ".join(err.replace("│", " ").split())
    assert not (tmp_path / "run").exists()


def test_a_recipe_of_pairs_by_score_reads_back_from_its_yaml(tmp_path):
    plans = replace(recipe_at(NOWHERE), pairing=PairingPlan(by="score", margin=0.5, above=2.0, least_judged=3, seed=4))
    save_recipe(tmp_path / "mine.yaml", plans)
    assert read_recipe(tmp_path / "mine.yaml") == plans

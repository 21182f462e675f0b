"""Pairs by the command line: of a judge's scores, and what is said where no pair can be made."""

from dataclasses import replace
from pathlib import Path

import pytest
from said_errors import sentence
from served_oracle import serve
from wired_runs import SAMPLED, judging, oracle_chains, pages, write_recipe

from seewhy.cli.main import main
from seewhy.records.lineage import MANIFEST, read_manifest
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Chain, FinishReason, Outcome, Pair, Style, Verdict
from seewhy.runs.choice import Choice, choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import find_recipe
from seewhy.stages.pair import PairChains

ASKED = 6
"""Questions of the made up chains."""


def refused(capsys, *words: str) -> str:
    assert main(words) == 2
    return sentence(capsys.readouterr().err)


def pairing(place: Path, rule: Choice) -> Recipe:
    """Chains and verdicts from outside, paired."""
    return Recipe(
        name="paired", inputs={"chains": str(place / "chains"), "verdicts": str(place / "verdicts")},
        steps={"pairs": PairChains(chains="chains", verdicts="verdicts", rule=rule)},
    )  # fmt: skip


def scored(place: Path, rule: Choice, scores: list[float | None]) -> list[str]:
    """The words that pair chains with these scores, no two of a question alike, into `place/run`."""
    chains: list[Chain] = []
    verdicts: list[Verdict] = []
    for name in map(str, range(ASKED)):
        for index, score in enumerate(scores):
            chains.append(Chain(question_id=name, index=index, style=Style.REASON, text=f"{index} ### Answer: 1",
                                stop=FinishReason.END, sampler="made up", seed=0))  # fmt: skip
            outcome = Outcome.UNJUDGED if score is None else Outcome.INCORRECT
            verdicts.append(Verdict(question_id=name, index=index, style=Style.REASON, judge="made up",
                                    outcome=outcome, score=score))  # fmt: skip
    write_shard(place / "chains", 0, chains, Chain)
    write_shard(place / "verdicts", 0, verdicts, Verdict)
    return ["run", write_recipe(place, pairing(place, rule)), "--run", str(place / "run")]


def test_a_judge_s_scores_become_pairs_of_the_best_and_the_worst_chain(tmp_path):
    """The oracle knows the page: a chain that it grades best is right, and one that it grades worst is wrong."""
    place, run = oracle_chains(tmp_path), tmp_path / "run"
    with serve(pages(tmp_path), tmp_path / "files") as server:
        judged = judging(server.base_url, place, "rubric")
        rule = choose("by_score", margin=1.0, above=2.0)
        pair = PairChains(chains="chains", verdicts="verdicts", rule=rule)
        recipe = write_recipe(tmp_path, replace(judged, steps={**judged.steps, "pairs": pair}))
        assert main(["run", recipe, "--run", str(run)]) == 0
    said = {(row.question_id, row.index): row for row in read_rows(run / "verdicts", Verdict)}
    of_text = {(row.question_id, row.text): said[row.question_id, row.index] for row in read_rows(place, Chain)}
    pairs = list(read_rows(run / "pairs", Pair))
    assert 1 < len(pairs) == len({pair.question_id for pair in pairs})
    for pair in pairs:
        chosen, rejected = (of_text[pair.question_id, one.text] for one in (pair.chosen, pair.rejected))
        scores = [row.score for (name, _), row in said.items() if name == pair.question_id]
        assert (chosen.score, rejected.score) == (max(scores), min(scores))
        assert (chosen.outcome, rejected.outcome) == (Outcome.CORRECT, Outcome.INCORRECT)
        assert pair.margin == chosen.score - rejected.score >= 1.0
        assert pair.source.startswith("rubric by oracle, prompt ")
    counts = read_manifest(run / "pairs").counts
    assert counts["questions kept"] == len(pairs) == counts["rows"]
    dropped = sum(count for name, count in counts.items() if name.startswith("dropped "))
    assert counts["questions seen"] == SAMPLED == counts["questions kept"] + dropped


def test_verdicts_without_scores_make_no_pairs_by_score_and_the_remedy_is_told(tmp_path, capsys):
    told = refused(capsys, *scored(tmp_path, choose("by_score"), [None] * 4))
    assert f"{tmp_path / 'verdicts'}: no pair is left of 6 questions (6 too few scored chains)" in told
    assert "none of 24 verdicts by made up has a score (24 are unjudged)" in told
    assert "choose a judge that scores, such as rubric, or the rule by_outcome" in told
    assert not (tmp_path / "run" / "pairs" / MANIFEST).exists()


def test_a_margin_in_another_unit_than_the_judge_s_is_told_with_the_widest_gap_and_can_be_mended_in_place(
    tmp_path, capsys
):
    """0.25 and 0.875 are 0.625 apart; every question has both."""
    words = scored(tmp_path, choose("by_score", above=0.1), [0.5, 0.25, 0.875, None])
    told = refused(capsys, *words)
    assert "no pair is left of 6 questions (6 no margin)" in told
    assert "the widest gap of two scores is 0.625" in told
    assert not (tmp_path / "run" / "pairs" / MANIFEST).exists()
    assert main([*words, "--pairs.rule.margin", "0.6"]) == 0
    assert {pair.margin for pair in read_rows(tmp_path / "run" / "pairs", Pair)} == {0.625}


def test_chains_that_are_all_wrong_make_no_pairs_by_outcome(tmp_path, capsys):
    told = refused(capsys, *scored(tmp_path, choose("by_outcome"), [0.0] * 4))
    assert "no pair is left of 6 questions (6 below band)" in told
    assert "widen the band with lowest and highest" in told
    assert not (tmp_path / "run" / "pairs" / MANIFEST).exists()


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["--pairs.rule.margin", "0.5"], ("steps.pairs", "rule.margin is 0.5: by_outcome has no such setting")),
        (["--pairs.rule", "by_score", "--pairs.rule.most", "2"],
         ("steps.pairs", "rule.most is 2: by_score has no such setting")),
        (["--pairs.rule", "by_scores"], ("steps.pairs.rule", "'by_scores'; did you mean 'by_score'?")),
        (["--pairs.rule.lowest", "0.9"], ("steps.pairs", "rule: lowest", "0.9", "0.85")),
        (["--pairs.rule", "by_score", "--pairs.rule.margin", "0"], ("steps.pairs", "rule: margin", "0")),
    ],
)  # fmt: skip
def test_a_setting_that_a_rule_does_not_have_or_refuses_stops_a_run_before_anything_is_made(
    words, facts, tmp_path, capsys
):
    told = refused(capsys, "run", "inkgrid", "--run", str(tmp_path / "run"), *words)
    assert all(fact in told for fact in facts)
    assert not (tmp_path / "run").exists()


def test_a_recipe_of_pairs_by_score_reads_back_from_its_yaml(tmp_path):
    recipe = pairing(tmp_path, choose("by_score", margin=0.5, above=2.0, least_judged=3))
    assert find_recipe(write_recipe(tmp_path, recipe))[0] == recipe

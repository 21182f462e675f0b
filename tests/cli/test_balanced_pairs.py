"""Pairs by score with sides of balanced length, and answers in the gold one's words, by steps of a recipe."""

from dataclasses import replace
from pathlib import Path

import pytest
from said_errors import sentence
from wired_runs import write_recipe

from seewhy.cli.main import main
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.lineage import read_manifest
from seewhy.records.rows import RowReader
from seewhy.records.shards import write_shard
from seewhy.records.types import (
    Chain,
    FinishReason,
    Gold,
    MatchRule,
    Outcome,
    Pair,
    Question,
    Split,
    Style,
    Verdict,
)
from seewhy.runs.choice import choose
from seewhy.runs.open import open_run
from seewhy.runs.recipe import Recipe
from seewhy.stages.balance import DROPPED, BalanceLengths
from seewhy.stages.fix_answers import FIXED, FixAnswers
from seewhy.stages.pair import PairChains

ASKED = 60


def scored(place: Path) -> None:
    """Of three questions in four the better chain is 40 letters longer, of the fourth it is as much shorter."""
    chains: list[Chain] = []
    verdicts: list[Verdict] = []
    for number in range(ASKED):
        for index in range(2):
            is_long = (index == 1) == (number % 4 > 0)
            chains.append(Chain(question_id=str(number), index=index, style=Style.REASON, sampler="s", seed=0,
                                text=f"{index}{'.' * (60 if is_long else 20)}", stop=FinishReason.END))  # fmt: skip
            verdicts.append(Verdict(question_id=str(number), index=index, style=Style.REASON, judge="j",
                                    outcome=Outcome.INCORRECT, score=float(index)))  # fmt: skip
    write_shard(place / "chains", 0, chains, Chain)
    write_shard(place / "verdicts", 0, verdicts, Verdict)


def test_pairs_by_score_are_balanced_and_report_and_manifest_show_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored(tmp_path)
    step = PairChains(chains="chains", verdicts="verdicts", rule=choose("by_score", margin=1.0, balance=True))
    recipe = Recipe(
        name="paired", inputs={name: str(tmp_path / name) for name in ("chains", "verdicts")}, steps={"pairs": step}
    )
    words = ["run", write_recipe(tmp_path, recipe), "--run", str(tmp_path / "run")]
    assert main(words) == 0
    folder = tmp_path / "run" / "pairs"
    drawn, kept = (list(RowReader(place, Pair)) for place in (folder / "drawn", folder))
    assert len(drawn) == ASKED
    gaps = [len(pair.chosen.text) - len(pair.rejected.text) for pair in kept]
    assert abs(sum(gaps) / len(gaps)) < 8 < sum(len(one.chosen.text) - len(one.rejected.text) for one in drawn) / ASKED
    counts = read_manifest(folder).counts
    assert counts[DROPPED] == ASKED - len(kept)
    assert "characters on average" in " ".join(capsys.readouterr().out.split())
    run = open_run(tmp_path / "run")
    section = run.recipe.steps["pairs"].section(run, "pairs")
    assert (section.pairs, section.look.chosen_length) == (len(kept), sum(len(p.chosen.text) for p in kept) / len(kept))
    assert section.balance.startswith(f"{counts[DROPPED]} of {ASKED} pairs are left out")


def test_few_questions_with_a_pair_are_told_with_the_reasons_and_stop_the_run_below_the_floor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two of sixty questions have scores that differ."""
    scored(tmp_path)
    rows = list(RowReader(tmp_path / "verdicts", Verdict))
    few = [row if int(row.question_id) < 2 else replace(row, score=1.0) for row in rows]
    write_shard(tmp_path / "few", 0, few, Verdict)
    words = ["pair", "--chains", str(tmp_path / "chains"), "--verdicts", str(tmp_path / "few"), "--rule", "by_score"]
    assert main([*words, "--out", str(tmp_path / "kept")]) == 0
    told = "2 of 60 questions have a pair (58 no margin): the widest gap"
    assert told in " ".join(capsys.readouterr().out.split())
    assert main([*words, "--floor", "0.05", "--out", str(tmp_path / "stopped")]) == 2
    said = sentence(capsys.readouterr().err)
    assert told in said
    assert "floor" in said


def test_a_step_of_its_own_balances_any_pairs_and_another_seed_leaves_out_others(tmp_path: Path) -> None:
    scored(tmp_path)
    steps = {f"seed-{seed}": BalanceLengths(pairs="pairs", seed=seed) for seed in (0, 1)}
    pairs = PairChains(chains="chains", verdicts="verdicts", rule=choose("by_score"))
    recipe = Recipe(name="paired", inputs={name: str(tmp_path / name) for name in ("chains", "verdicts")},
                    steps={"pairs": pairs, **steps})  # fmt: skip
    assert main(["run", write_recipe(tmp_path, recipe), "--run", str(tmp_path / "run")]) == 0
    drawn, first, second = (list(RowReader(tmp_path / "run" / name, Pair)) for name in ("pairs", "seed-0", "seed-1"))
    assert first != second
    assert {pair.question_id for pair in (*first, *second)} <= {pair.question_id for pair in drawn}


def test_right_answers_are_put_in_the_gold_one_s_words_and_judged_again(tmp_path: Path) -> None:
    letter = Question(id="l", benchmark="b", split=Split.TRAIN, text="Which?", options=("dog", "cat"), facets={},
                      gold=Gold(answers=("B",), rule=MatchRule.LETTER))  # fmt: skip
    number = replace(letter, id="n", options=(), gold=Gold(answers=("12",), rule=MatchRule.RELAXED_NUMBER))
    said = {"l": ["So. ### Answer: B. cat", "So. ### Answer: A. dog", "So. ### Answer: B"],
            "n": ["So. ### Answer: 12 apples", "So. ### Answer: 13 apples", "Nothing."]}  # fmt: skip
    chains = [Chain(question_id=name, index=index, style=Style.REASON, text=text, token_ids=(5,), logprobs=(-1.0,),
                    stop=FinishReason.END, sampler="s", seed=0)
              for name, texts in said.items() for index, text in enumerate(texts)]  # fmt: skip
    for name, rows, record in (("questions", [letter, number], Question), ("chains", chains, Chain)):
        write_shard(tmp_path / name, 0, rows, record)
    recipe = Recipe(
        name="fixed", inputs={name: str(tmp_path / name) for name in ("questions", "chains")},
        steps={"fixed": FixAnswers(chains="chains", questions="questions")},
    )  # fmt: skip
    assert main(["run", write_recipe(tmp_path, recipe), "--run", str(tmp_path / "run")]) == 0
    folder = tmp_path / "run" / "fixed"
    rows = list(RowReader(folder / "chains", Chain))
    right = {"l": {0: "So. ### Answer: B"}, "n": {0: "So. ### Answer: 12"}}
    for row, before in zip(rows, chains, strict=True):
        text = right[row.question_id].get(row.index)
        assert row == (before if text is None else replace(before, text=text, token_ids=None, logprobs=None))
    asked, judge = {"l": letter, "n": number}, OutcomeJudge()
    assert list(RowReader(folder / "verdicts", Verdict)) == [judge(asked[row.question_id], row) for row in rows]
    assert read_manifest(folder / "chains").counts[FIXED] == 2

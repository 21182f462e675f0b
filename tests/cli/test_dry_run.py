"""What a run would pay is told before its first call: exactly where its rows are there, at most where they are not."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from served_oracle import bill_of, serve
from wired_runs import CANARY, CHAINS, SAMPLED, TAUGHT, draw_run, pages, recipe_at, sampled_run

from seewhy.cli.main import main
from seewhy.cli.recipes import save_recipe
from seewhy.judging.asking.splitting import split_sentences
from seewhy.judging.rubric import RubricJudge
from seewhy.recipes.plans import JudgePlan, Recipe
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Verdict
from seewhy.testing.scripted import ScriptedTalks

NOWHERE = "http://127.0.0.1:9/v1"
RATIONALE_TOKENS = 512
GRADE_TOKENS = RubricJudge(talks=ScriptedTalks(says=lambda request, number: "")).max_tokens
TOLL = re.compile(r"([\d,]+) requests, about ([\d,]+) tokens in, at most ([\d,]+) out, (\$[\d,.]+|no price is known)")
FIRST = re.compile(
    r"would be asked ([\d,]+) requests \(([\d,]+) kept already\) for [\d,]+ replies: about ([\d,]+) tokens"
)


def lines_of(capsys, *words: str) -> list[str]:
    capsys.readouterr()
    assert main(words) == 0
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def found(pattern: re.Pattern[str], lines: list[str], start: str) -> list[tuple[int, ...]]:
    """The whole numbers of a pattern in the lines that start so."""
    rows = [match for line in lines if line.startswith(start) for match in pattern.findall(line)]
    return [tuple(int(number.replace(",", "")) for number in row[:3]) for row in rows]


def saved(place: Path, recipe: Recipe) -> str:
    save_recipe(place / "mine.yaml", recipe)
    return str(place / "mine.yaml")


def test_a_whole_run_is_priced_stage_by_stage_and_in_all_without_a_call_and_is_not_begun(tmp_path, capsys):
    with serve(pages(tmp_path), tmp_path / "files") as server:
        mine = saved(tmp_path, recipe_at(server.base_url, judge="rubric"))
        lines = lines_of(capsys, "run", mine, "--run", str(tmp_path / "run"), "--dry-run")
        assert bill_of(server)["received"] == 0
    assert not (tmp_path / "run").exists()
    (distil,), (judge,) = found(FIRST, lines, "distil:"), found(FIRST, lines, "judge: oracle")
    assert (distil[0], judge[0]) == (TAUGHT, SAMPLED * CHAINS)
    assert (f"judge: no chains are sampled yet, so the most that the plan allows is counted: {SAMPLED * CHAINS} chains "
            f"({SAMPLED} questions, {CHAINS} each) of 96 tokens, ten a sentence") in lines  # fmt: skip
    (total,) = found(TOLL, lines, "in all: at most")
    assert total == (
        TAUGHT + SAMPLED * CHAINS, distil[2] + judge[2], TAUGHT * RATIONALE_TOKENS + SAMPLED * CHAINS * GRADE_TOKENS
    )  # fmt: skip
    assert lines[-1].endswith(", $0.00; canaries and calls that are tried again come on top")


def test_what_is_told_before_sampling_is_no_less_than_what_is_told_after_it(tmp_path, capsys):
    recipe = recipe_at(NOWHERE, judge="sentences")
    before = lines_of(capsys, "run", saved(tmp_path, recipe), "--run", str(tmp_path / "none"), "--dry-run")
    run = sampled_run(tmp_path, recipe)
    after = lines_of(capsys, "run", saved(tmp_path, recipe), "--run", str(run), "--dry-run")
    assert any("no chains are sampled yet" in line for line in before)
    assert not any("no chains are sampled yet" in line for line in after)
    (bound,), (exact,) = found(FIRST, before, "judge: oracle"), found(FIRST, after, "judge: oracle")
    assert bound[0] == exact[0] == SAMPLED * CHAINS
    assert bound[2] > exact[2]
    assert all(most >= then for most, then in zip(*found(TOLL, [before[-1], after[-1]], "in all"), strict=True))


def test_the_questions_about_facts_are_estimated_and_bounded_and_the_judge_asks_no_more(tmp_path, capsys):
    with serve(pages(tmp_path), tmp_path / "files") as server:
        run = sampled_run(tmp_path, recipe_at(server.base_url, judge="facts"))
        lines = lines_of(capsys, "judge", "--run", str(run), "--dry-run")
        chains = list(read_rows(run / "sample" / "chains", Chain))
        (told,) = (line for line in lines if "asks on" in line)
        likely, most = found(TOLL, lines, "judge: after the first replies it asks on:")
        assert likely[0] == sum(len(split_sentences(chain.text)) for chain in chains)
        assert most[0] == 20 * SAMPLED * CHAINS
        assert "if each sentence is a fact; at most" in told
        assert told.endswith("if each chain has 20 facts")
        assert main(["judge", "--run", str(run)]) == 0
        bill = bill_of(server)["billed"]
    checks = sum(row.usage.calls for row in read_rows(run / "judge" / "verdicts", Verdict)) - SAMPLED * CHAINS
    assert 0 < checks <= most[0]
    assert bill["completion_tokens"] <= most[2] + 1500 * SAMPLED * CHAINS + CANARY * 512


@pytest.mark.parametrize("judge", ["facts", "sentences"])
def test_a_judge_that_asks_on_is_summed_at_its_most(judge, tmp_path, capsys):
    mine = saved(tmp_path, recipe_at(NOWHERE, judge=judge))
    lines = lines_of(capsys, "run", mine, "--run", str(tmp_path / "run"), "--dry-run")
    likely, most = found(TOLL, lines, "judge: after the first replies it asks on:")
    (total,) = found(TOLL, lines, "in all: at most")
    assert total[0] == TAUGHT + SAMPLED * CHAINS + most[0]
    assert likely[0] <= most[0]
    assert most[0] == SAMPLED * CHAINS * {"facts": 20, "sentences": 1}[judge]


def test_what_was_answered_before_is_not_priced_again_nor_what_followed_from_it(tmp_path, capsys):
    """Verdicts of a stopped run are lost and its replies kept: all requests are known, and all are answered."""
    with serve(pages(tmp_path), tmp_path / "files") as server:
        run = sampled_run(tmp_path, recipe_at(server.base_url, judge="facts"))
        assert main(["judge", "--run", str(run)]) == 0
        whole = lines_of(capsys, "judge", "--run", str(run), "--dry-run")
        (run / "judge" / "verdicts" / "_manifest.json").unlink()
        lines = lines_of(capsys, "judge", "--run", str(run), "--dry-run")
    assert whole == ["judge: its verdicts are there, and nobody would be asked"]
    (line,) = lines
    requests, kept, sent = found(FIRST, lines, "judge:")[0]
    assert requests == kept > SAMPLED * CHAINS
    assert sent == 0
    assert "for 0 replies" in line


def test_money_is_summed_over_stages_and_held_against_the_bound(tmp_path, capsys):
    """What is sent is free here, and a million tokens out are 100 dollars."""
    prices = tmp_path / "prices.yaml"
    prices.write_text("oracle: {input: 0.0, output: 100.0, source: made up, as_of: 2026-11}\n")
    recipe = recipe_at(NOWHERE, judge="rubric")
    dollars = 100 * (TAUGHT * RATIONALE_TOKENS + SAMPLED * CHAINS * GRADE_TOKENS) / 1e6
    for bound, is_told in ((1.0, True), (5.0, False)):
        spend = replace(recipe.spend, is_free=False, prices=str(prices), dollars=bound)
        mine = saved(tmp_path, replace(recipe, spend=spend))
        lines = lines_of(capsys, "run", mine, "--run", str(tmp_path / "run"), "--dry-run")
        assert f"out, ${dollars:.2f}; canaries" in lines[-1]
        assert lines[-1].endswith("; --spend.dollars 1 stops the run where that is spent") is is_told


def test_a_model_without_a_price_has_no_total_of_money_and_never_zero(tmp_path, capsys):
    recipe = recipe_at(NOWHERE, judge="rubric")
    mine = saved(tmp_path, replace(recipe, spend=replace(recipe.spend, is_free=False)))
    lines = lines_of(capsys, "run", mine, "--run", str(tmp_path / "run"), "--dry-run")
    assert "out, no price is known; canaries" in lines[-1]
    assert "$" not in " ".join(lines)


def test_a_run_that_asks_nobody_says_so_and_draws_nothing(tmp_path, capsys):
    assert lines_of(capsys, "run", "inkgrid", "--run", str(tmp_path / "run"), "--dry-run") == [
        "distil: teacher oracle costs nothing",
        "judge: outcome asks nobody, which costs nothing",
        "in all: nothing would be asked over a wire",
    ]
    assert not (tmp_path / "run").exists()


def test_a_judge_of_ones_own_may_ask_more_than_can_be_known_and_that_is_said(tmp_path, capsys):
    """A judge that does not say what it asks on is taken at its first requests."""
    mine = saved(tmp_path, replace(recipe_at(NOWHERE), judge=JudgePlan(name="seewhy.judging.rubric")))
    lines = lines_of(capsys, "run", mine, "--run", str(tmp_path / "run"), "--dry-run")
    assert "judge: what seewhy.judging.rubric asks after the first replies cannot be known" in lines
    assert ", without what seewhy.judging.rubric asks after the first replies, which cannot be known; " in lines[-1]


def test_a_run_of_another_recipe_is_not_priced_and_its_own_is_priced_by_its_own_rows(tmp_path, capsys):
    recipe = recipe_at(NOWHERE, judge="rubric")
    run = draw_run(tmp_path, recipe)
    other = saved(tmp_path, replace(recipe, judge=replace(recipe.judge, blind=True)))
    assert main(["run", other, "--run", str(run), "--dry-run"]) == 2
    assert "judge.blind: false here, true asked" in " ".join(capsys.readouterr().err.split())
    lines = lines_of(capsys, "run", saved(tmp_path, recipe), "--run", str(run), "--dry-run")
    assert not any("draw questions" in line for line in lines)
    assert found(FIRST, lines, "distil:")[0][0] == TAUGHT


@pytest.mark.parametrize("stage", ["distil", "judge"])
def test_a_stage_of_a_run_that_is_not_begun_can_be_priced_from_its_recipe(stage, tmp_path, capsys):
    mine = saved(tmp_path, recipe_at(NOWHERE, judge="rubric"))
    lines = lines_of(capsys, stage, "--run", str(tmp_path / "run"), "--recipe", mine, "--dry-run")
    assert found(FIRST, lines, stage)[0][0] == {"distil": TAUGHT, "judge": SAMPLED * CHAINS}[stage]
    assert not (tmp_path / "run").exists()

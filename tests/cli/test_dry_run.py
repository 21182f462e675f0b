"""The price of a run is known before its first call: exactly where its rows are there, at most where they are not."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from priced_runs import CANARY, CHAINS, MACHINE, SAMPLED, TAUGHT, pages, recipe_at, run_until, saved
from said_errors import sentence
from served_oracle import bill_of, serve

from seewhy.cli.main import main
from seewhy.endpoints.plan import SpendPlan
from seewhy.judging.asking.splitting import split_sentences
from seewhy.judging.rubric import RubricJudge
from seewhy.records.lineage import MANIFEST
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Verdict
from seewhy.runs.discovery import class_of
from seewhy.testing.scripted import ScriptedChat

NOWHERE = "http://127.0.0.1:9/v1"
RATIONALE_TOKENS = 512
GRADE_TOKENS = RubricJudge(chat_model=ScriptedChat(says=lambda request, number: "")).max_tokens
COST = re.compile(r"([\d,]+) requests, about ([\d,]+) tokens in, at most ([\d,]+) out, (\$[\d,.]+|no price is known)")
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


def dry_run(capsys, mine: str, run: Path, *words: str) -> list[str]:
    return lines_of(capsys, "run", mine, "--run", str(run), "--dry-run", *words)


def test_a_whole_run_is_priced_step_by_step_and_in_all_without_a_call_and_is_not_begun(tmp_path, capsys):
    with serve(pages(tmp_path), tmp_path / "files") as server:
        lines = dry_run(capsys, saved(tmp_path, recipe_at(server.base_url, judge="rubric")), tmp_path / "run")
        assert bill_of(server)["received"] == 0
    assert not (tmp_path / "run").exists()
    (taught,), (judged,) = found(FIRST, lines, "rationales"), found(FIRST, lines, "verdicts: oracle")
    assert (taught[0], judged[0]) == (TAUGHT, SAMPLED * CHAINS)
    (assumed,) = (line for line in lines if "no chains are there yet" in line)
    assert f"{SAMPLED * CHAINS} chains ({SAMPLED} questions, {CHAINS} each, of at most 96 tokens)" in assumed
    (total,) = found(COST, lines, "in all: at most")
    assert total == (
        TAUGHT + SAMPLED * CHAINS, taught[2] + judged[2], TAUGHT * RATIONALE_TOKENS + SAMPLED * CHAINS * GRADE_TOKENS
    )  # fmt: skip
    assert ", $0.00; " in lines[-1]


def test_the_price_before_sampling_is_no_less_than_the_one_after_it(tmp_path, capsys):
    recipe = recipe_at(NOWHERE, judge="sentences")
    before = dry_run(capsys, saved(tmp_path, recipe), tmp_path / "none")
    run = run_until(tmp_path, recipe, "questions", "chains")
    after = dry_run(capsys, saved(tmp_path, recipe), run)
    assert any("no chains are there yet" in line for line in before)
    assert not any("no chains are there yet" in line for line in after)
    (bound,), (exact,) = found(FIRST, before, "verdicts: oracle"), found(FIRST, after, "verdicts: oracle")
    assert bound[0] == exact[0] == SAMPLED * CHAINS
    assert bound[2] > exact[2]
    assert all(most >= then for most, then in zip(*found(COST, [before[-1], after[-1]], "in all"), strict=True))


def test_the_questions_about_facts_are_estimated_and_bounded_and_the_judge_asks_no_more(tmp_path, capsys):
    with serve(pages(tmp_path), tmp_path / "files") as server:
        recipe = recipe_at(server.base_url, judge="facts")
        run = run_until(tmp_path, recipe, "questions", "chains")
        lines = dry_run(capsys, saved(tmp_path, recipe), run, "--only", "verdicts")
        chains = list(read_rows(run / "chains", Chain))
        (asks_on,) = (line for line in lines if "asks on" in line)
        likely, most = found(COST, lines, "verdicts: after the first replies it asks on:")
        assert likely[0] == sum(len(split_sentences(chain.text)) for chain in chains)
        assert most[0] == 20 * SAMPLED * CHAINS
        assert "if each sentence is a fact; at most" in asks_on
        assert asks_on.endswith("if each chain has 20 facts")
        run_until(tmp_path, recipe, "verdicts")
        bill = bill_of(server)["billed"]
    checks = sum(row.usage.calls for row in read_rows(run / "verdicts", Verdict)) - SAMPLED * CHAINS
    assert 0 < checks <= most[0]
    assert bill["completion_tokens"] <= most[2] + 1500 * SAMPLED * CHAINS + CANARY * 512


@pytest.mark.parametrize("judge", ["facts", "sentences"])
def test_a_judge_that_asks_on_is_summed_at_its_most(judge, tmp_path, capsys):
    lines = dry_run(capsys, saved(tmp_path, recipe_at(NOWHERE, judge=judge)), tmp_path / "run")
    likely, most = found(COST, lines, "verdicts: after the first replies it asks on:")
    (total,) = found(COST, lines, "in all: at most")
    assert total[0] == TAUGHT + SAMPLED * CHAINS + most[0]
    assert likely[0] <= most[0]
    assert most[0] == SAMPLED * CHAINS * {"facts": 20, "sentences": 1}[judge]


def test_what_was_answered_before_is_not_priced_again_nor_what_followed_from_it(tmp_path, capsys):
    """Verdicts of a stopped run are lost and its replies kept: all requests are known, and all are answered."""
    with serve(pages(tmp_path), tmp_path / "files") as server:
        recipe = recipe_at(server.base_url, judge="facts")
        run = run_until(tmp_path, recipe, "questions", "chains", "verdicts")
        whole = dry_run(capsys, saved(tmp_path, recipe), run, "--only", "verdicts")
        (run / "verdicts" / MANIFEST).unlink()
        lines = dry_run(capsys, saved(tmp_path, recipe), run, "--only", "verdicts")
    assert whole == ["verdicts: its rows are there, and no server would be asked", "in all: no server would be asked"]
    line, total = lines
    requests, kept, sent = found(FIRST, [line], "verdicts:")[0]
    assert requests == kept > SAMPLED * CHAINS
    assert sent == 0
    assert "for 0 replies" in line
    assert total == "in all: no server would be asked"


def test_money_is_summed_over_steps_and_held_against_the_bound(tmp_path, capsys):
    """What is sent is free here, and a million tokens out are 100 dollars."""
    prices = tmp_path / "prices.yaml"
    prices.write_text("oracle: {input: 0.0, output: 100.0, source: made up, as_of: 2026-11}\n")
    dollars = 100 * (TAUGHT * RATIONALE_TOKENS + SAMPLED * CHAINS * GRADE_TOKENS) / 1e6
    for bound, is_told in ((1.0, True), (5.0, False)):
        machine = replace(MACHINE, spend=SpendPlan(prices=str(prices), dollars=bound))
        mine = saved(tmp_path, recipe_at(NOWHERE, judge="rubric"), machine)
        lines = dry_run(capsys, mine, tmp_path / "run")
        assert f"out, ${dollars:.2f}; " in lines[-1]
        assert ("--machine.spend.dollars 1 stops the run" in lines[-1]) is is_told


def test_a_model_without_a_price_has_no_total_of_money_and_never_zero(tmp_path, capsys):
    mine = saved(tmp_path, recipe_at(NOWHERE, judge="rubric"), replace(MACHINE, spend=SpendPlan()))
    lines = dry_run(capsys, mine, tmp_path / "run")
    assert "out, no price is known; " in lines[-1]
    assert "$" not in " ".join(lines)


def test_a_run_that_asks_no_server_says_so_and_draws_nothing(tmp_path, capsys):
    assert dry_run(capsys, "inkgrid", tmp_path / "run") == ["in all: no server would be asked"]
    assert not (tmp_path / "run").exists()


def test_a_judge_of_ones_own_may_ask_more_than_can_be_known_and_that_is_said(tmp_path, capsys):
    """A judge that does not say what it asks on is taken at its first requests."""
    mine = saved(tmp_path, recipe_at(NOWHERE, judge="seewhy.judging.rubric"))
    lines = dry_run(capsys, mine, tmp_path / "run")
    assert "verdicts: what seewhy.judging.rubric asks after the first replies cannot be known" in lines
    assert ", without what seewhy.judging.rubric asks after the first replies, which cannot be known; " in lines[-1]


SILENT = '''
from dataclasses import dataclass
from seewhy.records.types import Chain, Verdict
from seewhy.runs.api import ModelKind, Need, RowStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent(RowStage):
    """It says nothing of what it asks."""

    chains: str
    model: str
    rows = Verdict

    def block_size(self):
        return 10

    def needs(self):
        return (Need(field="chains", ref=self.chains, wants=Chain),
                Need(field="model", ref=self.model, wants=ModelKind.SERVER))

    def inputs(self, run):
        return list(run.read(self.chains, Chain))

    def worker(self, run, models):
        raise ValueError("nothing is run in this test")
'''


def test_a_stage_of_ones_own_that_says_nothing_is_unknown_and_not_free(tmp_path, capsys):
    (tmp_path / "silent.py").write_text(SILENT)
    silent = class_of("stages", f"{tmp_path / 'silent.py'}:Silent")(chains="chains", model="teacher")
    recipe = recipe_at(NOWHERE, judge="rubric")
    mine = saved(tmp_path, replace(recipe, steps={**recipe.steps, "more": silent}))
    lines = dry_run(capsys, mine, tmp_path / "run")
    assert "more: what more asks cannot be known" in lines
    assert ", without what more asks, which cannot be known; " in lines[-1]


def test_finished_rows_are_priced_as_they_are_and_a_change_that_would_lose_them_is_refused(tmp_path, capsys):
    recipe = recipe_at(NOWHERE, judge="rubric")
    run = run_until(tmp_path, recipe, "questions", "chains")
    assert found(FIRST, dry_run(capsys, saved(tmp_path, recipe), run), "rationales")[0][0] == TAUGHT
    fewer = replace(recipe, steps={**recipe.steps, "questions": replace(recipe.steps["questions"], train=10)})
    assert main(["run", saved(tmp_path, fewer), "--run", str(run), "--dry-run"]) == 2
    error = sentence(capsys.readouterr().err)
    assert "step questions" in error
    assert "count is 20 there and 10 here" in error
    lines = dry_run(capsys, saved(tmp_path, fewer), run, "--remake")
    assert found(FIRST, lines, "rationales")[0][0] == TAUGHT


@pytest.mark.parametrize("step", ["rationales", "verdicts"])
def test_a_step_of_a_run_that_is_not_begun_can_be_priced_alone(step, tmp_path, capsys):
    mine = saved(tmp_path, recipe_at(NOWHERE, judge="rubric"))
    lines = dry_run(capsys, mine, tmp_path / "run", "--only", step)
    assert found(FIRST, lines, step)[0][0] == {"rationales": TAUGHT, "verdicts": SAMPLED * CHAINS}[step]
    assert found(COST, lines, "in all")[0][0] == {"rationales": TAUGHT, "verdicts": SAMPLED * CHAINS}[step]
    assert not (tmp_path / "run").exists()

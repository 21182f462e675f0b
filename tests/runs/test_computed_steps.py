"""Judging by rule and pairing in worker processes: the same rows as in one, whatever the processes."""

from pathlib import Path
from typing import cast

import pytest

from seewhy.records.rows import RowReader
from seewhy.records.shards import shard_path, write_shard
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Pair, Question, Split, Style, Verdict
from seewhy.runs.blocks import block_of, sent_block
from seewhy.runs.machine import Machine
from seewhy.runs.question_chains import JudgedRanges
from seewhy.runs.recipe_text import find_recipe
from seewhy.runs.run import OpenRun
from seewhy.runs.runner import Runner
from seewhy.runs.workers import WORTH_STARTING, RunWorker
from seewhy.stages.pair import PairChains

QUESTIONS, CHAINS = 4100, 2
"""Nine blocks to judge, two to pair."""
RECIPE = """
name: computed
seed: 0
inputs: {drawn: DATA/chains, asked: DATA/questions}
steps:
  verdicts: {stage: judge, chains: drawn, questions: asked, judge: outcome}
  pairs: {stage: pair, chains: drawn, verdicts: verdicts, rule: {kind: by_outcome, lowest: 0.2, highest: 0.9, most: 1}}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("computed")
    questions = [
        Question(id=f"q{n}", benchmark="sums", split=Split.TRAIN, text=f"{n} + 1?", gold=Gold(answers=(str(n + 1),),
                 rule=MatchRule.EXACT), facets={}) for n in range(QUESTIONS)
    ]  # fmt: skip
    chains = [
        Chain(question_id=f"q{n}", index=index, style=Style.REASON, text=f"By {index}.\n### Answer: {n + index % 2}",
              stop=FinishReason.END, sampler="sums", seed=0) for n in range(QUESTIONS) for index in range(CHAINS)
    ]  # fmt: skip
    for name, rows, record in (("questions", questions, Question), ("chains", chains, Chain)):
        (place / name).mkdir()
        write_shard(place / name, 0, rows, record)
    (place / "recipe.yaml").write_text(RECIPE.replace("DATA", str(place)))
    return place


def test_rows_of_two_processes_are_those_of_one(data: Path) -> None:
    found = []
    for workers in (1, 2):
        run = OpenRun(root=data / f"run-{workers}", recipe=find_recipe(str(data / "recipe.yaml"))[0],
                      machine=Machine(workers=workers))  # fmt: skip
        runner, node = Runner(run=run, command=""), run.nodes["pairs"]
        # Few blocks are not worth processes that are not there yet.
        assert runner.workers.map(node, list(range(WORTH_STARTING - 1)), []) is None
        begun = runner.workers.map(node, list(range(WORTH_STARTING)), [])
        assert (begun is not None, runner.workers.pool is not None) == (workers == 2, workers == 2)
        assert list(runner.go(list(run.nodes.values())))
        rows = [[path.read_bytes() for path in sorted(run.place(ref).glob("*.parquet"))] for ref in run.nodes]
        found.append((rows, [run.manifest(ref).counts for ref in run.nodes]))
    assert found[0] == found[1]
    assert [len(files) for files in found[0][0]] == [9, 2]
    assert len(RowReader(data / "run-2" / "verdicts", Verdict)) == QUESTIONS * CHAINS
    assert len(RowReader(data / "run-2" / "pairs", Pair)) == QUESTIONS


def test_a_worker_that_is_sent_its_block_does_not_look_for_it(data: Path, tmp_path: Path) -> None:
    run = OpenRun(root=tmp_path, recipe=find_recipe(str(data / "recipe.yaml"))[0], machine=Machine(workers=1))
    assert list(Runner(run=run, command="").go(list(run.nodes.values())))
    unit, shard = run.nodes["pairs"].unit, shard_path(run.place("pairs"), 1)
    assert isinstance(unit, PairChains)
    inputs, written = unit.inputs(run), shard.read_bytes()
    shard.unlink()
    sent = sent_block(inputs, 1, unit.block_size())
    assert sent == block_of(inputs, 1, unit.block_size()) != block_of(inputs, 0, unit.block_size())
    assert sent_block(list(inputs), 1, unit.block_size()) is None
    worker = RunWorker(run)
    assert worker.do("pairs", 1, sent).done.inputs == len(sent)
    assert shard.read_bytes() == written
    assert cast(JudgedRanges, worker.unit("pairs").inputs).found == ()

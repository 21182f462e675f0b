"""The recipe `scenes` at a very small size: from random weights to a measurement, on pictures that the test writes."""

from pathlib import Path

import pytest
import torch
from benchmarks.written_scenes import write_source

from seewhy.cli.main import main
from seewhy.model.families.hub import HubModel
from seewhy.records.shards import read_rows
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Question
from seewhy.runs.open import open_run
from seewhy.runs.run import OpenRun

SMALL = {
    "questions.train": 60, "questions.validation": 0, "questions.test": 4, "untrained.width": 32,
    "untrained.layers": 1, "untrained.tower-width": 32, "untrained.tower-layers": 1, "untrained.words": 400,
    "untrained.tower.steps": 24, "untrained.tower.batch-size": 16, "untrained.tower.learning-rate": 1e-2,
    "short.ask": 48, "again.ask": 16, "rationales.ask": 48, "lessons.ask": 48, "lessons.format-aligned": 0,
    "base.fit.learning-rate": 5e-3, "sft.fit.learning-rate": 1e-2, "sft.fit.epochs": 8, "chains.ask": 12,
    "chains.after": 48, "chains.per-question": 8, "chains.temperature": 1.0, "pairs.rule.lowest": 0.01,
    "pairs.rule.highest": 0.99, "test.max-tokens": 24,
}  # fmt: skip


def run_small(root: Path, until: str) -> OpenRun:
    words = ["run", "scenes", "--run", str(root / "run"), "--workers", "1", "--threads", "1", "--until", until,
             "--questions.source", str(write_source(root / "source"))]  # fmt: skip
    assert main([*words, *(word for name, value in SMALL.items() for word in (f"--{name}", str(value)))]) == 0
    return open_run(root / "run")


def weights(run: OpenRun, name: str) -> dict[str, torch.Tensor]:
    return HubModel.load(run.place(name) / "model", label=name).net.state_dict()


@pytest.mark.nightly
def test_a_tower_learns_from_random_weights_and_stays_as_it_is_while_words_are_learned(tmp_path):
    run = run_small(tmp_path, "base")
    tower = list(read_steps(run.place("untrained") / "steps.jsonl"))
    assert len(tower) == 24
    assert tower[-1].loss < tower[0].loss / 2
    assert tower[-1].terms["colour"] > tower[0].terms["colour"]
    before, after = weights(run, "untrained"), weights(run, "base")
    moved = [name for name in after if not torch.equal(after[name], before[name])]
    assert moved
    assert not any("vision_tower" in name for name in moved)


@pytest.mark.nightly
def test_it_is_taught_in_both_styles_preferred_and_measured(tmp_path):
    run = run_small(tmp_path, "test")
    assert [ref for ref in run.nodes if not run.is_done(ref)] == ["report"]
    for later, start in (("sft-direct", "base"), ("sft", "base"), ("dpo", "sft")):
        ours, before = weights(run, later), weights(run, start)
        assert any(not torch.equal(ours[name], before[name]) for name in ours), later
    assert len(list(read_rows(run.place("questions.test"), Question))) == 4

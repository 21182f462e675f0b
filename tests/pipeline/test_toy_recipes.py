"""Every shipped system at toy size, end to end with its real stages; teachers and judges answer over loopback HTTP."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import stopped_recipe

from seewhy.cli.main import main
from seewhy.records.columns import Record
from seewhy.records.lineage import MANIFEST, hash_directory
from seewhy.records.shards import count_rows, read_rows
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain, Question, Verdict
from seewhy.runs.api import PageStage, RowStage, TrainStage
from seewhy.runs.open import open_run
from seewhy.runs.recipe_text import recipe_names, recipe_sizes
from seewhy.runs.run import OpenRun
from seewhy.stages.judge import Judge

SHORT = ("grpo", "mm-cot-rlaif")
SYSTEMS = [name for name in recipe_names() if recipe_sizes(name)]
LONG = [name for name in SYSTEMS if name not in SHORT]

FIGURES = {
    "ares": ("Win rate: wins-", "both orders agree in", "Corrections: corrected-1", 'id="facets"'),
    "cascade": ('id="facets"', "Margin by stream", "Reward", "Trained on"),
    "llava-reasoner": ("mix-both (direct) 12, mix-both (reason) 12", "Tokens kept", 'id="facets"', 'id="choices"',
                       "best way to choose", 'id="credit"', "wrong sentence"),
    "mdpo": ("Trained on", "mdpo", "Picture withheld"),
    "mm-cot-rlaif": ("Temperature", ">0.4<", ">0.8<", "Judged: grades"),
    "mm-cot-rlaif-repaired": ("Temperature", ">0.4<", ">0.8<", "Judged: grades"),
    "mpo": ('id="facets"', "Margin by stream", "Trained on"),
    "rlaif-v": ("Judged: rejected-base", "Judged: rejected-dpo-4", "Trained on"),
}  # fmt: skip
"""What redraws the papers' figures: composition, truncation, best of N, credit, temperatures, win rate, facts."""


def run_toy(name: str, place: Path) -> OpenRun:
    words = ["run", name, "--size", "toy", "--run", str(place / name), "--workers", "1", "--threads", "1"]
    assert main(words) == 0
    run = open_run(place / name)
    assert [ref for ref in run.nodes if not run.is_done(ref)] == []
    page = (run.root / "report" / "index.html").read_text()
    assert [words for words in FIGURES.get(name, ()) if words not in page] == []
    return run


def require_trained(run: OpenRun) -> None:
    """Every training has moved its model, from the model that its recipe names."""
    for node in run.nodes.values():
        if isinstance(node.unit, TrainStage):
            assert list(read_steps(run.place(node.ref) / "steps.jsonl")), node.ref
            start = next(need.ref for need in node.unit.needs() if need.field == "start")
            assert run.identity(node.ref) != run.identity(start), node.ref


def require_judged(run: OpenRun) -> None:
    """Every judge that asks a model has said something of most of its chains."""
    for node in run.nodes.values():
        if isinstance(node.unit, Judge) and node.unit.model:
            scores = [row.score for row in read_rows(run.place(node.ref), Verdict)]
            assert sum(score is not None for score in scores) > len(scores) / 2, node.ref


def test_grpo_draws_trains_and_measures(tmp_path):
    run = run_toy("grpo", tmp_path)
    require_trained(run)
    assert count_rows(run.place("grpo") / "rollouts" / "round-00001" / "chains") == 9


@pytest.mark.nightly
def test_mm_cot_rlaif_grades_without_pictures_and_its_report_has_the_table_of_temperatures(tmp_path):
    run = run_toy("mm-cot-rlaif", tmp_path)
    require_trained(run)
    require_judged(run)
    assert {row.judge.rpartition(", ")[2] for row in read_rows(run.place("grades"), Verdict)} == {"blind"}
    page = (run.root / "report" / "index.html").read_text()
    table = page.partition('id="measured"')[2].partition("</section>")[0]
    for cell in ("Temperature", "test-low", "test-high", ">0.4<", ">0.8<", "direct", "CoT", "Difference"):
        assert cell in table, cell


@pytest.mark.nightly
@pytest.mark.parametrize("name", LONG)
def test_a_system_runs_end_to_end(name, tmp_path):
    run = run_toy(name, tmp_path)
    require_trained(run)
    require_judged(run)


@pytest.mark.nightly
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_killed_in_every_unit_ends_as_one_that_was_let_be(name, tmp_path):
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, stopped_recipe.__file__, name, str(tmp_path)], env=alone, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "story.json").read_text())
    assert told["whole"]["status"] == 0, told["whole"]["said"]
    assert told["ends"][-1] == 0, told["said"]
    run = open_run(tmp_path / "run")
    pages = [ref for ref, node in run.nodes.items() if isinstance(node.unit, PageStage)]
    assert told["ends"][:-1] == [-9] * len(run.nodes)
    for ref, node in run.nodes.items():
        place = run.place(ref)
        other = tmp_path / "reference" / place.relative_to(run.root)
        assert (place / MANIFEST).is_file()
        if isinstance(node.unit, RowStage):
            # A reply that was kept when the process was killed costs nothing the second time.
            same = hash_directory(place) == hash_directory(other)
            assert same or unpaid(place, node.unit.rows) == unpaid(other, node.unit.rows), ref
        elif ref not in pages:
            assert weights(place) == weights(other), ref


def unpaid(place: Path, record: type[Record]) -> list[dict[str, object]]:
    """The rows of a step, but for what they cost."""
    return [{**asdict(row), "usage": None} for row in read_rows(place, record)]


def weights(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((place / "model").glob("*.safetensors"))}


def test_an_oracle_of_the_run_knows_the_pages_of_all_its_questions(tmp_path):
    """Two steps make questions; the judge of the chains of the second knows them too."""
    recipe = tmp_path / "two.yaml"
    recipe.write_text("""
name: two
models:
  base: {path: tiny}
  judge: {base_url: oracle, model: oracle}
steps:
  first: {stage: questions, train: 2, validation: 0, test: 0}
  second: {stage: questions, train: 0, validation: 0, test: 2}
  chains: {stage: sample, model: base, questions: second.test, per_question: 1, max_tokens: 8}
  grades: {stage: judge, chains: chains, judge: {kind: rubric}, model: judge}
""")
    assert main(["run", str(recipe), "--run", str(tmp_path / "run"), "--workers", "1", "--threads", "1"]) == 0
    verdicts = list(read_rows(tmp_path / "run" / "grades", Verdict))
    assert {row.question_id for row in verdicts} == {
        row.id for row in read_rows(tmp_path / "run" / "second" / "test", Question)
    }
    assert all(row.score is not None for row in verdicts)
    assert {row.text for row in read_rows(tmp_path / "run" / "chains", Chain)}

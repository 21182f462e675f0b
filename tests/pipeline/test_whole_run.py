"""A whole run that is stopped again and again ends, to the bit, as one that was let be; a finished one is left alone.

One small run of the shipped model is shared by all tests here; how good that model is changes nothing in them.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import small_run

from seewhy.records.lineage import MANIFEST
from seewhy.records.shards import count_rows, read_rows
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain

KILLS = [name for name in small_run.STOPS if name.startswith("killed")]
TRAINED = ["sft", "mpo"]
ROWS = {"questions", "rationales", "lessons", "chains", "verdicts", "pairs", "reference", "test", "verifier", "credit"}
"""Steps that leave rows."""
INTERVAL = 3


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> SimpleNamespace:
    """What `small_run.py` did and where; on one thread, for sums of floats depend on their number."""
    place = tmp_path_factory.mktemp("story")
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, small_run.__file__, str(place)], env=alone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((place / "story.json").read_text())
    return SimpleNamespace(**told, let_be=place / "reference", stopped=place / "run")


def hold(root: Path, pattern: str) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob(pattern)}


def without_seconds(value: object) -> object:
    """The summary, but for what no two runs share."""
    return {name: inner for name, inner in value.items() if name != "seconds"} if isinstance(value, dict) else value


def test_the_run_that_is_let_be_ends_well(story):
    assert story.whole["status"] == 0, story.whole["said"]
    assert count_rows(story.let_be / "pairs") >= 3


@pytest.mark.parametrize("name", KILLS)
def test_the_kill_strikes_where_it_should(story, name):
    assert story.stops[name]["status"] == -signal.SIGKILL, story.stops[name]["said"]


def test_the_run_that_was_stopped_ends_well(story):
    assert story.last["status"] == 0, story.last["said"]


def test_a_run_that_was_stopped_has_the_rows_of_one_that_was_let_be(story):
    rows = hold(story.let_be, "*.parquet")
    assert {path.split("/")[0] for path in rows} == ROWS
    stopped = hold(story.stopped, "*.parquet")
    assert stopped.keys() == rows.keys()
    assert [path for path in rows if stopped[path] != rows[path]] == []


@pytest.mark.parametrize("place", TRAINED)
def test_a_training_that_was_stopped_has_the_losses_and_weights_of_one_that_was_let_be(story, place):
    steps = [read_steps(root / place / "steps.jsonl") for root in (story.let_be, story.stopped)]
    assert len(steps[0]) >= 2
    losses = [[(step.step, step.loss, step.learning_rate) for step in run] for run in steps]
    assert losses[0] == losses[1]
    weights = [hold(root / place / "model", "*.safetensors") for root in (story.let_be, story.stopped)]
    assert weights[0]
    assert weights[0] == weights[1]


def test_the_summary_of_a_run_that_was_stopped_is_that_of_one_that_was_let_be(story):
    summaries = [json.loads((root / "report" / "summary.json").read_text()) for root in (story.let_be, story.stopped)]
    assert without_seconds(summaries[0]) == without_seconds(summaries[1])


def test_the_fine_tuned_model_draws_what_is_paired_and_what_is_verified(story):
    """Verifying itself, a model finds few chains of the kinds that its pairs told apart."""
    drawers = [{row.sampler for row in read_rows(story.let_be / place, Chain)}
               for place in ("chains", "verifier/chains")]  # fmt: skip
    assert drawers == [{"sft"}, {"sft"}]
    assert "by N chains of SFT and one answer" in (story.let_be / "report" / "index.html").read_text()


def test_nothing_half_written_is_left(story):
    left = [path for path in story.stopped.rglob("*") if path.name.endswith((".tmp", ".part", ".partial"))]
    assert left == []


def test_a_second_call_changes_no_file(story):
    assert story.again["status"] == 0, story.again["said"]
    assert story.changed == []


def test_a_second_call_is_quick(story):
    assert story.again["seconds"] < story.whole["seconds"] / 4


def test_the_report_is_one_page_that_needs_nothing_beside_it(story):
    page = (story.let_be / "report" / "index.html").read_text()
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert page.count("data:image/png;base64,") >= 3
    assert 'src="http' not in page
    assert '<link rel="stylesheet"' not in page


def test_the_summary_has_every_key_that_machines_are_promised(story):
    summary = json.loads((story.let_be / "report" / "summary.json").read_text())
    assert summary["n"] == 6
    for model in ("base", "sft", "mpo"):
        for style in ("direct", "cot"):
            value, low, high = summary["accuracy"][model][style]
            assert 0 <= low <= value <= high <= 1
            assert 0 <= summary["no_answer"][model][style] <= 1
            assert 0 <= summary["unjudged"][model][style] <= 1
        assert len(summary["blind"][model]["cot"]) == INTERVAL
    for pair in ("sft_vs_base", "mpo_vs_sft"):
        difference, low, high = summary["paired"][pair]
        assert -1 <= low <= difference <= high <= 1
    for method in ("self_consistency", "best_of_n", "weighted_vote"):
        assert summary["verifier"][method].keys() == {"1", "2", "4"}
        assert all(len(point) == INTERVAL for point in summary["verifier"][method].values())
    assert summary["credit_auroc"] is None or len(summary["credit_auroc"]) == INTERVAL
    assert summary["seconds"].keys() >= ROWS | {"sft", "mpo"}
    assert all(seconds >= 0 for seconds in summary["seconds"].values())
    assert summary["versions"].keys() >= {"python", "seewhy", "torch", "transformers"}


@pytest.mark.parametrize(
    ("name", "file"), [("starved of its pictures", r"\.png"), ("starved of a checkpoint", "sft/checkpoint-2")]
)
def test_a_disk_without_room_is_told_with_the_file_and_the_remedy(story, name, file):
    stopped = story.stops[name]
    assert stopped["status"] == 2, stopped["said"]
    said = " ".join(stopped["said"].partition("seewhy: ")[2].split())
    assert file.replace("\\", "") in said
    assert "cannot write" in said
    assert "File too large" in said
    assert "Make room" in said
    assert "the same command again" in said


def test_a_damaged_picture_is_told_with_its_question_and_the_run_goes_on_when_it_is_mended(story):
    damaged = story.picture["damaged"]
    assert damaged["status"] == 2, damaged["said"]
    said = " ".join(damaged["said"].partition("seewhy: ")[2].split())
    assert "question inkgrid/test/0/0: picture" in said
    assert "replace the file or drop the question" in said
    assert story.picture["mended"]["status"] == 0, story.picture["mended"]["said"]
    assert story.picture["same"]


def test_too_long_a_prompt_is_told_with_its_question_and_what_was_made_before_stays(story):
    assert story.long["status"] == 2, story.long["said"]
    said = story.long["said"].partition("seewhy: ")[2]
    what, remedy = said.splitlines()[0], said.partition("  remedy: ")[2]
    assert what.startswith("question long: its prompt has")
    assert what.endswith("a prompt is never truncated")
    assert remedy.startswith("Shorten the question, its pictures or the reply")
    kept = story.let_be.parent / "own"
    assert count_rows(kept / "questions" / "train") == 2
    assert count_rows(kept / "rationales" / "chains") == 2
    assert not (kept / "sft" / "steps.jsonl").exists()


def test_a_manifest_stands_beside_every_kind_of_rows(story):
    places = {path.parent for path in story.let_be.rglob("*.parquet")}
    assert [place for place in places if not (place / MANIFEST).is_file()] == []

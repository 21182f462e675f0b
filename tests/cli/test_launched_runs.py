"""A run in several processes, as a user starts it: by `--processes`, by torchrun, by accelerate."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import seewhy
from seewhy.cli.main import main
from seewhy.records.lineage import read_manifest
from seewhy.records.step_logs import read_steps

OPTIONS = shlex.split("""
--questions.train 8 --questions.validation 2 --questions.test 2 --questions.shifted 0 --rationales.ask 6
--lessons.ask 6 --sft.fit.batch-size 4 --sft.fit.learning-rate 1e-4 --machine.guard.probe-questions 0 --workers 1
""")
ROOT = Path(seewhy.__file__).parents[1]
SIDES = ("torchrun", "accelerate")


def started(*words: str) -> subprocess.CompletedProcess[str]:
    """A command of its own, with one thread a process."""
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *words], env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run up to its first training, in two processes."""
    run = tmp_path_factory.mktemp("launched") / "run"
    ended = started("-m", "seewhy", "run", "inkgrid", "--run", str(run), "--until", "sft", "--processes", "2", *OPTIONS)
    assert ended.returncode == 0, ended.stderr
    lines = [line for line in ended.stdout.splitlines() if line.startswith("sft: done")]
    assert len(lines) == 1, ended.stdout
    return run


def test_a_run_in_two_processes_leaves_what_a_run_in_one_leaves(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The step that was trained by two is finished for one, and its folder holds what one would have written."""
    assert main(["run", "inkgrid", "--run", str(place), "--until", "sft", *OPTIONS]) == 0
    assert "sft: finished before" in capsys.readouterr().out
    assert read_manifest(place / "sft").counts["steps"] == len(read_steps(place / "sft" / "steps.jsonl")) > 0
    assert (place / "sft" / "model" / "model.safetensors").is_file()
    assert (place / "sft" / "model" / "chat_template.jinja").is_file()


def test_what_every_process_finds_wrong_is_said_once(place: Path) -> None:
    wrong = started("-m", "seewhy", "step", str(place), "dessert", "--processes", "2")
    assert wrong.returncode == 2
    said = [line for line in wrong.stderr.splitlines() if line.startswith("seewhy: ")]
    assert len(said) == 1
    assert "dessert" in said[0]


@pytest.mark.nightly
@pytest.mark.parametrize("side", SIDES)
def test_a_step_is_trained_by_the_processes_of_a_launcher(place: Path, side: str) -> None:
    before = read_steps(place / "sft" / "steps.jsonl")
    launcher = {
        "torchrun": ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        "accelerate": ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
    }
    (place / "sft" / "_manifest.json").unlink()
    for path in place.glob("sft/checkpoint-*"):
        shutil.rmtree(path)
    for path in place.glob("sft/*.json*"):
        path.unlink()
    ended = started(*launcher[side], "-m", "seewhy", "step", str(place), "sft")
    assert ended.returncode == 0, ended.stderr
    after = read_steps(place / "sft" / "steps.jsonl")
    assert [log.loss for log in after] == pytest.approx([log.loss for log in before], rel=1e-5)

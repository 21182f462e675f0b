"""Two machines train together and one is lost: the other ends with a word, and the run goes on on what is left."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

import seewhy
from seewhy.records.step_logs import read_steps

OPTIONS = shlex.split("""
--questions.train 12 --questions.validation 2 --questions.test 2 --questions.shifted 0 --rationales.ask 10
--lessons.ask 10 --sft.fit.batch-size 2 --sft.fit.epochs 20 --sft.fit.learning-rate 1e-4
--machine.guard.probe-questions 0 --machine.save-every 2 --workers 1
""")
ROOT = Path(seewhy.__file__).parents[1]
PROMPT = 45.0
"""Seconds in which a survivor must have ended after a kill; half an hour is what torch would wait."""
SILENT = 60.0 + 45.0
"""The same where the lost machine closes no connection: a minute without a sign of life, and the end."""


def variables() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def seewhy_on(*words: str) -> subprocess.CompletedProcess[str]:
    """A command in one process."""
    return subprocess.run(
        [sys.executable, "-m", "seewhy", *words], env=variables(), capture_output=True, text=True, check=False
    )


def node(rank: int, port: int, run: Path, said: Path) -> subprocess.Popen[bytes]:
    """One of two machines, as torchrun starts it."""
    words = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--node-rank", str(rank)]
    words += ["--nproc-per-node", "1", "--master-addr", "127.0.0.1", "--master-port", str(port)]
    with said.open("wb") as file:
        return subprocess.Popen(
            [*words, "-m", "seewhy", "step", str(run), "sft"], env=variables(), stdout=file, stderr=file
        )


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """A launcher and all that it has started."""
    top = psutil.Process(process.pid)
    return [top, *top.children(recursive=True)]


def end(processes: Iterable[psutil.Process]) -> None:
    """Kill those that are still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def two_nodes(run: Path) -> Generator[tuple[list[subprocess.Popen[bytes]], list[Path]]]:
    """Both; what is left of them is ended."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    said = [run / f"node-{rank}.txt" for rank in (0, 1)]
    nodes = [node(rank, port, run, said[rank]) for rank in (0, 1)]
    known: list[psutil.Process] = []
    try:
        yield nodes, said
    finally:
        for one in nodes:
            if one.poll() is None:
                known += family(one)
        end(known)
        for one in nodes:
            one.wait()


def steps_of(run: Path) -> int:
    return len(read_steps(run / "sft" / "steps.jsonl"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run up to its training, and a whole one beside it."""
    run = tmp_path_factory.mktemp("nodes") / "run"
    assert seewhy_on("run", "inkgrid", "--run", str(run), "--until", "lessons", *OPTIONS).returncode == 0
    shutil.copytree(run, run.parent / "whole")
    ended = seewhy_on("step", str(run.parent / "whole"), "sft")
    assert ended.returncode == 0, ended.stderr
    return run


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("lost", "blow", "limit"),
    [(1, signal.SIGKILL, PROMPT), (0, signal.SIGKILL, PROMPT), (1, signal.SIGSTOP, SILENT)],
    ids=["second killed", "first killed", "second silent"],
)
def test_a_lost_node_ends_the_other_and_one_process_goes_on(
    place: Path, tmp_path: Path, lost: int, blow: signal.Signals, limit: float
) -> None:
    run = tmp_path / "run"
    shutil.copytree(place, run)
    with two_nodes(run) as (nodes, said):
        deadline = time.monotonic() + 240
        while steps_of(run) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert steps_of(run) >= 5, said[0].read_text() + said[1].read_text()
        gone = family(nodes[lost])
        for process in gone:
            process.send_signal(blow)
        struck = time.monotonic()
        code = nodes[1 - lost].wait(timeout=limit)
        assert time.monotonic() - struck < limit
        end(gone)
    words = said[1 - lost].read_text()
    assert code != 0
    assert "the same command goes on from there" in words, words
    reached = steps_of(run)
    assert reached < steps_of(place.parent / "whole"), "the run was over before it was struck"
    ended = seewhy_on("step", str(run), "sft")
    assert ended.returncode == 0, ended.stderr
    logs, whole = (read_steps(one / "sft" / "steps.jsonl") for one in (run, place.parent / "whole"))
    assert [log.step for log in logs] == [log.step for log in whole]
    assert [log.loss for log in logs] == pytest.approx([log.loss for log in whole], rel=1e-3)
    assert [log.learning_rate for log in logs] == [log.learning_rate for log in whole]

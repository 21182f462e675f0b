"""One run has one writer: a second process is refused at once, told who the first is, and leaves all as it was."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stopped_step
from stopped_step import COUNT, go, run, steps_of

from seewhy.cli.main import main
from seewhy.records.lineage import read_manifest
from seewhy.records.shards import shard_numbers
from seewhy.runs.lock import LOCK, only_writer, writer_of
from seewhy.runs.recipe_text import build_recipe, save_recipe

HOLD = """
import sys
from pathlib import Path
from seewhy.runs.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes in `tmp_path/run`."""
    words = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_at_once_and_told_who_the_first_is(holder, tmp_path, capsys):
    root, name = tmp_path / "run", tmp_path / "teach.yaml"
    recipe, _ = build_recipe(steps_of(root), "teach.yaml")
    save_recipe(name, recipe)
    before = sorted(path.name for path in root.iterdir())
    started = time.monotonic()
    assert main(["run", str(name), "--run", str(root)]) == 2
    assert time.monotonic() - started < 5
    told = capsys.readouterr().err
    assert str(root) in told
    assert f"is being written by process {holder.pid} on {socket.gethostname()}" in told
    assert sorted(path.name for path in root.iterdir()) == before
    assert writer_of(root) == f"process {holder.pid} on {socket.gethostname()}"


def test_a_writer_that_is_killed_leaves_the_run_to_the_next(holder, tmp_path):
    root = tmp_path / "run"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert writer_of(root) == ""
    assert run(root).counts["inputs"] == COUNT


def test_two_processes_of_the_same_command_make_each_row_once(tmp_path):
    root = tmp_path / "run"
    steps_of(root)
    words = [sys.executable, stopped_step.__file__, "slow", str(root)]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    codes = [process.returncode for process in both]
    # The slower of them to start is refused, unless the first had finished by then.
    for code, process, words_said in zip(codes, both[::-1], said, strict=True):
        if code:
            assert f"is being written by process {process.pid} on" in words_said
    assert 0 in codes
    assert shard_numbers(root / "teach") == [0, 1, 2, 3]
    assert read_manifest(root / "teach").counts["inputs"] == COUNT


def test_the_lock_ends_with_an_error_and_other_runs_are_not_held(holder, tmp_path):
    other = tmp_path / "other"
    with pytest.raises(ValueError, match="the lamp went out"):
        run(other, fails_at=3)
    assert writer_of(other) == ""
    go(other, steps_of(other))


def test_nobody_writes_where_no_run_was(tmp_path):
    assert writer_of(tmp_path / "nowhere") == ""


@pytest.mark.parametrize("below", ["file", "file/below"])
def test_a_directory_that_cannot_be_made_is_named(below, tmp_path):
    (tmp_path / "file").write_text("mine")
    told = r"file.* cannot be made a run's directory .*another folder"
    with pytest.raises(OSError, match=told), only_writer(tmp_path / below):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_who_asks_whether_a_run_is_written_does_not_keep_it_from_beginning(tmp_path):
    """`writer_of` holds the file shared while it looks: here for 50 ms, as on a slow disk."""
    with only_writer(tmp_path):
        pass
    with (tmp_path / LOCK).open() as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        ends = threading.Timer(0.05, fcntl.flock, (looked_at, fcntl.LOCK_UN))
        ends.start()
        with only_writer(tmp_path):
            assert writer_of(tmp_path) == f"process {os.getpid()} on {socket.gethostname()}"
        ends.join()

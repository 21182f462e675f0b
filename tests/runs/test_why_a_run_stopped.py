"""A run that an error has stopped says so until it goes on: when, and in the error's own words."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stopped_step import go, run, steps_of

from seewhy.cli.main import main
from seewhy.runs.lock import LOCK, end_of, only_writer, writer_of

STOPPED = re.compile(r"stopped (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00: the lamp went out)\n")
HELD = """
import signal
import sys
from pathlib import Path
from seewhy.runs.lock import only_writer
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell has begun us in the background
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_status_says_why_a_run_stopped_until_it_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = tmp_path / "run"
    with pytest.raises(ValueError, match="the lamp went out"):
        run(root, fails_at=3)
    assert main(["status", str(root)]) == 1
    (told,) = STOPPED.findall(capsys.readouterr().out)
    assert main(["status", str(root), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["end"] == told
    assert writer_of(root) == ""
    go(root, steps_of(root))
    assert main(["status", str(root)]) == 0
    assert "stopped" not in capsys.readouterr().out
    assert end_of(root) == ""


def test_a_refused_command_is_no_end_of_a_run_that_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = tmp_path / "run"
    run(root)
    with pytest.raises(ValueError, match="the lamp went out"), only_writer(root):
        raise ValueError("the lamp went out")
    assert "the lamp went out" in end_of(root)
    assert main(["status", str(root)]) == 0
    assert "the lamp" not in capsys.readouterr().out


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "stopped by Ctrl-C"), (signal.SIGKILL, "")])
def test_a_person_who_stops_a_run_is_named_and_a_kill_says_nothing(number, said, tmp_path: Path):
    words = [sys.executable, "-c", HELD, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert end_of(tmp_path) == ""
        assert writer_of(tmp_path).startswith(f"process {process.pid} on ")
        os.kill(process.pid, number)
        process.wait(60)
    assert end_of(tmp_path).partition(": ")[2] == said


def test_words_of_several_lines_and_of_no_text_are_kept_and_the_next_writer_takes_them_away(tmp_path: Path):
    with pytest.raises(ValueError, match="two"), only_writer(tmp_path):
        raise ValueError("one\ntwo \udcff")
    assert end_of(tmp_path).endswith(": one\ntwo ?")
    with pytest.raises(MemoryError), only_writer(tmp_path):
        raise MemoryError
    assert end_of(tmp_path).endswith(": MemoryError")
    with only_writer(tmp_path):
        pass
    assert (tmp_path / LOCK).read_text().count("\n") == 1
    assert end_of(tmp_path) == ""

"""Whatever is wrong is told in three lines, what, where and the remedy, with exit status 2 and without a trace."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from three_lines import SEVERAL
from wrong_words import TABLE

from seewhy.cli.complaint import complaint_of
from seewhy.cli.main import COMMANDS, main
from seewhy.runs.discovery import kind_names

RECIPE = """
name: small
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 4, validation: 0, test: 2}
  own: {stage: direct, questions: questions.train}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a small run and one of everything that is not what a command wants."""
    place = tmp_path_factory.mktemp("all wrong, ä")
    (place / "small.yaml").write_text(RECIPE)
    before = Path.cwd()
    os.chdir(place)
    try:
        assert main(["run", "small.yaml", "--run", "run", "--workers", "1", "--skip-preflight"]) == 0
    finally:
        os.chdir(before)
    for name in ("empty.jsonl", "empty.csv", "empty.yaml", "empty.png", "empty.parquet"):
        (place / name).touch()
    for name in ("folder", "folder.yaml", "folder.jsonl", "folder.png"):
        (place / name).mkdir()
    (place / "bad.yaml").write_text("name: [x")
    (place / "list.yaml").write_text("[1, 2]")
    (place / "bad.jsonl").write_text("{\n")
    (place / "wide.jsonl").write_bytes(b"\xff\xfe\x00")
    (place / "wide.csv").write_bytes(b"\xff\xfe\x00")
    (place / "text.txt").write_text("hello\n")
    (place / "text.png").write_text("hello\n")
    (place / "text.parquet").write_text("hello\n")
    (place / "mine.csv").write_text("id,question,answer,split\n1,What?,A,test\n")
    (place / "damaged").mkdir()
    (place / "damaged" / "recipe.yaml").write_text("name: x\n")
    return place


STARTED = "own/part-00000.parquet"
"""Of rows whose record is seen only when they are read."""
CASES = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("line", "fact"), CASES, ids=[line for line, _ in CASES])
def test_what_is_wrong_is_told_in_three_lines(line, fact, made, capsys, monkeypatch):
    monkeypatch.chdir(made)
    shutil.rmtree(made / "x", ignore_errors=True)
    assert main(shlex.split(line)) == 2
    said = capsys.readouterr()
    assert said.out == "" or fact == STARTED
    assert SEVERAL.fullmatch(said.err), said.err
    assert fact in said.err.partition("\n  where:")[0], said.err
    assert "Traceback" not in said.err


def test_every_main_command_has_wrong_inputs_in_the_table():
    assert {*COMMANDS, "sample", "judge", "pair", "train", "evaluate"} <= {line.split()[0] for line, _ in CASES}


@pytest.mark.parametrize("name", [*COMMANDS, *kind_names("stages")])
def test_every_command_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert f"seewhy {name}" in said.out


def child(words, **more):
    return subprocess.run([sys.executable, "-m", "seewhy", *words], capture_output=True, check=False, **more)


def env_of(**values):
    known = {name: value for name, value in os.environ.items() if name not in ("HOME", "PYTHONIOENCODING")}
    return {**known, "PYTHONPATH": str(Path(__file__).parents[2]), **values}


def test_a_reader_that_goes_ends_a_command_quietly(made):
    command = [sys.executable, "-m", "seewhy", "run", "inkgrid", "--help"]
    with subprocess.Popen(command, env=env_of(HOME="/"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()  # as `| head` does
        assert running.wait() == 141
        assert running.stderr.read() == b""


def test_a_full_disk_is_told_and_what_to_do_about_it(made):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "seewhy", "recipe", "list"], stdout=full, stderr=subprocess.PIPE,
                              env=env_of(HOME="/"), check=False)  # fmt: skip
    assert done.returncode == 2
    assert b"No space left on device" in done.stderr
    assert b"remedy: free space" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_terminal_without_unicode_and_a_user_without_home_are_no_error(made):
    done = child(["recipe", "show", str(made / "small.yaml")], env=env_of(PYTHONIOENCODING="ascii", LC_ALL="C"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert yaml.safe_load(done.stdout)["name"] == "small"
    missing = child(["status", "nirgendwo-ä"], env=env_of(PYTHONIOENCODING="ascii", LC_ALL="C"))
    assert missing.returncode == 2
    assert b"holds no run" in missing.stderr


INTERRUPTED = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("seewhy", run_name="__main__")
"""
"""The command where Ctrl-C arrives: a shell that starts the tests in its background has all of them ignore it."""


def test_ctrl_c_ends_a_run_with_130_and_the_same_command_goes_on(made, tmp_path):
    words = ["run", str(made / "small.yaml"), "--run", str(tmp_path / "run"), "--questions.train", "100000"]
    command = [sys.executable, "-c", INTERRUPTED, *words]
    with subprocess.Popen(command, env=env_of(HOME="/"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline().startswith(b"[1/2] questions")
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        error = running.stderr.read()
        assert running.wait() == 130, error
    assert b"stopped; the same command goes on from here" in error
    assert b"Traceback" not in error


def test_a_place_with_spaces_and_umlauts_is_a_place_like_any_other(made, capsys, monkeypatch):
    monkeypatch.chdir(made.parent)
    assert main(["status", str(made / "run"), "--json"]) == 0
    assert [one["state"] for one in json.loads(capsys.readouterr().out)["units"]] == ["finished"] * 3


def test_errors_of_the_system_name_the_path(made, monkeypatch, capsys):
    monkeypatch.chdir(made)
    assert main(["report", "run", "--out", "text.txt/x"]) == 2
    said = capsys.readouterr().err
    assert complaint_of(OSError("odd"), ["run"]).what == "odd"
    assert "text.txt" in said
    assert SEVERAL.fullmatch(said), said


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("the loss is 2; with both equal it is 1. The rows are of another model: run the stage again", "run the stage "
         "again"),
        ("verdicts: 1 of 9 questions have a pair: widen the band, or sample more; or lower `floor`", "widen the band, "
         "or sample more; or lower `floor`"),
        ("a log-prob is not finite; score the chain again", "score the chain again"),
        ("x.safetensors was cut: it has 3 bytes; copy it again", "copy it again"),
        ("x.jsonl:1: no gold answer; grade with --questions", "grade with --questions"),
        ("meta.json: set.annotation is 5; give a path", "give a path"), ("meta.json: train: odd; name it", "name it"),
    ],
)  # fmt: skip
def test_the_remedy_begins_where_the_message_says_what_to_do(text, remedy):
    assert complaint_of(ValueError(text), ["train"]).remedy == remedy

"""`--json` of every command that has it: standard output is one JSON document, whatever is warned of on the way."""

import json
import logging
import os
import shlex
import shutil
import warnings
from pathlib import Path

import pytest

from seewhy.cli.main import COMMANDS, main

DOCS = Path(__file__).parents[2] / "docs"
RECIPE = """
name: small
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 4, validation: 0, test: 2, shifted: 0}
  own: {stage: direct, questions: questions.train}
  chains: {stage: distil, questions: questions.train, ask: 2, teacher: {kind: oracle}}
  lessons: {stage: imitate, chains: chains, verdicts: chains.verdicts}
"""
SAYS_WHAT_IT_DOES = ("run", "judge")
"""Those with progress, on standard error."""
LINES = """
run small.yaml --run again --workers 1 --skip-preflight | 0
step run own | 0
status run | 0
report run | 0
plan small.yaml | 0
recipe list | 0
recipe show small.yaml | 0
recipe check small.yaml | 0
judge --chains run/chains/chains --questions run/questions/train --out verdicts | 0
data list | 0
data import jsonl_of_none --root . --split test | 2
data check tabmwp --root tabmwp | 2
data convert mine out --to llamafactory_pair | 2
data stats run/own | 0
data push run/own me/own --dry-run | 0
push run/own me/own --dry-run | 0
grade replies.jsonl --questions mine.csv | 0
explain "### Answer: 4" --gold 4 | 0
calibrate outcome --count 4 | 0
ask tiny docs/examples/pages/sum.png "What is the sum of row 1?" --max-tokens 4 | 0
init new.yaml | 0
diff run run | 0
doctor | 01
"""
CASES = [tuple(part.strip() for part in line.split(" | ")) for line in LINES.strip().splitlines()]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a small run, questions and replies."""
    place = tmp_path_factory.mktemp("json")
    (place / "small.yaml").write_text(RECIPE)
    (place / "mine.csv").write_text("id,question,answer,split\n1,What?,A,test\n")
    (place / "replies.jsonl").write_text('{"id": "1", "text": "A"}\n')
    (place / "docs").symlink_to(DOCS)
    before = Path.cwd()
    os.chdir(place)
    try:
        assert main(["run", "small.yaml", "--run", "run", "--workers", "1", "--skip-preflight"]) == 0
    finally:
        os.chdir(before)
    return place


@pytest.fixture
def loud():
    """Warnings and log records of all libraries are shown, for as long as a test lasts."""
    root, level = logging.getLogger(), logging.getLogger().level
    handler = logging.StreamHandler()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("a library's warning", stacklevel=1)
        yield
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(("line", "status"), CASES, ids=[line for line, _ in CASES])
def test_standard_output_is_one_document_and_empty_after_an_error(line, status, made, loud, monkeypatch, capfd):
    monkeypatch.chdir(made)
    for name in ("again", "new.yaml", "verdicts", "out"):
        shutil.rmtree(made / name, ignore_errors=True) if (made / name).is_dir() else (made / name).unlink(
            missing_ok=True
        )
    code = main([*shlex.split(line), "--json"])
    said = capfd.readouterr()
    assert str(code) in status, said.err
    if code == 2:
        assert said.out == ""
        assert "remedy: " in said.err
    else:
        assert json.loads(said.out)
        assert not line.startswith(SAYS_WHAT_IT_DOES) or said.err.count("\n") > 1


def test_every_command_with_json_is_among_them(capsys):
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        assert ("--json" in capsys.readouterr().out) == (name in {line.split()[0] for line, _ in CASES}), name

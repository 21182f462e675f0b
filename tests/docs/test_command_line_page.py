"""docs/command-line.md names every command, every exit code and every `--json` of the code, and nothing else."""

import json
import re

import pytest
from docs.page_code import DOCS

from seewhy.cli.main import COMMANDS, UNREAD, main

PAGE = (DOCS / "command-line.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| `")]
TABLE = {row[0].strip("`").split()[0].rstrip("`,"): row for row in ROWS if len(row) == 5}
PARTS = {"data": ("import chartqa", "check chartqa", "convert", "stats", "push", "pull"), "oracle": ("serve",)}


def help_of(name, capsys):
    """The help of a command, and of its parts."""
    said = []
    for part in ("", *PARTS.get(name, ())):
        assert main([name, *part.split(), "--help"]) == 0
        said.append(capsys.readouterr().out)
    return "\n".join(said)


def test_the_table_has_every_command_once():
    assert list(TABLE) == sorted(TABLE, key=list(TABLE).index)
    assert set(TABLE) == set(COMMANDS)
    assert len(TABLE) == len([row for row in ROWS if len(row) == 5])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_which_commands_print_json(name, capsys):
    assert ("--json" in help_of(name, capsys)) == (TABLE[name][4] == "yes"), name


def test_the_exit_codes_are_those_of_the_code():
    codes = {int(found) for found in re.findall(r"^\| (\d+) \|", PAGE.partition("## Exit codes")[2], re.MULTILINE)}
    assert codes == {0, 1, 2, 130, UNREAD}


@pytest.mark.parametrize(
    "words",
    [["recipe", "list"], ["recipe", "show", "quick"], ["recipe", "check", "quick"], ["data", "list"],
     ["explain", "It is 4. ### Answer: 4", "--gold", "4"]],
    ids=" ".join,
)  # fmt: skip
def test_what_is_said_to_be_json_is_json(words, capsys):
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_the_example_of_an_error_is_what_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    row = {"id": "a", "question": "What?", "answer": "1", "split": "test"}
    lines = [row, {**row, "id": "b"}, {"id": "c", "question": "What?", "split": "test"}]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    (tmp_path / "replies.jsonl").write_text('{"id": "a", "text": "1"}\n')
    assert main(["grade", "replies.jsonl", "--questions", "mine.jsonl"]) == 2
    said = capsys.readouterr().err
    shown = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)[1]
    assert said == shown

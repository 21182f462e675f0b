"""`make raises` takes down a statement that ran, tells one that did not, and no row of its table is out of date."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from raises.unreached import ROOT, TABLE, Elsewhere, elsewhere, statements, unreached

HERE = Path(__file__).parent
FILE = """
def refuse(number):
    if number > 1:
        raise ValueError(
            "large")
    raise KeyError(number)
"""


def test_a_raise_is_taken_down_when_it_runs_and_those_beside_it_are_not(tmp_path):
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{ROOT}", "SEEWHY_RAISES": str(tmp_path)}
    command = [sys.executable, "-m", "seewhy.cli.main", "no-such-command"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, "no command of seewhy" in ended.stderr) == (2, True)
    reached = {line for file in tmp_path.iterdir() if file.is_file() for line in file.read_text("utf-8").splitlines()}
    mine = [raised for raised in statements(ROOT) if raised.path == "seewhy/cli/main.py"]
    assert [raised.text[:40] for raised in mine if raised.place in reached] == [
        "raise ValueError(f'{command!r} is no comm"[:40]
    ]
    assert len(mine) > 1


@pytest.mark.parametrize(
    ("reached", "rows", "left"),
    [
        ([], [], [4, 6]),
        (["seewhy/a.py:4"], [], [6]),
        (["seewhy/a.py:6"], [Elsewhere("seewhy/a.py", "'large'", "")], []),
        ([], [Elsewhere("seewhy/b.py", "'large'", "")], [4, 6]),
        ([], [Elsewhere("seewhy/a.py", "raise", "")], [4, 6]),
    ],
)
def test_what_was_not_reached_is_told_unless_a_row_names_it(reached, rows, left, tmp_path):
    (tmp_path / "seewhy").mkdir()
    (tmp_path / "seewhy" / "a.py").write_text(FILE)
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "7").write_text("".join(f"{place}\n" for place in reached))
    assert [raised.line for raised in unreached(tmp_path, tmp_path / "said", rows)] == left


def test_each_row_of_what_cannot_be_reached_names_one_statement_and_a_reason():
    found = statements(ROOT)
    rows = elsewhere(TABLE.read_text("utf-8"))
    assert [(row.path, row.words) for row in rows if sum(map(row.names, found)) != 1 or not row.reason] == []

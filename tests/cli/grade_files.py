"""Small prediction files and the scorecards that `seewhy grade` makes of them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from said_errors import sentence

from seewhy.cli.main import main

OPTIONS = ["a cat", "a dog", "a cow"]
Rows = Sequence[Mapping[str, object]]


def write(name: str, rows: Rows) -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return name


def ask(count: int = 6, **more: object) -> str:
    """Questions q0, q1, ...: the gold letters go A B C A B C; two and two are about one picture."""
    return write("questions.jsonl", [
        {"id": f"q{n}", "split": "test", "question": "Which?", "options": OPTIONS, "answer": "ABC"[n % 3],
         "image": f"p{n // 2}.png", "facets": {"kind": "odd" if n % 2 else "even"}, **more}
        for n in range(count)
    ])  # fmt: skip


def reply(letters: str, name: str = "replies.jsonl") -> str:
    return write(name, [{"question_id": f"q{n}", "text": f"The answer is ({letter})."} for n, letter in
                        enumerate(letters)])  # fmt: skip


def card(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["grade", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["grade", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return sentence(captured.err)


def process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seewhy.cli.main", "grade", *words], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip

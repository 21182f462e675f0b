"""math-verify's and lighteval's own tests as tables: the same verdicts, but for the rows that say why not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seewhy.judging.answers.matching import match_answer
from seewhy.judging.answers.math_process import MathProcess
from seewhy.records.types import Gold, MatchRule

TABLES = Path(__file__).parent.parent / "data" / "math_tables"


def rows_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (TABLES / name).read_text(encoding="utf-8").splitlines()]


ROWS = rows_of("math_verify.jsonl")


@pytest.fixture(scope="module")
def prove() -> Iterator[MathProcess]:
    prover = MathProcess(seconds=30)
    yield prover
    prover.close()


@pytest.mark.parametrize("row", [pytest.param(row, id=f"row-{n}") for n, row in enumerate(ROWS, start=1)])
def test_a_row_of_math_verifys_tests_has_its_verdict_or_says_why_not(prove, row):
    is_equal = prove(row["gold"], row["answer"]) is True
    assert is_equal == (row["equal"] if "differs" not in row else not row["equal"])


def test_few_rows_differ_and_each_says_why():
    assert len(ROWS) == 244
    assert sum("differs" in row for row in ROWS) == 6
    assert all(len(row.get("differs", "a reason")) > 5 for row in ROWS)


@pytest.mark.parametrize("row", rows_of("lighteval.jsonl"))
def test_a_row_of_lightevals_tests_has_its_verdict_or_says_why_not(prove, row):
    gold = Gold(answers=(row["gold"],), rule=MatchRule(row["rule"]))
    is_equal = match_answer(gold, row["answer"], (), prove).score == 1.0
    assert is_equal == (row["equal"] if "differs" not in row else not row["equal"])

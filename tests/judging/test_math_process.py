"""Formulas are compared in a child process that cannot hang its owner."""

import copy
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from seewhy.judging.answers.matching import match_answer
from seewhy.judging.answers.math_process import MathProcess
from seewhy.records.types import Gold, MatchRule

ENDLESS = "9^{9^{9^{9}}}"


@pytest.fixture(scope="module")
def prove() -> Iterator[MathProcess]:
    prover = MathProcess(seconds=3)
    yield prover
    prover.close()


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        (r"\frac{1}{2}", "0.5", True),
        (r"\frac{1}{2}", "0.6", False),
        (r"\sqrt{8}", r"2\sqrt{2}", True),
        (r"x^2 + 2x + 1", r"(x+1)^2", True),
        (r"\frac{1}{2}", "a cat sat", False),
        ("", "3", None),
    ],
)
def test_equal_formulas_are_equal_however_they_are_written(prove, gold, answer, expected):
    assert prove(gold, answer) is expected


def test_it_answers_on_a_thread_that_gets_no_signals(prove):
    answers: list[bool | None] = []
    thread = threading.Thread(target=lambda: answers.append(prove(r"\frac{2}{4}", r"\frac{1}{2}")))
    thread.start()
    thread.join()
    assert answers == [True]


def test_a_formula_without_end_is_unjudged_and_the_next_one_is_judged(prove):
    match = match_answer(Gold(answers=("3",), rule=MatchRule.MATH), ENDLESS, (), prove)
    assert match.score is None
    assert "took over 3 s" in match.why
    assert prove(r"\frac{2}{4}", "0.5") is True


def test_a_copy_that_travels_takes_its_settings_and_no_child(prove):
    copied = copy.copy(MathProcess(seconds=2))
    assert copied.seconds == 2


def test_the_child_ends_with_its_owner_whether_it_is_dropped_closed_or_left_to_the_end_of_the_program():
    code = """if True:
        import os, sys
        from seewhy.judging.answers.math_process import MathProcess
        kept, closed, dropped = MathProcess(), MathProcess(), MathProcess()
        pids = []
        for prover in (kept, closed, dropped):
            assert prover("1/2", "0.5")
            pids.append(prover._child.pid)
        closed.close()
        del prover, dropped
        gone = [not os.path.exists(f"/proc/{pid}") for pid in pids]
        print(pids[0], *gone)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    pid, *gone = done.stdout.split()
    assert gone == ["False", "True", "True"]
    assert not Path(f"/proc/{pid}").exists()

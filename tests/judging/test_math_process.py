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


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("2\\sqrt{2}", "√8"),
        ("2\\sqrt{2}", "2*sqrt(2)"),
        ("x^2+1", "x² + 1"),
        ("x^{10}", "x^10"),
        ("\\frac{1}{2}", "½"),
        ("\\sqrt{3}", "3^(1/2)"),
        ("10^{-5}", "1e-5"),
        ("\\frac{3}{4}\\pi", "3π/4"),
        ("(-\\infty, 3]", "(-∞, 3]"),
        ("60^\\circ", "60°"),
    ],
)
def test_signs_of_unicode_and_calculators_are_read(prove, gold, answer):
    assert prove(gold, answer) is True


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"6.63 \times 10^{-34}", r"9.11 \times 10^{-31}"),
        (r"1.6 \times 10^{-19}", r"1.6 \times 10^{-18}"),
        ("0.0000001", "0.0000002"),
        (r"\frac{1}{2004!}", r"\frac{1}{2006!}"),
        (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}"),
        (r"\frac{2^{2005}+1}{3 \cdot 2^{2006}}", r"\frac{1}{3 \cdot 2^{2006}}"),
        ("4", r"4\sqrt(2)"),
        (r"1, 2, \ldots, n", r"1, 3, 5, \ldots, 2n-1"),
        ("7", r"7 \ldots"),
        (r"12\pi", "12"),
        ("12x", "12y"),
        ("12x", "12"),
    ],
)
def test_small_numbers_and_formulas_read_in_part_are_not_equal(prove, gold, answer):
    for one, other in ((gold, answer), (answer, gold)):
        assert match_answer(Gold(answers=(one,), rule=MatchRule.MATH), other, (), prove).score == 0.0


UNDECIDABLE = """if True:
    import resource, sys, time
    from seewhy.judging.answers.matching import match_answer
    from seewhy.judging.answers.math_process import MathProcess
    from seewhy.records.types import Gold, MatchRule

    prover, gold = MathProcess(), Gold(answers=("\\\\sqrt{12}",), rule=MatchRule.MATH)
    assert prover("\\\\sqrt{8}", "2\\\\sqrt{2}")
    began = time.monotonic()
    first = match_answer(gold, sys.argv[1], (), prover)
    took, began = time.monotonic() - began, time.monotonic()
    is_same = [match_answer(gold, sys.argv[1], (), prover) for _ in range(10)] == [first] * 10
    again = time.monotonic() - began
    prover.close()
    print(took, again, is_same, first.score, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize(
    "formula", ["10^{10^9}", ENDLESS, "10000000!", "(x+y+z+w)^{400}", r"\sum_{k=1}^{10000000} \frac{1}{k^3}"]
)
def test_an_undecidable_formula_costs_little_time_and_memory_and_is_remembered(formula):
    """In a process of its own: the peak memory of children is counted over all that a process ever had."""
    done = subprocess.run([sys.executable, "-c", UNDECIDABLE, formula], capture_output=True, text=True, check=True)
    took, again, is_same, score, used = done.stdout.split()
    assert float(took) < 2.5
    assert float(again) < 0.1
    assert (is_same, score) == ("True", "None")
    assert int(used) < 512 << 10


def test_no_file_of_the_working_folder_is_imported(tmp_path):
    for name in ("math_verify", "json", "sympy", "sitecustomize", "resource"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'a').write(__name__)\n")
    code = """if True:
        import os
        import sys
        sys.path[0] = os.getcwd()
        from seewhy.judging.answers.math_process import MathProcess
        os.chdir(sys.argv[1])
        os.environ["PYTHONPATH"] = os.pathsep.join(["", ".", sys.argv[1]])
        print(MathProcess()("\\\\sqrt{8}", "2\\\\sqrt{2}"))
    """
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
    assert not (tmp_path / "ran").exists()


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

"""`seewhy explain` shows which rule read an answer, where, and what others would have made of it."""

import subprocess
import sys

import pytest
from said_errors import sentence

from seewhy.cli.main import main


def explained(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["explain", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_rule_the_place_and_the_verdict_are_shown(capsys):
    lines = explained(capsys, "The answer is a cat. ### Answer: B", "--rule", "letter", "--options", "4", "--gold", "B")
    assert lines == [
        "rule     answer mark, characters 33 to 34",
        "reply    The answer is a cat. ### Answer: ⟦B⟧",
        "answer   B",
        "gold     B  (rule letter)",
        "verdict  correct: 'B' is 'B'",
        "compat   the same verdict: vlmevalkit, lmms-eval, internvl",
    ]


def test_suites_that_differ_are_shown_with_what_they_read(capsys):
    lines = explained(capsys, "Because of it, A or B", "--rule", "letter", "--options", "cat", "dog", "--gold", "B")
    assert lines[0] == "rule     none: 'Because of it, A or B' names no single option"
    assert lines[3] == "verdict  no answer: 'Because of it, A or B' names no single option"
    assert "compat   internvl: correct, reads 'B': the first character" in lines
    assert lines[-1] == "compat   the same verdict: vlmevalkit"


def test_a_benchmarks_own_rule_is_asked_by_its_name(capsys):
    words = ("(A) [Answer] (B)", "--rule", "letter", "--options", "4", "--gold", "B", "--benchmark", "m3cot")
    assert any("official" in line for line in explained(capsys, *words))


def test_a_partial_score_is_shown(capsys):
    lines = explained(capsys, "### Answer: aple", "--rule", "anls", "--gold", "apple", "pear")
    assert lines[4] == "verdict  correct, score 0.800: 'aple' against 'apple': edit similarity 0.800"


def test_a_long_reply_is_shown_around_the_place_and_lines_stay_lines(capsys):
    lines = explained(capsys, "x" * 5000 + "\n### Answer: 12\n" + "y" * 5000, "--rule", "exact")
    assert lines[1] == f"reply    …{'x' * 147}"
    assert lines[2] == "         ### Answer: ⟦12⟧"
    assert lines[3] == f"         {'y' * 159}…"
    assert lines[-1] == "verdict  none: --gold names no right answer"


def test_a_reply_can_come_from_standard_input():
    command = [sys.executable, "-m", "seewhy.cli.main", "explain", "-", "--gold", "-5"]
    done = subprocess.run(command, input="### Answer: -5", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "verdict  correct" in done.stdout


@pytest.mark.parametrize("words", [("x", "--rule", "letter"), ("x", "--options", "1"), ("x", "--options", "27")])
def test_a_wrong_number_of_options_is_an_error_that_says_what_is_right(capsys, words):
    assert main(["explain", *words, "--gold", "B"]) == 2
    assert "--options needs 2 to 26 texts, or their number, such as --options 4" in sentence(capsys.readouterr().err)

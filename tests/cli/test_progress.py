"""What a stage says: plain lines on a pipe, a bar on a terminal, one line where nothing is left to do."""

import io
import re
import time

import pytest
from rich.console import Console
from seewhy.cli.progress import INSTANT, Screen

from seewhy.records.types import StepLog


def screen(width: int = 80, terminal: bool = False) -> tuple[Screen, io.StringIO]:
    """A screen of this width, and what is shown on it."""
    shown = io.StringIO()
    return Screen(console=Console(file=shown, width=width, force_terminal=terminal, color_system=None)), shown


def steps(first: int, count: int) -> list[StepLog]:
    terms = {"steps": float(count), "rows": 4.0}
    return [
        StepLog(step=step, loss=2.0 - step / 4, learning_rate=1e-3, terms=terms, seconds=0.1)
        for step in range(first, count)
    ]


def test_on_a_pipe_a_stage_says_what_it_does_and_then_how_long_it_took():
    shows, shown = screen()
    with shows.track("sample 16 chains a question", 2000, "questions") as advance:
        assert shown.getvalue() == "sample 16 chains a question: 2,000 questions\n"
        time.sleep(2 * INSTANT)
        advance(2000)
    last = shown.getvalue().splitlines()[1]
    assert re.fullmatch(r"sample 16 chains a question: done in 0\.\d s, [\d,]+(\.\d)? questions/s", last)


def test_rows_that_a_stopped_run_left_are_counted_apart_from_the_rate():
    shows, shown = screen()
    with shows.track("sample", 1_000_010, "questions") as advance:
        advance(1_000_000)
        time.sleep(0.1)
        advance(10)
    rate = re.search(r"([\d,.]+) questions/s \(1,000,000 were there\)", shown.getvalue())
    assert rate is not None
    assert float(rate.group(1)) <= 100


def test_a_stage_that_is_whole_says_so_in_one_line_on_a_pipe_and_on_a_terminal():
    for terminal in (False, True):
        shows, shown = screen(terminal=terminal)
        with shows.track("sample", 2000, "questions", is_whole=True) as advance:
            advance(2000)
        assert shown.getvalue() == "sample: whole, 2,000 questions\n"


def test_a_training_run_says_its_steps_its_rate_and_its_last_loss():
    shows, shown = screen()
    shows.follow("fine-tune on lessons", steps(0, 3))
    first, last = shown.getvalue().splitlines()
    assert first == "fine-tune on lessons: 3 steps"
    assert re.fullmatch(r"fine-tune on lessons: done in 0\.\d s, [\d,]+(\.\d)? steps/s, loss 1\.500", last)


def test_a_training_run_that_goes_on_says_from_where():
    shows, shown = screen()
    shows.follow("fine-tune on lessons", steps(2, 4))
    assert shown.getvalue().startswith("fine-tune on lessons: 4 steps, from step 3\n")


def test_a_training_run_without_a_step_left_says_so():
    shows, shown = screen()
    shows.follow("fine-tune on lessons", [])
    assert shown.getvalue() == "fine-tune on lessons: all steps were taken\n"


def test_a_stage_that_fails_does_not_say_that_it_is_done():
    shows, shown = screen()
    with pytest.raises(OSError, match="disk"), shows.track("sample", 5, "questions"):
        raise OSError("the disk is full")
    assert shown.getvalue() == "sample: 5 questions\n"


def test_the_bar_of_a_terminal_of_80_columns_stays_on_one_line():
    shows, shown = screen(terminal=True)
    with shows.track("sample 16 chains a question", 2000, "questions") as advance:
        time.sleep(0.05)
        advance(1234)
        time.sleep(0.05)
        advance(766)
    last = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.getvalue()).replace("\r", "\n").strip().splitlines()[-1]
    assert re.fullmatch(r"sample 16 chains a question +━+ 2000/2000 [\d,]+ questions/s 00:00 *", last)


def test_a_long_line_is_not_cut_and_brackets_are_shown():
    shows, shown = screen(width=20)
    shows.say("report: /a/very/long/path/to/[a run]/report/index.html")
    assert shown.getvalue() == "report: /a/very/long/path/to/[a run]/report/index.html\n"


def test_what_has_no_steps_says_when_it_begins_and_how_long_it_took():
    shows, shown = screen()
    with shows.timed("write the report"):
        assert shown.getvalue() == "write the report\n"
    assert shown.getvalue().splitlines()[1] == "write the report: done in 0.0 s"


def test_what_a_stage_says_of_itself_stands_beside_its_bar_as_it_is_now_and_at_its_end():
    said = ["$0.00", "$0.00"]
    shows, shown = screen(terminal=True, width=120)
    with shows.track("judge", 10, "questions", note=lambda: said[-1]) as advance:
        said.append("12 calls, $0.03")
        time.sleep(2 * INSTANT)
        advance(10)
    assert "12 calls, $0.03" in shown.getvalue()
    shows, shown = screen()
    with shows.track("judge", 10, "questions", note=lambda: said[-1]) as advance:
        time.sleep(2 * INSTANT)
        advance(10)
    assert shown.getvalue().rstrip().endswith("questions/s, 12 calls, $0.03")

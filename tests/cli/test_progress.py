"""What a step says: plain lines on a pipe, a bar on a terminal, one line where nothing is left to do."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from seewhy.cli.screen import Screen
from seewhy.records.types import StepLog
from seewhy.runs.events import Advanced, Began, Ended, Event, Noted, Stepped
from seewhy.runs.forecast.left import with_time_left


def screen(width: int = 80, terminal: bool = False) -> tuple[Screen, io.StringIO]:
    """A screen of this width, and what is shown on it."""
    shown = io.StringIO()
    return Screen(console=Console(file=shown, width=width, force_terminal=terminal, color_system=None)), shown


def began(ref: str = "chains", total: int | None = 2000, unit: str = "questions", done: int = 0) -> Began:
    return Began(ref=ref, step=ref.partition(".")[0], number=4, of=12, total=total, unit=unit, done=done)


def training(first: int, count: int) -> list[Event]:
    terms = {"steps": float(count), "rows": 4.0}
    logs = [StepLog(step=step, loss=2.0 - step / 4, learning_rate=1e-3, terms=terms, seconds=0.1)
            for step in range(first, count)]  # fmt: skip
    return [began("sft", count, "steps", first), *(Stepped(ref="sft", log=log, total=count) for log in logs),
            Ended(ref="sft", seconds=2.0, rows=count - first, unit="steps")]  # fmt: skip


def lines(*events: Event) -> list[str]:
    shows, shown = screen()
    shows.follow(events)
    return shown.getvalue().splitlines()


def test_on_a_pipe_a_step_says_what_it_does_and_then_how_long_it_took():
    said = lines(
        began(), Advanced(ref="chains", count=2000), Ended(ref="chains", seconds=4.0, rows=2000, unit="questions")
    )
    assert said == ["[4/12] chains (2,000 questions)", "chains: done in 4.0 s, 500 questions/s"]


def test_rows_that_a_stopped_run_left_are_counted_apart_from_the_rate():
    said = lines(began(total=1_000_010, done=1_000_000), Ended(ref="chains", seconds=1.0, rows=10, unit="questions"))
    assert said == [
        "[4/12] chains (1,000,010 questions, 1,000,000 are there)",
        "chains: done in 1.0 s, 10.0 questions/s",
    ]


def test_the_parts_of_a_step_are_one_line_with_their_sum():
    parts = [event for part in ("a", "b") for event in (
        began(f"test.{part}", 100), Ended(ref=f"test.{part}", seconds=1.0, rows=100, unit="questions"))]  # fmt: skip
    assert lines(*parts) == ["[4/12] test (100 questions)", "test: done in 2.0 s, 2 parts, 100 questions/s"]


def test_a_step_of_which_parts_were_finished_before_says_what_was_left_of_it():
    found = Ended(ref="test.a", seconds=0.0, rows=100, unit="questions", is_found=True)
    left = [began("test.b", 100), Ended(ref="test.b", seconds=1.0, rows=100, unit="questions")]
    assert lines(found, *left) == ["[4/12] test (100 questions)", "test: done in 1.0 s, 100 questions/s"]
    assert lines(*left, found) == ["[4/12] test (100 questions)", "test: done in 1.0 s, 100 questions/s"]


def test_the_rate_of_a_training_is_of_its_steps_and_not_of_the_reference_before_them():
    reference = [began("sft.reference", 500, "pairs"), Ended(ref="sft.reference", seconds=8.0, rows=500, unit="pairs")]
    assert lines(*reference, *training(0, 4)) == [
        "[4/12] sft (500 pairs)", "sft: done in 10 s, 2 parts, 2.0 steps/s, loss 1.250"
    ]  # fmt: skip


@pytest.mark.parametrize("terminal", [False, True])
def test_a_step_that_was_finished_before_says_so_in_one_line(terminal: bool):
    shows, shown = screen(terminal=terminal)
    shows.follow([Ended(ref="chains", seconds=0.0, rows=8, unit="questions", is_found=True)])
    assert shown.getvalue() == "chains: finished before\n"


def test_a_training_says_its_steps_its_rate_and_its_last_loss():
    assert lines(*training(0, 4)) == ["[4/12] sft (4 steps)", "sft: done in 2.0 s, 2.0 steps/s, loss 1.250"]


def test_a_training_that_goes_on_says_from_where():
    assert lines(*training(2, 4))[0] == "[4/12] sft (4 steps, 2 are there)"


def test_a_step_that_fails_does_not_say_that_it_is_done():
    def failing():
        yield began()
        raise ValueError("no")

    shows, shown = screen()
    with pytest.raises(ValueError, match="no"):
        shows.follow(failing())
    assert shown.getvalue() == "[4/12] chains (2,000 questions)\n"


def test_the_bar_of_a_terminal_of_80_columns_stays_on_one_line():
    shows, shown = screen(terminal=True)
    shows.follow([began(), Advanced(ref="chains", count=1000, spent=""), Ended(ref="chains", seconds=1.0, rows=1000,
                                                                             unit="questions")])  # fmt: skip
    visible = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue())
    assert max(len(line.rstrip()) for line in re.split(r"[\r\n]", visible)) <= 80


def test_a_long_note_is_not_cut_and_brackets_are_shown():
    text = "[bold] " + "word " * 40
    assert lines(Noted(ref="chains", text=text)) == [f"  {text}"]


def test_what_servers_were_paid_stands_at_the_end_of_a_step():
    spent = "8 calls, 1,234 tokens"
    said = lines(began(), Advanced(ref="chains", count=2000, spent=spent),
                 Ended(ref="chains", seconds=4.0, rows=2000, unit="questions"))  # fmt: skip
    assert said[-1] == f"chains: done in 4.0 s, 500 questions/s, {spent}"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_forecast_run_says_what_is_left_of_the_whole_as_its_units_take_it(terminal: bool):
    """Chains took twice what was forecast of them, so of verdicts and credit 2 * (30 + 20) s are left."""
    events = [began(), Ended(ref="chains", seconds=20.0, rows=2000, unit="questions"),
              Ended(ref="pairs", seconds=0.0, rows=1, unit="rows", is_found=True),
              began("sft", 4, "steps")]  # fmt: skip
    forecast = {"chains": 10.0, "pairs": 7.0, "sft": 5.0, "verdicts": 30.0, "credit": 20.0}
    told = list(with_time_left(events, forecast))
    assert [one.later for one in told if isinstance(one, Began)] == [62.0, 100.0]
    assert [replace(one, later=None) if isinstance(one, Began) else one for one in told] == events
    shows, shown = screen(terminal=terminal, width=120)
    shows.follow(told)
    for words in ("run 62 s", "run 100 s") if terminal else ("then 62 s for the rest", "then 100 s for the rest"):
        assert words in shown.getvalue()

"""Alarms ring while a training runs, each once and at the step that shows it, and not for what is as it should be."""

from collections.abc import Mapping, Sequence

import pytest

from seewhy.records.types import StepLog
from seewhy.training.monitor.alarms import Alarm, AlarmDetector, alarms_of
from seewhy.training.monitor.rules import NAMES

START = {"start_repetition": 0.05, "start_length": 40.0, "start_cut": 0.25}
QUIET = {"probe_repetition": 0.1, "probe_length": 45.0, "probe_cut": 0.25, "kl_from_start": 0.02}


def log(step: int, terms: Mapping[str, float], total: int = 100, loss: float = 1.0) -> StepLog:
    return StepLog(step=step, loss=loss, learning_rate=1e-3, terms={**terms, "steps": float(total)}, seconds=0.1)


def rung(rows: Sequence[StepLog]) -> list[Alarm]:
    """What a watch says of the rows, one after the other."""
    watch = AlarmDetector()
    return [alarm for row in rows for alarm in watch.take(row)]


@pytest.mark.parametrize(
    ("figure", "quiet", "loud", "words"),
    [
        ("kl_from_start", 0.1, 0.11, "left its start far behind: a divergence of 0.11 nats a token"),
        ("probe_repetition", 0.25, 0.26, "26% of their 4-grams were said before, 5% at the start"),
        ("probe_cut", 0.49, 0.5, "50% of the replies do not end within the probe's limit, 25% at the start"),
        ("probe_length", 60.0, 61.0, "replies grew to 61 tokens from 40 at the start"),
    ],
)
def test_a_probe_rings_above_its_bound_and_not_at_it(figure: str, quiet: float, loud: float, words: str) -> None:
    pairs = {**START, **QUIET, "accuracy": 0.7}
    assert rung([log(3, {**pairs, figure: quiet})]) == []
    (alarm,) = rung([log(3, {**pairs, figure: loud})])
    assert (alarm.name, alarm.step) == (figure, 3)
    assert words in alarm.words
    assert alarm.remedy


def test_replies_that_were_cut_at_the_start_too_ring_nothing() -> None:
    assert rung([log(3, {**START, **QUIET, "start_cut": 0.75, "probe_cut": 0.9})]) == []


def test_lessons_may_lead_away_from_the_start_and_to_their_own_length() -> None:
    """Replies of 40 tokens become 100 where lessons have 70 on average (1.5 x 70 = 105), and go far in divergence."""
    taught = {**START, **QUIET, "kl_from_start": 3.0, "probe_length": 100.0}
    rows = [log(0, {"lesson_tokens": 60.0}), log(1, {"lesson_tokens": 80.0, **taught})]
    assert rung(rows) == []
    assert [alarm.name for alarm in rung([rows[0], log(1, {**taught, "probe_length": 110.0})])] == ["probe_length"]


def test_an_alarm_rings_once_and_at_the_first_step_that_shows_it() -> None:
    """Of 100 steps the last 10 are looked at, from the 20th on: 9 at 0 and 1 at -1.01 are the first below -0.1."""
    rows = [log(step, {"chosen_drift": 0.0 if step < 40 else -1.01}) for step in range(100)]
    assert [(alarm.name, alarm.step) for alarm in rung(rows)] == [("chosen_drift", 40)]
    assert list(alarms_of(rows)) == rung(rows)


def test_a_run_of_few_steps_is_not_judged_by_single_ones_before_it_is_over() -> None:
    rows = [log(step, {"accuracy": 0.2, "chosen_drift": -1.0}, total=8) for step in range(8)]
    assert {alarm.step for alarm in rung(rows)} == {7}


def test_pairs_in_the_wrong_order_are_no_alarm_before_half_of_the_steps() -> None:
    rows = [log(step, {"accuracy": 0.4 if step < 45 else 0.9}) for step in range(100)]
    assert rung(rows) == []
    (alarm,) = rung([log(step, {"accuracy": 0.4}) for step in range(100)])
    assert alarm.step == 49


def test_a_loss_that_rises_is_told_while_there_is_time_to_stop() -> None:
    rows = [log(step, {}, loss=1.0 + max(0, step - 30) / 10) for step in range(100)]
    (alarm,) = rung(rows)
    assert alarm.name == "loss"
    assert 30 < alarm.step < 40


def test_a_loss_that_explodes_in_its_first_steps_is_told_though_their_mean_is_as_high_as_all_later_ones() -> None:
    """Then slowly falling: steps 10 to 19 have a mean of 28.55, steps 0 to 9 one of 26.575, times 1.1 above that."""
    rows = [log(step, {}, loss=0.25 if step == 0 else 30.0 - step / 10) for step in range(100)]
    (alarm,) = rung(rows)
    assert (alarm.name, alarm.step) == ("loss", 19)
    assert "from 0.250 to 28.550" in alarm.words


def test_a_gradient_that_leaps_is_told_at_its_step() -> None:
    rows = [log(step, {"grad_norm": 30.0 if step == 60 else 1.0}) for step in range(100)]
    assert [(alarm.name, alarm.step) for alarm in rung(rows)] == [("grad_norm", 60)]


def test_memory_that_grows_is_told_after_half_of_the_steps() -> None:
    rows = [log(step, {"resident_mb": 100.0 + step}) for step in range(100)]
    assert [(alarm.name, alarm.step) for alarm in rung(rows)] == [("resident_mb", 96)]


@pytest.mark.parametrize(("value", "who"), [(0.95, "longer"), (-0.95, "shorter")])
def test_a_margin_that_follows_length_alone_is_told_with_the_side_that_wins(value: float, who: str) -> None:
    assert rung([log(step, {"length_cosine": 0.84 * value / abs(value)}) for step in range(100)]) == []
    (alarm,) = rung([log(step, {"length_cosine": value}) for step in range(100)])
    assert alarm.name == "length_cosine"
    assert f"{who} wins" in alarm.words


def test_every_alarm_has_the_name_of_the_figure_that_rings_it() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(QUIET) <= set(NAMES)

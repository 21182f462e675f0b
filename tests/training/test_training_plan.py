"""The learning rate at each step, and plans that cannot train."""

import math
from collections.abc import Sequence

import pytest

from seewhy.records.types import StepLog
from seewhy.training.monitor.alarms import alarms_of
from seewhy.training.plan import FitPlan
from seewhy.training.schedule import rate_factor, warmup_steps


def test_the_rate_rises_by_equal_steps_and_falls_along_a_cosine() -> None:
    """12 steps, a third of them warm-up: 1/4 2/4 3/4 1, then (1 + cos(pi k / 8)) / 2 for k = 0...7."""
    half = math.sqrt(2) / 2
    expected = [0.25, 0.5, 0.75, 1.0, 1.0, (1 + math.cos(math.pi / 8)) / 2, (1 + half) / 2]
    assert [rate_factor(step, 12, 1 / 3) for step in range(7)] == pytest.approx(expected)
    assert rate_factor(8, 12, 1 / 3) == pytest.approx(0.5)
    assert rate_factor(10, 12, 1 / 3) == pytest.approx((1 - half) / 2)
    assert rate_factor(11, 12, 1 / 3) == pytest.approx((1 - math.cos(math.pi / 8)) / 2)


def test_without_warm_up_the_first_step_is_at_the_peak() -> None:
    assert [rate_factor(step, 2, 0.0) for step in range(2)] == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize(("steps", "share", "expected"), [(100, 0.03, 3), (100, 0.07, 7), (10, 0.03, 1), (10, 0.0, 0)])
def test_the_warm_up_is_the_share_of_all_steps_rounded_up(steps: int, share: float, expected: int) -> None:
    assert warmup_steps(steps, share) == expected


def test_a_run_of_one_step_trains_at_the_peak() -> None:
    assert rate_factor(0, 1, 0.03) == 1.0


@pytest.mark.parametrize("field", ["learning_rate", "epochs", "batch_size", "row_tokens", "save_every"])
def test_a_plan_that_cannot_train_is_refused_by_the_fields_name(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} must be "):
        FitPlan(**{"learning_rate": 1e-3, field: 0})


def test_a_warm_up_of_the_whole_run_is_refused() -> None:
    with pytest.raises(ValueError, match="warmup"):
        FitPlan(learning_rate=1e-3, warmup=1.0)


def logs(name: str, values: Sequence[float]) -> list[StepLog]:
    """Steps with a falling loss and one figure."""
    return [
        StepLog(step=n, loss=1.0 - n / 1000, learning_rate=1e-3, terms={name: value}, seconds=0.1)
        for n, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("name", "quiet", "loud", "words"),
    [
        ("chosen_drift", [0.0, -0.05], [0.0, -0.5], "chosen responses became less likely: -0.50"),
        ("margin", [0.0, 5.0], [0.0, 12.0], "margin reached 12.0"),
        ("accuracy", [0.5, 0.7], [0.5, 0.4], "only 40% of the pairs"),
        ("grad_norm", [1.0] * 9 + [5.0], [1.0] * 9 + [50.0], "gradient norm of 50.0"),
        ("resident_mb", [100.0] * 10, [100.0] * 9 + [200.0], "memory grew from 100 to 200"),
    ],
)
def test_an_alarm_rings_for_what_it_names_and_only_then(
    name: str, quiet: list[float], loud: list[float], words: str
) -> None:
    assert alarms_of(logs(name, quiet)) == ()
    (alarm,) = alarms_of(logs(name, loud))
    assert alarm.name == name
    assert words in alarm.words


def test_a_loss_that_rises_is_named() -> None:
    rising = [StepLog(step=n, loss=1.0 + n, learning_rate=1e-3, terms={}, seconds=0.1) for n in range(3)]
    (alarm,) = alarms_of(rising)
    assert alarm.summary == "step 2: the loss rose from 1.000 to 3.000; lower the learning rate"


def test_a_loss_that_is_no_number_is_an_error_that_names_its_step() -> None:
    broken = [StepLog(step=4, loss=math.nan, learning_rate=1e-3, terms={}, seconds=0.1)]
    with pytest.raises(ArithmeticError, match="step 4 is nan"):
        alarms_of(broken)


def test_no_steps_raise_no_alarm() -> None:
    assert alarms_of([]) == ()

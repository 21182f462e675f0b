"""A guarded training logs its probes, stops where its plan says so, and goes on as if it had never stopped."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from tiny_talker import Talker
from tiny_trainable import TinyTrainable, lesson, pairs_of, questions_of, store_of, weights_equal

from seewhy.objectives.mpo import MPO
from seewhy.objectives.sft import SFT
from seewhy.records.step_logs import read_steps
from seewhy.records.types import StepLog
from seewhy.training.checkpoint import checkpoints
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.monitor.alarms import AlarmDetector, AlarmError
from seewhy.training.monitor.plan import UNGUARDED, GuardPlan
from seewhy.training.plan import FitPlan

PLAN = FitPlan(learning_rate=1e-2, tower_learning_rate=1e-3, batch_size=4, epochs=2, save_every=2, row_tokens=60)
GUARD = GuardPlan(probe_questions=3, probe_every=2, probe_tokens=10)
FAST = replace(PLAN, learning_rate=0.3, max_grad_norm=0.0)
"""So fast that the divergence from the start rings at the first probe."""
PROBED = ("probe_repetition", "probe_length", "probe_cut", "kl_from_start", "kl_from_start_chain")


def run(directory: Path, guard: GuardPlan = GUARD, plan: FitPlan = PLAN, stop: int | None = None) -> list[StepLog]:
    """Steps of one call, which is closed after `stop` of them."""
    model, questions, pairs = Talker(), questions_of(5), pairs_of(5)
    steps = fit_pairs(model, MPO(), pairs, questions, store_of(model, pairs, questions, plan), plan, directory, guard)
    taken = list(islice(steps, stop))
    steps.close()
    return taken


def figures(log: StepLog) -> tuple[int, float, dict[str, float]]:
    """What must be equal: all but time and memory."""
    return (
        log.step,
        log.loss,
        {name: value for name, value in log.terms.items() if name not in ("resident_mb", "peak_mb")},
    )


def same_run(one: Path, other: Path) -> bool:
    logs = [list(map(figures, read_steps(directory / "steps.jsonl"))) for directory in (one, other)]
    return logs[0] == logs[1] and weights_equal(one / "model", other / "model")


def test_a_probe_follows_every_so_many_steps_and_the_last(tmp_path: Path) -> None:
    logs = run(tmp_path, replace(GUARD, probe_every=3))
    probed = [log.step for log in logs if "kl_from_start" in log.terms]
    assert len(logs) == 8
    assert probed == [2, 5, 7]
    assert all(name in logs[2].terms for name in PROBED)
    assert logs[2].terms["start_length"] == logs[7].terms["start_length"]
    assert logs[7].terms["kl_from_start"] > 0


def test_lessons_are_probed_as_pairs_are(tmp_path: Path) -> None:
    lessons = [lesson(f"q{n}", "a reply") for n in range(5)]
    logs = list(fit_lessons(Talker(), SFT(), lessons, questions_of(5), PLAN, tmp_path, GUARD))
    assert all(name in logs[-1].terms for name in PROBED)
    assert logs[0].terms["lesson_tokens"] == len("a reply") + 1


def test_a_probe_changes_no_loss_and_no_weight(tmp_path: Path) -> None:
    run(tmp_path / "guarded")
    run(tmp_path / "plain", UNGUARDED)
    losses = [[(log.step, log.loss, log.terms["margin"]) for log in read_steps(tmp_path / name / "steps.jsonl")]
              for name in ("guarded", "plain")]  # fmt: skip
    assert losses[0] == losses[1]
    assert weights_equal(tmp_path / "guarded" / "model", tmp_path / "plain" / "model")


@pytest.mark.parametrize("stop", [1, 2, 3, 6])
def test_a_guarded_run_closed_after_any_step_resumes_to_the_same_figures(tmp_path: Path, stop: int) -> None:
    run(tmp_path / "whole")
    run(tmp_path / "cut", stop=stop)
    run(tmp_path / "cut")
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_a_run_whose_kept_replies_were_lost_hears_the_start_again_and_not_its_checkpoint(tmp_path: Path) -> None:
    run(tmp_path / "whole")
    run(tmp_path / "cut", stop=3)
    (tmp_path / "cut" / "probe" / "start.json").unlink()
    run(tmp_path / "cut")
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_the_time_of_probes_counts_as_time_of_their_steps(tmp_path: Path) -> None:
    logs = run(tmp_path)
    with_probe = [log.seconds for log in logs if "kl_from_start" in log.terms]
    without = [log.seconds for log in logs[1:] if "kl_from_start" not in log.terms]
    assert min(with_probe) > min(without)


def test_an_alarm_of_the_plan_stops_the_run_after_a_checkpoint_and_tells_where(tmp_path: Path) -> None:
    with pytest.raises(AlarmError) as stopped:
        run(tmp_path, replace(GUARD, probe_every=3, abort=("kl_from_start",)), FAST)
    logs = read_steps(tmp_path / "steps.jsonl")
    assert [log.step for log in logs] == [0, 1, 2]
    assert [path.name for path in checkpoints(tmp_path)] == ["checkpoint-2", "checkpoint-3"]
    assert not (tmp_path / "model").exists()
    said = str(stopped.value)
    assert "kl_from_start at step 2: the model left its start far behind: a divergence of" in said
    assert f"{tmp_path / 'checkpoint-3'}; {tmp_path / 'checkpoint-2'} is the last one from before it" in said
    assert "lower the learning rate" in said
    assert "without kl_from_start among the alarms of `abort`" in said


def test_the_step_of_the_alarm_is_yielded_before_the_run_stops(tmp_path: Path) -> None:
    model, questions, pairs = Talker(), questions_of(5), pairs_of(5)
    guard, watch = replace(GUARD, abort=("all",)), AlarmDetector()
    steps = fit_pairs(model, MPO(), pairs, questions, store_of(model, pairs, questions, FAST), FAST, tmp_path, guard)
    seen: list[str] = []
    with pytest.raises(AlarmError):
        seen.extend(alarm.name for log in steps for alarm in watch.take(log))
    assert "kl_from_start" in watch.rung


def test_where_no_checkpoint_came_before_the_alarm_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(AlarmError, match="none was saved before it"):
        run(tmp_path, replace(GUARD, abort=("kl_from_start",)), replace(FAST, save_every=100))


def test_asked_again_a_stopped_run_takes_no_step_and_says_the_same(tmp_path: Path) -> None:
    guard = replace(GUARD, probe_every=3, abort=("kl_from_start",))
    said: list[str] = []
    for _ in range(2):
        with pytest.raises(AlarmError) as stopped:
            run(tmp_path, guard, FAST)
        said.append(str(stopped.value))
    assert said[0] == said[1]
    assert len(read_steps(tmp_path / "steps.jsonl")) == 3


def test_a_stopped_run_goes_on_without_the_abort_to_the_bits_of_one_that_never_stopped(tmp_path: Path) -> None:
    guard = replace(GUARD, probe_every=3)
    run(tmp_path / "whole", guard, FAST)
    with pytest.raises(AlarmError):
        run(tmp_path / "cut", replace(guard, abort=("kl_from_start",)), FAST)
    rest = run(tmp_path / "cut", guard, FAST)
    assert rest[0].step == 3
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_an_alarm_that_the_plan_does_not_name_stops_nothing(tmp_path: Path) -> None:
    run(tmp_path, replace(GUARD, abort=("probe_cut",)), FAST)
    assert (tmp_path / "done.json").exists()


def test_a_run_that_is_done_is_stopped_by_nothing(tmp_path: Path) -> None:
    run(tmp_path, GUARD, FAST)
    assert run(tmp_path, replace(GUARD, abort=("all",)), FAST) == []


def test_a_model_that_cannot_reply_is_refused_by_its_kind_with_the_remedy(tmp_path: Path) -> None:
    lessons = [lesson("q0", "abc")]
    with pytest.raises(ValueError, match=r"TinyTrainable has no `generate`.*set probe_questions to 0"):
        next(iter(fit_lessons(TinyTrainable(), SFT(), lessons, questions_of(1), PLAN, tmp_path, GUARD)))


def test_an_alarm_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"abort names 'kl', and the alarms are .*kl_from_start"):
        GuardPlan(abort=("kl",))


@pytest.mark.parametrize(("field", "value"), [("probe_questions", -1), ("probe_every", -1), ("probe_tokens", 0)])
def test_a_plan_that_cannot_watch_is_refused_by_the_fields_name(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} must be"):
        GuardPlan(**{field: value})


def test_by_default_a_run_is_probed_after_each_quarter() -> None:
    assert [step for step in range(110) if GuardPlan().is_due(step, 110)] == [27, 55, 83, 109]
    assert [step for step in range(3) if GuardPlan().is_due(step, 3)] == [0, 1, 2]

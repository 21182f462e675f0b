"""A run that was stopped and resumed is the run that never stopped."""

import random
import re
import resource
import shutil
import signal
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from loaded_processes import begun
from safetensors import SafetensorError
from tiny_trainable import TinyTrainable, pairs_of, questions_of, run_long, store_of, weights_equal

from seewhy.objectives.dpo import DPO
from seewhy.objectives.mpo import MPO
from seewhy.records.step_logs import read_steps
from seewhy.records.types import StepLog
from seewhy.training.checkpoint import Progress, checkpoints, newest_checkpoint, save_checkpoint
from seewhy.training.export import write_folder
from seewhy.training.fit import fit_pairs
from seewhy.training.plan import FitPlan

PLAN = FitPlan(learning_rate=1e-2, tower_learning_rate=1e-3, batch_size=4, epochs=2, save_every=2, row_tokens=60)


def run(directory: Path, stop: int | None = None, plan: FitPlan = PLAN, seed: int = 0) -> list[StepLog]:
    """Steps of one call, which is closed after `stop` of them."""
    model, questions, pairs = TinyTrainable(seed), questions_of(5), pairs_of(5)
    steps = fit_pairs(model, MPO(), pairs, questions, store_of(model, pairs, questions, plan), plan, directory)
    taken = list(islice(steps, stop))
    steps.close()
    return taken


def figures(log: StepLog) -> tuple[int, float, float, dict[str, float]]:
    """What must be equal: all but time and memory."""
    terms = {name: value for name, value in log.terms.items() if name not in ("resident_mb", "peak_mb")}
    return log.step, log.loss, log.learning_rate, terms


def same_run(one: Path, other: Path) -> bool:
    logs, others = (read_steps(directory / "steps.jsonl") for directory in (one, other))
    return list(map(figures, logs)) == list(map(figures, others)) and weights_equal(one / "model", other / "model")


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_a_run_closed_after_any_step_resumes_to_the_same_bits(tmp_path: Path, stop: int) -> None:
    whole = run(tmp_path / "whole")
    run(tmp_path / "cut", stop=stop)
    assert not (tmp_path / "cut" / "done.json").exists()
    rest = run(tmp_path / "cut")
    assert [log.step for log in rest] == list(range(stop - stop % 2, len(whole)))
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_a_process_killed_at_random_steps_resumes_to_the_same_bits(tmp_path: Path) -> None:
    rng = random.Random(7)
    goals = sorted(rng.sample(range(5, 55), 2))
    for goal in goals:
        child = begun(run_long, tmp_path / "killed", 0.02)
        log = tmp_path / "killed" / "steps.jsonl"
        deadline = time.monotonic() + 120
        while (not log.exists() or log.read_bytes().count(b"\n") < goal) and time.monotonic() < deadline:
            time.sleep(0.005)
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert not (tmp_path / "killed" / "done.json").exists()
    assert checkpoints(tmp_path / "killed")
    run_long(tmp_path / "killed", 0.0)
    run_long(tmp_path / "whole", 0.0)
    assert same_run(tmp_path / "whole", tmp_path / "killed")


def test_a_line_cut_short_by_a_kill_is_taken_again(tmp_path: Path) -> None:
    run(tmp_path / "whole")
    run(tmp_path / "cut", stop=3)
    with (tmp_path / "cut" / "steps.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')
    run(tmp_path / "cut")
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_a_damaged_newest_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    run(tmp_path / "whole")
    run(tmp_path / "cut", stop=5)
    newest = checkpoints(tmp_path / "cut")[-1]
    assert newest.name == "checkpoint-4"
    weights = newest / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    rest = run(tmp_path / "cut")
    assert rest[0].step == 2
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_no_flipped_bit_of_a_checkpoints_state_is_believed_and_none_is_a_traceback(tmp_path: Path) -> None:
    run(tmp_path, stop=5)
    before, newest = checkpoints(tmp_path)
    state, rng = newest / "state.json", random.Random(3)
    whole = state.read_bytes()
    flips = {*range(8 * 60), *rng.sample(range(8 * len(whole)), 400)}
    for bit in flips:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        state.write_bytes(damaged)
        found = newest_checkpoint(tmp_path)
        assert found is not None
        assert found[0] == before, (bit, bytes(damaged))


@pytest.mark.parametrize(
    "text", ["[]", "null", "{}", '{"files": {}}', '{"steps": 4, "objective": {}, "run": {}, "files": []}', "\0\0\0\0"]
)
def test_a_state_of_another_shape_is_a_damaged_one(tmp_path: Path, text: str) -> None:
    run(tmp_path, stop=5)
    before, newest = checkpoints(tmp_path)
    (newest / "state.json").write_text(text)
    found = newest_checkpoint(tmp_path)
    assert found is not None
    assert found[0] == before


@pytest.mark.parametrize("piece", ["weights.safetensors", "moments.safetensors", "state.json"])
def test_checkpoints_that_all_miss_a_piece_are_an_error_and_no_fresh_start(tmp_path: Path, piece: str) -> None:
    run(tmp_path, stop=5)
    for checkpoint in checkpoints(tmp_path):
        (checkpoint / piece).unlink()
    with pytest.raises(ValueError, match=r"holds checkpoints, such as checkpoint-4, and none is as it was written"):
        run(tmp_path)
    assert len(read_steps(tmp_path / "steps.jsonl")) == 5


def test_weights_that_are_no_numbers_take_no_good_checkpoints_place(tmp_path: Path) -> None:
    run(tmp_path, stop=3)
    kept = [path.name for path in checkpoints(tmp_path)]
    model, moved = TinyTrainable(), torch.full((2,), float("nan"))
    with torch.no_grad():
        next(model.net.parameters()).view(-1)[:2] = moved
    progress = Progress(steps=4, objective={}, run={})
    with pytest.raises(ArithmeticError, match=r"not finite after 4 steps.*the newest checkpoint is checkpoint-2"):
        save_checkpoint(tmp_path, model.net, torch.optim.AdamW(model.net.parameters()), progress)
    assert [path.name for path in checkpoints(tmp_path)] == kept


def test_the_last_two_checkpoints_stay_and_no_partial_one(tmp_path: Path) -> None:
    taken = run(tmp_path)
    saved = sorted({*range(2, len(taken) + 1, 2), len(taken)})
    assert len(saved) > 2
    assert {path.name for path in tmp_path.glob("checkpoint-*")} == {f"checkpoint-{steps}" for steps in saved[-2:]}
    assert not list(tmp_path.glob(".*partial*"))


def test_a_run_that_is_done_takes_no_step_and_gives_its_weights_back(tmp_path: Path) -> None:
    run(tmp_path)
    model, questions, pairs = TinyTrainable(), questions_of(5), pairs_of(5)
    store = store_of(model, pairs, questions, PLAN)
    assert list(fit_pairs(model, MPO(), pairs, questions, store, PLAN, tmp_path)) == []
    model.save(tmp_path / "again")
    assert weights_equal(tmp_path / "again", tmp_path / "model")


def test_a_checkpoint_of_another_plan_is_refused_by_name(tmp_path: Path) -> None:
    run(tmp_path, stop=3)
    with pytest.raises(ValueError, match="another plan"):
        run(tmp_path, plan=replace(PLAN, learning_rate=2e-2))


def test_how_often_a_run_saves_may_change_on_resume(tmp_path: Path) -> None:
    run(tmp_path / "whole")
    run(tmp_path / "cut", stop=3)
    run(tmp_path / "cut", plan=replace(PLAN, save_every=3))
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_a_checkpoint_of_another_model_is_refused_by_name(tmp_path: Path) -> None:
    run(tmp_path, stop=3)
    with pytest.raises(ValueError, match="another starting model"):
        run(tmp_path, seed=1)


def test_a_checkpoint_of_another_objective_is_refused_by_name(tmp_path: Path) -> None:
    run(tmp_path, stop=3)
    model, questions, pairs = TinyTrainable(), questions_of(5), pairs_of(5)
    store = store_of(model, pairs, questions, PLAN)
    with pytest.raises(ValueError, match="another objective"):
        next(fit_pairs(model, DPO(beta=0.5), pairs, questions, store, PLAN, tmp_path))


def test_a_checkpoint_with_weights_of_another_net_is_refused_with_what_to_remove(tmp_path: Path) -> None:
    run(tmp_path, stop=3)
    place, progress = newest_checkpoint(tmp_path)
    other = torch.nn.Linear(2, 2)
    save_checkpoint(tmp_path, other, torch.optim.SGD(other.parameters()), progress)
    said = re.escape(f"{place}: not this model's weights, such as bias; remove {place}")
    with pytest.raises(ValueError, match=said):
        run(tmp_path)
    shutil.rmtree(place)
    assert run(tmp_path)
    assert (tmp_path / "done.json").exists()


def test_a_model_that_the_disk_does_not_take_is_told_by_its_place_and_nothing_of_it_stays(tmp_path: Path) -> None:
    """The kernel refuses what is beyond 1 MiB of a file, as a full disk does; the model's writer is not ours."""
    model, most = TinyTrainable(), resource.getrlimit(resource.RLIMIT_FSIZE)
    model.net.head = torch.nn.Linear(8, 1 << 16)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, most[1]))
    try:
        with pytest.raises(OSError, match=rf"{tmp_path / 'model'}.*File too large") as told:
            write_folder(tmp_path / "model", model.save)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert isinstance(told.value.__cause__.__cause__, SafetensorError)
    assert not list(tmp_path.iterdir())

"""Training on several processes is training on one: losses, gradients, weights, order, files."""

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from several import together
from small_hub import ADAPTER, BF16, FLOAT32, PLAN, asked_in, opened
from tiny_trainable import lesson, pairs_of

from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.objectives.mpo import MPO
from seewhy.objectives.sft import SFT
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Question, StepLog
from seewhy.training.checkpoint import checkpoints
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.parallel.plan import SHARDED, ShardPlan
from seewhy.training.parallel.ranks import ranks_here
from seewhy.training.parallel.shard_files import read_shards
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

NO_ADAPTER = AdapterPlan()
FULL = replace(PLAN, learning_rate=1e-3, tower_learning_rate=1e-3, batch_size=5, epochs=1, save_every=3, row_tokens=300)
LONGER = replace(FULL, epochs=3, save_every=2)
COUNTED = ("tokens", "rows", "rows_above_budget", "chosen_tokens", "rejected_tokens", "steps")
MEASURED = ("resident_mb", "peak_mb", "peak_so_far_mb")


def mixed(directory: Path) -> list[Question]:
    """Seven questions, three of them without a picture."""
    return [replace(q, images=()) if n in (0, 3, 4) else q for n, q in enumerate(asked_in(directory, 7))]


def run_pairs(directory: Path, name: str, plan: FitPlan, stop: int | None = None) -> None:
    """Pairs of pictures and of text alone, through the whole net."""
    model, questions, pairs = opened(directory, NO_ADAPTER), mixed(directory), pairs_of(7)
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, questions, plan))
    for log in fit_pairs(model, MPO(), pairs, questions, store, plan, directory / name):
        if stop is not None and log.step + 1 == stop:
            break


def run_lessons(directory: Path, name: str, plan: FitPlan) -> None:
    """Replies of very different lengths, imitated."""
    model, questions = opened(directory, NO_ADAPTER), mixed(directory)
    rows = [lesson(f"q{n}", "yes " * (1 + 12 * (n % 3))) for n in range(7)]
    list(fit_lessons(model, SFT(), rows, questions, plan, directory / name))


def steps_in(folder: Path) -> list[StepLog]:
    return list(read_steps(folder / "steps.jsonl"))


def assert_same_steps(one: Path, other: Path) -> None:
    """Figures equal to rounding; what is counted, and the rates, to the bit."""
    logs, others = steps_in(one), steps_in(other)
    assert [log.step for log in logs] == [log.step for log in others]
    for a, b in zip(logs, others, strict=True):
        assert a.learning_rate == b.learning_rate
        assert a.terms.keys() == b.terms.keys()
        assert {name: a.terms[name] for name in COUNTED if name in a.terms} == {
            name: b.terms[name] for name in COUNTED if name in b.terms
        }
        assert b.loss == pytest.approx(a.loss, rel=1e-4, abs=1e-6)
        # Before the first update a margin is nothing but rounding, and so is what is counted by its sign.
        for name in a.terms.keys() - {*MEASURED, *(("accuracy",) if a.step == 0 else ())}:
            assert b.terms[name] == pytest.approx(a.terms[name], rel=2e-3, abs=1e-5), (a.step, name)


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def moments_of(folder: Path) -> dict[str, torch.Tensor]:
    """What the optimiser remembered of each weight at the end, by name."""
    newest = checkpoints(folder)[-1]
    if (newest / "moments.safetensors").exists():
        return load_file(newest / "moments.safetensors")
    shapes = json.loads((newest / "state.json").read_text())["shapes"]
    found = {name: torch.empty(shape) for name, shape in shapes.items()}
    read_shards(newest / "shards", found)
    return {name.removeprefix("moments/"): each for name, each in found.items() if name.startswith("moments/")}


def assert_same_weights(one: Path, other: Path) -> None:
    """Weights, and the running means of their gradients, to rounding.

    AdamW makes a whole step of a gradient that is nothing but rounding, as that of a key's bias: few may differ so.
    """
    a, b = weights_of(one), weights_of(other)
    assert a.keys() == b.keys()
    for name, weight in a.items():
        if not name.endswith("k_proj.bias"):
            assert float((weight - b[name]).abs().mean()) < 2e-6, name
    means, others = moments_of(one), moments_of(other)
    firsts = [name for name in means if name.endswith("exp_avg")]
    assert means.keys() >= others.keys() >= {name for name in firsts if means[name].any()}
    largest = max(float(means[name].abs().max()) for name in firsts)
    for name in others.keys() & set(firsts):
        assert float((means[name] - others[name]).abs().max()) < 1e-4 * largest, name


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base, and runs of one process that others are compared with."""
    folder = tmp_path_factory.mktemp("several")
    run_pairs(folder, "one", FULL)
    run_lessons(folder, "one-sft", FULL)
    run_pairs(folder, "one-longer", LONGER)
    return folder


@pytest.mark.parametrize("size", [2, 4])
def test_pairs_with_and_without_pictures_train_as_on_one_process(place: Path, size: int) -> None:
    """7 groups in steps of 5 rows: some processes have none, some have text alone where another has pictures."""
    assert together(size, run_pairs, place, f"on-{size}", FULL) == [0] * size
    assert_same_steps(place / "one", place / f"on-{size}")
    assert_same_weights(place / "one", place / f"on-{size}")


def test_replies_of_very_different_lengths_weigh_the_same_on_two_processes(place: Path) -> None:
    assert together(2, run_lessons, place, "sft", FULL) == [0, 0]
    assert_same_steps(place / "one-sft", place / "sft")
    assert_same_weights(place / "one-sft", place / "sft")


def test_a_run_stopped_on_two_processes_goes_on_in_the_same_order_on_one_and_on_three(place: Path) -> None:
    """Stopped after 3 and 5 steps; checkpoints lie at 2 and 4."""
    assert together(2, run_pairs, place, "moved", LONGER, 3) == [0, 0]
    run_pairs(place, "moved", LONGER, 5)
    assert [log.step for log in steps_in(place / "moved")] == [0, 1, 2, 3, 4]
    assert together(3, run_pairs, place, "moved", LONGER) == [0, 0, 0]
    assert_same_steps(place / "one-longer", place / "moved")
    assert_same_weights(place / "one-longer", place / "moved")


def gradients_after_a_step(directory: Path) -> None:
    """One update, after which each process writes what its gradients hash to, and the norm before they were clipped."""
    model, questions, pairs = opened(directory, NO_ADAPTER), mixed(directory), pairs_of(7)
    plan = replace(FULL, max_grad_norm=0.1)
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, questions, plan))
    steps = fit_pairs(model, MPO(), pairs, questions, store, plan, directory / f"hashed-{ranks_here().size}")
    log = next(steps)
    held = {name: p.grad for name, p in model.net.named_parameters()}
    there = {name: grad for name, grad in held.items() if grad is not None}
    digest = hashlib.sha256(b"".join(grad.numpy().tobytes() for grad in there.values())).hexdigest()
    norm = float(torch.stack([grad.norm() for grad in there.values()]).norm())
    found = {"hash": digest, "norm": norm, "before": log.terms["grad_norm"], "names": sorted(there)}
    (directory / f"gradients-{ranks_here().size}-{ranks_here().rank}.json").write_text(json.dumps(found))
    steps.close()


def test_after_a_step_all_processes_hold_the_same_gradients_clipped_by_the_norm_of_one_process(place: Path) -> None:
    gradients_after_a_step(place)
    assert together(2, gradients_after_a_step, place) == [0, 0]
    alone, first, second = (
        json.loads((place / f"gradients-{name}.json").read_text()) for name in ("1-0", "2-0", "2-1")
    )
    assert first == second
    assert alone["names"] == first["names"]
    assert any("vision_tower" in name for name in first["names"])
    assert first["before"] == pytest.approx(alone["before"], rel=1e-4)
    assert first["norm"] == pytest.approx(0.1, rel=1e-4)


def text_alone(directory: Path) -> None:
    """A run in which no row has a picture."""
    model = opened(directory, NO_ADAPTER)
    questions = [replace(question, images=()) for question in asked_in(directory, 4)]
    rows = [lesson(f"q{n}", f"reply {n}") for n in range(4)]
    list(fit_lessons(model, SFT(), rows, questions, replace(FULL, weight_decay=0.5), directory / "text"))


def test_a_part_without_signal_in_the_step_of_all_processes_is_not_moved(place: Path) -> None:
    """Zeros in place of no gradient would let weight decay shrink the vision tower."""
    assert together(2, text_alone, place) == [0, 0]
    before, after = load_file(place / "base" / "model.safetensors"), weights_of(place / "text")
    tower = [name for name in before if "vision_tower" in name]
    assert tower
    assert all(torch.equal(before[name], after[name]) for name in tower)
    words = next(name for name in before if name.endswith("embed_tokens.weight"))
    assert not torch.equal(before[words], after[words])


def other_rows_on_the_second(directory: Path) -> None:
    model, questions = opened(directory, NO_ADAPTER), mixed(directory)
    rows = [lesson("q1", "yes" if ranks_here().is_first else "no")]
    list(fit_lessons(model, SFT(), rows, questions, FULL, directory / "other"))


def test_processes_with_other_rows_are_refused_before_a_step(place: Path) -> None:
    assert together(2, other_rows_on_the_second, place) != [0, 0]
    assert not (place / "other" / "steps.jsonl").exists()


def broken_reply(directory: Path) -> None:
    """The second process cannot encode the picture of one of its groups."""
    model, questions = opened(directory, NO_ADAPTER), mixed(directory)
    if not ranks_here().is_first:
        questions = [
            replace(q, images=tuple(replace(image, path=str(directory / "none.png")) for image in q.images))
            for q in questions
        ]
    rows = [lesson(f"q{n}", "yes") for n in range(7)]
    list(fit_lessons(model, SFT(), rows, questions, FULL, directory / "broken"))


def test_an_error_of_one_process_ends_all(place: Path) -> None:
    codes = together(2, broken_reply, place)
    assert codes[1] == 1
    assert codes[0] != 0


@dataclass(frozen=True)
class Setting:
    """What a sharded run differs by."""

    adapter: AdapterPlan = NO_ADAPTER
    offload: bool = False
    compute: ComputePlan = FLOAT32


def run_sharded(
    directory: Path,
    name: str,
    plan: FitPlan,
    stop: int | None = None,
    setting: Setting = Setting(),
    kind: str = SHARDED,
) -> None:
    """As `run_pairs`, with weights, gradients and moments sharded."""
    model, questions, pairs = opened(directory, setting.adapter, setting.compute), mixed(directory), pairs_of(7)
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, questions, plan))
    shard = ShardPlan(kind=kind, offload=setting.offload)
    for log in fit_pairs(model, MPO(), pairs, questions, store, plan, directory / name, shard=shard):
        if stop is not None and log.step + 1 == stop:
            break
    if stop is None and not ranks_here().is_first:
        assert all(p.is_meta for p in model.net.get_decoder().layers.parameters()) == (kind == SHARDED)


def test_sharded_weights_train_as_on_one_process_and_go_on_on_others(place: Path) -> None:
    """Stopped after 3 of 6 steps on two processes, after 5 on one that holds all; whole on three."""
    assert together(2, run_sharded, place, "sharded", LONGER, 3) == [0, 0]
    assert (place / "sharded" / "checkpoint-2" / "shards").is_dir()
    run_pairs(place, "sharded", LONGER, 5)
    assert not (place / "sharded" / "checkpoint-4" / "shards").exists()
    assert together(3, run_sharded, place, "sharded", LONGER) == [0, 0, 0]
    assert_same_steps(place / "one-longer", place / "sharded")
    assert_same_weights(place / "one-longer", place / "sharded")
    shutil.rmtree(place / "sharded" / "model")
    (place / "sharded" / "done.json").unlink()
    for path in (*place.glob("sharded/checkpoint-*/shards/shard-00002*"),):
        path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(ValueError, match="none is as it was written"):
        run_pairs(place, "sharded", LONGER)


SETTINGS = {
    "offload": Setting(offload=True),
    "adapter": Setting(adapter=ADAPTER),
    "bf16": Setting(compute=BF16),
    "checkpointing": Setting(compute=replace(FLOAT32, gradient_checkpointing=True)),
    "adapter in bf16 with checkpointing": Setting(
        adapter=ADAPTER, compute=replace(BF16, gradient_checkpointing=True), offload=True
    ),
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", SETTINGS)
def test_sharding_holds_in_every_setting(place: Path, name: str) -> None:
    setting = SETTINGS[name]
    run_sharded(place, f"{name} alone", FULL, None, setting, "copies")
    assert together(2, run_sharded, place, name, FULL, None, setting) == [0, 0]
    logs, others = (steps_in(place / folder) for folder in (f"{name} alone", name))
    rel = 5e-2 if setting.compute.precision == "bf16" else 1e-4
    assert [log.loss for log in others] == pytest.approx([log.loss for log in logs], rel=rel)
    norms = [[log.terms["grad_norm"] for log in each] for each in (logs, others)]
    assert norms[1] == pytest.approx(norms[0], rel=2 * rel)
    a, b = weights_of(place / f"{name} alone"), weights_of(place / name)
    assert {key: tensor.dtype for key, tensor in a.items()} == {key: tensor.dtype for key, tensor in b.items()}
    assert (place / name / "adapter").exists() == bool(setting.adapter.rank)
    moments = list((place / name).glob("checkpoint-*/shards/*.safetensors"))
    kinds = {tensor.dtype for path in moments for tensor in load_file(path).values()}
    assert kinds == {torch.float32}

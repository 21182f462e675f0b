"""Training through an adapter: what moves, what is saved, what a reference is, and that a stop changes nothing."""

import math
import signal
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from loaded_processes import begun, done
from peft import PeftModel
from safetensors.torch import load_file
from small_hub import ADAPTER, BF16, FLOAT32, PLAN, asked_in, base_in, opened, reference_of, run_slowly, steps_of_run
from tiny_trainable import pairs_of
from transformers import AutoModelForImageTextToText

from seewhy.model.api import ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Response, StepLog, Style
from seewhy.training.checkpoint import checkpoints

# peft itself asks for what transformers means to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
FULL = AdapterPlan()


def figures(log: StepLog) -> tuple[int, float, float, dict[str, float]]:
    """What must be equal: all but time and memory."""
    return (
        log.step,
        log.loss,
        log.learning_rate,
        {k: v for k, v in log.terms.items() if k not in ("resident_mb", "peak_mb")},
    )


def same_run(one: Path, other: Path) -> bool:
    logs = [list(map(figures, read_steps(run / "steps.jsonl"))) for run in (one, other)]
    files = sorted(
        path.relative_to(one) for part in ("model", "adapter") for path in (one / part).glob("*.safetensors")
    )
    assert len(files) == 2
    return logs[0] == logs[1] and all((one / file).read_bytes() == (other / file).read_bytes() for file in files)


def scores(model: HubModel, folder: Path) -> torch.Tensor:
    words = (Response(text="fine"), Response(text="bad16"))
    asks = [ScoreRequest(question=asked, style=Style.REASON, responses=words) for asked in asked_in(folder)]
    return torch.tensor([value for rows in model.score(asks) for row in rows for value in row])


def test_the_run_exports_the_merged_model_and_the_adapter_beside_it(tmp_path: Path) -> None:
    model = opened(tmp_path)
    before = scores(model, tmp_path)
    logs = list(steps_of_run(model, tmp_path, "run"))
    trained = scores(model, tmp_path)
    assert (trained - before).abs().max() > 0.1
    assert logs[0].terms["dpo"] == pytest.approx(math.log(2), abs=1e-5)
    merged, beside = (HubModel.load(tmp_path / "run" / part) for part in ("model", "adapter"))
    assert (scores(merged, tmp_path) - trained).abs().max() <= 1e-5
    assert torch.equal(scores(beside, tmp_path), trained)
    plain = AutoModelForImageTextToText.from_pretrained(base_in(tmp_path))
    loaded = PeftModel.from_pretrained(plain, tmp_path / "run" / "adapter").get_base_model()
    assert torch.equal(scores(HubModel(loaded, model.processor, "peft"), tmp_path), trained)


def test_neither_the_base_nor_its_tower_and_projector_move_under_an_adapter(tmp_path: Path) -> None:
    model = opened(tmp_path)
    before = {name: tensor.clone() for name, tensor in model.net.state_dict().items()}
    list(steps_of_run(model, tmp_path, "run"))
    moved = {name for name, tensor in model.net.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved
    assert all(".lora_" in name for name in moved)


def test_a_checkpoint_holds_the_adapter_and_its_moments_alone(tmp_path: Path) -> None:
    model = opened(tmp_path)
    list(islice(steps_of_run(model, tmp_path, "run"), 3))
    (newest,) = checkpoints(tmp_path / "run")
    trained = [name for name, parameter in model.net.named_parameters() if ".lora_" in name]
    assert set(load_file(newest / "weights.safetensors")) == set(trained)
    moments = load_file(newest / "moments.safetensors")
    assert len(moments) == 3 * len(trained)  # step, first and second moment
    assert all(tensor.dtype is torch.float32 for tensor in moments.values())


@pytest.mark.parametrize("compute", [FLOAT32, BF16], ids=["float32", "bf16"])
def test_a_run_with_an_adapter_that_was_closed_resumes_to_the_same_bits(tmp_path: Path, compute: ComputePlan) -> None:
    whole = list(steps_of_run(opened(tmp_path, compute=compute), tmp_path, "whole"))
    cut = steps_of_run(opened(tmp_path, compute=compute), tmp_path, "cut")
    list(islice(cut, 3))
    cut.close()
    assert not (tmp_path / "cut" / "adapter").exists()
    rest = list(steps_of_run(opened(tmp_path, compute=compute), tmp_path, "cut"))
    assert [log.step for log in rest] == list(range(2, len(whole)))
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_a_process_that_trains_an_adapter_and_is_killed_resumes_to_the_same_bits(tmp_path: Path) -> None:
    base_in(tmp_path)
    child = begun(run_slowly, tmp_path, "killed")
    log, deadline = tmp_path / "killed" / "steps.jsonl", time.monotonic() + 240
    while (not log.exists() or log.read_bytes().count(b"\n") < 7) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "done.json").exists()
    assert checkpoints(tmp_path / "killed")
    for run in ("killed", "whole"):
        done(run_slowly, tmp_path, run)
    assert same_run(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.parametrize(
    ("adapter", "word"),
    [(replace(ADAPTER, rank=8), "adapter"), (replace(ADAPTER, alpha=5), "adapter"), (FULL, "adapter"),
     (replace(ADAPTER, targets=("q_proj",)), "adapter")],
)  # fmt: skip
def test_a_checkpoint_of_another_adapter_is_refused_by_name(tmp_path: Path, adapter: AdapterPlan, word: str) -> None:
    list(islice(steps_of_run(opened(tmp_path), tmp_path, "run"), 3))
    with pytest.raises(ValueError, match=f"another {word}"):
        next(steps_of_run(opened(tmp_path, adapter), tmp_path, "run"))


@pytest.mark.parametrize("compute", [FLOAT32, BF16], ids=["float32", "bf16"])
@pytest.mark.parametrize("adapter", [ADAPTER, FULL], ids=["adapter", "full"])
def test_reference_rows_of_the_model_without_its_adapter_are_found_and_give_ln_2(
    tmp_path: Path, compute: ComputePlan, adapter: AdapterPlan
) -> None:
    """As `seewhy train` does it: the reference is scored by the plain model, and the adapter comes after it."""
    plain = HubModel.load(base_in(tmp_path), compute=compute, masters=not adapter.rank)
    store = reference_of(plain, pairs_of(4), asked_in(tmp_path))
    logs = list(islice(steps_of_run(opened(tmp_path, adapter, compute), tmp_path, "run", PLAN, store), 1))
    assert logs[0].terms["dpo"] == pytest.approx(math.log(2), abs=1e-4 if compute is FLOAT32 else 2e-2)


def test_reference_rows_of_another_precision_are_not_taken(tmp_path: Path) -> None:
    exact = reference_of(opened(tmp_path, FULL), pairs_of(4), asked_in(tmp_path))
    model = opened(tmp_path, FULL, BF16)
    with pytest.raises(ValueError, match="no reference row"):
        next(steps_of_run(model, tmp_path, "run", PLAN, replace(exact, fingerprint=model.fingerprint)))


BF16_LOSS, BF16_NORM = 0.005, 0.02
"""A first step in bf16 beside float32, largest relative gaps of the loss and of the gradient's norm: measured 0.0007
and 0.002."""


@pytest.mark.parametrize("adapter", [ADAPTER, FULL], ids=["adapter", "full"])
def test_a_preference_step_in_bf16_is_near_its_float32_value_and_keeps_float32_weights_and_moments(
    tmp_path: Path, adapter: AdapterPlan
) -> None:
    found = {}
    for name, compute in (("float32", FLOAT32), ("bf16", BF16)):
        model = opened(tmp_path, adapter, compute)
        log = next(steps_of_run(model, tmp_path, name))
        list(islice(steps_of_run(opened(tmp_path, adapter, compute), tmp_path, f"{name}-2"), 2))
        found[name] = log
        moved = load_file(checkpoints(tmp_path / f"{name}-2")[-1] / "weights.safetensors")
        moments = load_file(checkpoints(tmp_path / f"{name}-2")[-1] / "moments.safetensors")
        assert {tensor.dtype for tensor in (*moved.values(), *moments.values())} == {torch.float32}
    gap = abs(found["bf16"].loss - found["float32"].loss)
    assert 0 < gap < BF16_LOSS * found["float32"].loss
    assert found["bf16"].terms["grad_norm"] == pytest.approx(found["float32"].terms["grad_norm"], rel=BF16_NORM)


def test_training_goes_on_with_an_adapter_from_what_it_was(tmp_path: Path) -> None:
    """The reference is the policy at the start, adapter included; the base stays, and the adapter's files take over."""
    list(steps_of_run(opened(tmp_path), tmp_path, "first"))
    folder = tmp_path / "first" / "adapter"
    model = HubModel.load(folder)
    start = scores(model, tmp_path)
    model.adapt(AdapterPlan(rank=4, go_on=True))
    assert torch.equal(scores(model, tmp_path), start)
    logs = list(steps_of_run(model, tmp_path, "second"))
    assert logs[0].terms["dpo"] == pytest.approx(math.log(2), abs=1e-5)
    again = HubModel.load(tmp_path / "second" / "adapter")
    assert torch.equal(scores(again, tmp_path), scores(model, tmp_path))
    assert (scores(again, tmp_path) - start).abs().max() > 0.05
    base = load_file(base_in(tmp_path) / "model.safetensors")
    assert len(load_file(tmp_path / "second" / "adapter" / "adapter_model.safetensors")) == len(
        load_file(folder / "adapter_model.safetensors")
    )
    assert any("q_proj.weight" in name for name in base)
    with pytest.raises(ValueError, match="rank 4"):
        HubModel.load(folder).adapt(AdapterPlan(rank=8, go_on=True))
    with pytest.raises(ValueError, match="has no adapter"):
        HubModel.load(base_in(tmp_path)).adapt(AdapterPlan(rank=4, go_on=True))


def test_layers_are_left_out_and_ranks_stabilised_by_name(tmp_path: Path) -> None:
    model = opened(tmp_path, AdapterPlan(rank=4, exclude=("down_proj", "self_attn.k_proj"), rank_stabilised=True))
    adapted = [name for name, _ in model.net.named_parameters() if ".lora_A." in name]
    assert any("v_proj" in name for name in adapted)
    assert not any("down_proj" in name or "k_proj" in name for name in adapted)
    found = [layer.scaling for layer in model.net.modules() if hasattr(layer, "scaling")]
    scales = {scaling["default"] for scaling in found if isinstance(scaling, dict)}
    assert scales == {4.0}  # alpha 8 over the root of 4
    with pytest.raises(ValueError, match="'gate'"):
        opened(tmp_path, AdapterPlan(rank=4, exclude=("gate",)))

"""Gradient checkpointing: the same gradients in less memory, and no dropout."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families import SOME_NIGHTLY, Family
from lora import decoder_of, grouped
from torch import Tensor, nn
from untrained import gradient, picture, question, untrained_model

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.records.types import Style

# PaliGemma's processor turns arrays into arrays in a way that numpy means to drop.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CHECKPOINTED = ComputePlan(device="cpu", gradient_checkpointing=True)
SHARE = 0.25
"""Of the saved bytes, at most: measured 0.15 on two layers, of which each keeps its input and little else."""


def checkpointed(model: HubModel) -> HubModel:
    """Another model of the same net, which checkpoints its layers."""
    return HubModel(model.net, model.processor, model.name, compute=CHECKPOINTED)


def total(model: HubModel, groups: list[Group]) -> Tensor:
    return torch.cat([row for rows in model.group_logps(groups) for row in rows]).sum()


def saved_bytes(model: HubModel, groups: list[Group]) -> int:
    """Bytes that the forward pass keeps for the backward pass, each storage once, weights left out."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.net.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.untyped_storage().data_ptr() not in weights:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        total(model, groups)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def forwards(model: HubModel) -> list[int]:
    """A list that grows by one number whenever the first layer of the language model is computed."""
    seen: list[int] = []
    first = next(module for module in decoder_of(model).layers[0].modules() if isinstance(module, nn.Linear))
    first.register_forward_hook(lambda *_: seen.append(len(seen)))
    return seen


@pytest.mark.parametrize("family", SOME_NIGHTLY)
@pytest.mark.parametrize("rank", [0, 4])
def test_gradients_of_checkpointed_layers_are_those_of_kept_ones(family: Family, rank: int, tmp_path: Path) -> None:
    model = family.make()
    model.adapt(AdapterPlan(rank=rank))
    groups = grouped(model, tmp_path)
    model.path_of([group.prompt for group in groups])
    again = checkpointed(model)
    again.checks = model.checks  # where these say continued, checkpointed layers are run in separate rows
    if not family.is_packed:
        model.checks = {seen: replace(check, path=ScorePath.SEPARATE) for seen, check in model.checks.items()}
    counted = forwards(model)
    expected = gradient_of_trained(model, groups)
    once = len(counted)
    found = gradient_of_trained(again, groups)
    assert len(counted) == 3 * once
    assert model.path is (ScorePath.PACKED if family.is_packed else ScorePath.SEPARATE)
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    assert any(gradient.abs().max() > 0.1 for gradient in found)


def gradient_of_trained(model: HubModel, groups: list[Group]) -> list[Tensor]:
    trained = [parameter for parameter in model.net.parameters() if parameter.requires_grad]
    return list(torch.autograd.grad(total(model, groups), trained, materialize_grads=True))


@pytest.mark.parametrize("rank", [0, 4])
def test_checkpointed_layers_keep_a_fraction_of_the_bytes(rank: int, tmp_path: Path) -> None:
    model = untrained_model()
    model.adapt(AdapterPlan(rank=rank))
    groups = grouped(model, tmp_path, (120, 120, 120))
    whole = saved_bytes(model, groups)
    assert saved_bytes(checkpointed(model), groups) < SHARE * whole


def test_the_layers_of_a_trained_tower_are_checkpointed_too(tmp_path: Path) -> None:
    model = untrained_model()
    groups = grouped(model, tmp_path)
    tower = model.net.model.vision_tower.encoder.layers[0].self_attn
    seen: list[bool] = []
    tower.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    again = checkpointed(model)
    again.path_of([group.prompt for group in groups])
    seen.clear()
    gradient(again.net, total(again, groups))
    assert seen == [True, True]


def test_nothing_is_dropped_and_no_module_is_left_in_training_mode(tmp_path: Path) -> None:
    """Dropout of one half beside each MLP: the values are those without it, in the forward and in the backward pass."""
    model = untrained_model()
    groups = grouped(model, tmp_path)
    expected = gradient(model.net, total(model, groups))
    dropping = untrained_model()
    for layer in dropping.net.model.language_model.layers:
        layer.mlp.act_fn = nn.Sequential(layer.mlp.act_fn, nn.Dropout(0.5))
    again = checkpointed(dropping)
    found = gradient(again.net, total(again, groups))
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    assert not any(module.training for module in again.net.modules())


def test_a_layer_that_drops_values_itself_is_refused() -> None:
    model = untrained_model()
    model.net.model.language_model.layers[1].activation_dropout = 0.1
    with pytest.raises(ValueError, match="drops values in its layers"):
        checkpointed(model)


def test_chains_and_scores_of_a_checkpointing_model_are_those_of_a_plain_one(tmp_path: Path) -> None:
    model = untrained_model()
    asks = [GenerateRequest(question=question(1, picture(tmp_path, 1)), style=Style.REASON, count=3)]
    expected = model.generate(asks, SamplingParams(max_tokens=8))
    again = checkpointed(model)
    assert again.generate(asks, SamplingParams(max_tokens=8)) == expected
    with torch.enable_grad():
        assert again.generate(asks, SamplingParams(max_tokens=8)) == expected

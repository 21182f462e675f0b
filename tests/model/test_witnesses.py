"""Packed rows are compared by the gradients of few weights, which see a fault of any layer on the way back."""

from pathlib import Path

import pytest
import torch
from torch import nn
from untrained import groups, untrained_model

from seewhy.model.packed.precision import widened_bytes
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.trials import check_paths
from seewhy.model.packed.witnesses import few_gradients, witness_bytes, witnesses
from seewhy.model.plan import AdapterPlan


class LosesGradients(nn.Module):
    """Right values; of a single row, as packed rows are, a tenth of the gradient does not come back."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, hidden: torch.Tensor, *given: object, **named: object) -> object:
        lost = torch.lerp(hidden, hidden.detach(), 0.1) if len(hidden) == 1 else hidden
        return self.inner(lost, *given, **named)


class LosesItsOwn(nn.Linear):
    """The same of the gradient of its weight alone."""

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        weight = torch.lerp(self.weight, self.weight.detach(), 0.1) if len(hidden) == 1 else self.weight
        return nn.functional.linear(hidden, weight, self.bias)


@pytest.mark.parametrize(("part", "rank"), [("", 0), ("mlp", 0), ("mlp", 4), ("self_attn.o_proj", 0)])
@pytest.mark.parametrize("place", [0, 1])
def test_a_layer_that_loses_a_tenth_of_its_gradients_is_found_wherever_it_is(
    part: str, rank: int, place: int, tmp_path: Path
) -> None:
    """Under an adapter the last layer's factors alone are looked at: what comes back to the embeddings tells of all."""
    model = untrained_model()
    model.adapt(AdapterPlan(rank=rank))
    asked = groups(model, tmp_path, {0: (6, 8)})
    layers = model.net.get_decoder().layers
    if part:
        above, _, name = part.rpartition(".")
        owner = layers[place].get_submodule(above)
        setattr(owner, name, LosesGradients(getattr(owner, name)))
    else:
        layers[place] = LosesGradients(layers[place])
    check = check_paths(model.net, asked)
    assert not check.is_packed
    assert check.why.startswith("packed rows differ from separate rows (log-probability by ")


@pytest.mark.parametrize("name", ["q_proj", "v_proj"])
def test_a_matrix_whose_own_gradient_alone_is_wrong_is_found_in_the_last_layer(name: str, tmp_path: Path) -> None:
    model = untrained_model()
    asked = groups(model, tmp_path, {0: (6, 8)})
    getattr(model.net.get_decoder().layers[-1].self_attn, name).__class__ = LosesItsOwn
    assert not check_paths(model.net, asked).is_packed


def test_a_right_net_is_packed_and_every_weight_asks_as_before(tmp_path: Path) -> None:
    model = untrained_model()
    weights = dict(model.net.named_parameters())
    frozen = [name for name in weights if "vision_tower" in name]
    for name in frozen:
        weights[name].requires_grad_(requires_grad=False)
    before = {name: (parameter.requires_grad, parameter.clone()) for name, parameter in weights.items()}
    check = check_paths(model.net, groups(model, tmp_path, {0: (6, 8)}))
    assert check.path is ScorePath.PACKED
    assert check.gradient_gap < 1e-4
    for name, (asks, value) in before.items():
        assert weights[name].requires_grad is asks
        assert torch.equal(weights[name], value)
        assert weights[name].grad is None


def test_a_trial_that_fails_leaves_the_weights_asking() -> None:
    net = untrained_model().net

    def fails() -> None:
        with few_gradients(net) as asked:
            assert sum(parameter.requires_grad for parameter in net.parameters()) == len(asked) - 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert not net.get_input_embeddings()._forward_hooks


def test_witnesses_are_vectors_and_one_matrix_of_a_kind_without_words() -> None:
    net = untrained_model().net
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    found = {names[id(parameter)] for parameter in witnesses(net)}
    assert "model.language_model.layers.0.input_layernorm.weight" in found
    assert "model.language_model.layers.1.self_attn.q_proj.weight" in found
    assert "model.language_model.layers.0.self_attn.q_proj.weight" not in found
    assert not any("embed_tokens" in name or "lm_head" in name for name in found)
    assert witness_bytes(net) == 4 * sum(parameter.numel() for parameter in witnesses(net))
    assert widened_bytes(net.bfloat16()) == 4 * sum(parameter.numel() for parameter in net.parameters())
    net.requires_grad_(requires_grad=False)
    with few_gradients(net) as asked:
        assert asked == []

"""LoRA in every family: it starts as nothing, and trains linear layers of the language model alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families import SOME_NIGHTLY, Family
from lora import MERGED, PLAN, adapted, decoder_of, grouped, logps, stirred
from peft.tuners.lora import LoraLayer
from torch import nn
from untrained import gradient, picture, question, untrained_model

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.trials import check_paths
from seewhy.model.plan import AdapterPlan
from seewhy.records.types import Style

# PaliGemma's processor turns arrays into arrays in a way that numpy means to drop.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(params=SOME_NIGHTLY)
def family(request: pytest.FixtureRequest) -> Family:
    return request.param


def test_before_the_first_step_an_adapted_model_is_its_base_to_the_bit(family: Family, tmp_path: Path) -> None:
    model = family.make()
    groups = grouped(model, tmp_path)
    before, name = logps(model, groups), model.fingerprint
    model.adapt(PLAN)
    assert torch.equal(logps(model, groups), before)
    assert model.fingerprint == name


def test_with_its_adapter_off_a_trained_model_is_its_base_to_the_bit(family: Family, tmp_path: Path) -> None:
    model = family.make()
    groups = grouped(model, tmp_path)
    before, name = logps(model, groups), model.fingerprint
    model.adapt(PLAN)
    stirred(model)
    moved, asked = logps(model, groups), [parameter.requires_grad for parameter in model.net.parameters()]
    assert (moved - before).abs().max() > 0.1
    assert model.fingerprint != name
    with model.adapter_off():
        assert torch.equal(logps(model, groups), before)
    assert torch.equal(logps(model, groups), moved)
    assert [parameter.requires_grad for parameter in model.net.parameters()] == asked


def test_packed_rows_with_an_adapter_equal_separate_rows_or_are_refused(family: Family, tmp_path: Path) -> None:
    model = adapted(family)
    groups = grouped(model, tmp_path)
    check = check_paths(model.net, groups, value_tolerance=1e-5, gradient_tolerance=1e-4)
    assert check.is_packed is family.is_packed, check.why
    assert model.path_of([group.prompt for group in groups]) is (
        ScorePath.PACKED if family.is_packed else ScorePath.CONTINUED
    )


def test_an_adapter_lies_on_linear_layers_of_the_language_model_alone(family: Family) -> None:
    model = family.make()
    model.adapt(PLAN)
    moved = {name for name, parameter in model.net.named_parameters() if parameter.requires_grad}
    assert all(".lora_" in name for name in moved)
    layers = {module for module in model.net.modules() if isinstance(module, LoraLayer)}
    decoder = [module for module in decoder_of(model).modules() if isinstance(module, LoraLayer | nn.Linear)]
    plain = [module for module in decoder if isinstance(module, nn.Linear) and not isinstance(module, LoraLayer)]
    assert layers == {module for module in decoder if isinstance(module, LoraLayer)}
    assert len(plain) == 3 * len(layers)  # within each adapted layer its base and the two matrices, and none beside
    parts = model.parameter_groups()
    assert not any(parameter.requires_grad for part in ("tower", "projector") for parameter in parts[part])
    assert sum(parameter.requires_grad for parameter in parts["language"]) == len(moved) == 2 * len(layers)


def test_chains_of_an_adapted_model_score_as_they_were_drawn(family: Family, tmp_path: Path) -> None:
    model = adapted(family)
    asked = question(1, picture(tmp_path, 1))
    ((*chains,),) = model.generate(
        [GenerateRequest(question=asked, style=Style.REASON, count=3)], SamplingParams(max_tokens=10)
    )
    prompt = model.prompt(asked, Style.REASON)
    scored = logps(model, [Group(prompt=prompt, responses=tuple(chain.token_ids for chain in chains))])
    drawn = [value for chain in chains for value in chain.logprobs]
    assert drawn == pytest.approx(scored.tolist(), abs=1e-4)


def test_the_first_values_of_an_adapter_are_those_of_its_seed() -> None:
    weights = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(weights))
        model = untrained_model()
        model.adapt(replace(PLAN, seed=seed))
        weights.append(model.net.model.language_model.layers[0].self_attn.q_proj.lora_A["default"].weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_making_an_adapter_leaves_the_luck_of_others_as_it_was() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    model = untrained_model()
    torch.manual_seed(5)
    model.adapt(PLAN)
    assert torch.equal(torch.rand(3), expected)


def test_named_targets_are_adapted_and_no_others() -> None:
    model = untrained_model()
    model.adapt(replace(PLAN, targets=("q_proj", "1.mlp.up_proj")))
    moved = {name.partition(".lora_")[0] for name, p in model.net.named_parameters() if p.requires_grad}
    places = ("0.self_attn.q_proj", "1.self_attn.q_proj", "1.mlp.up_proj")
    assert moved == {f"model.language_model.layers.{place}" for place in places}


def test_a_target_that_names_nothing_is_refused_with_what_there_is() -> None:
    # fc1 is a layer of the vision tower.
    with pytest.raises(ValueError, match=r"adapter.targets 'fc1' names no .*; there are down_proj, gate_proj, k_proj"):
        untrained_model().adapt(replace(PLAN, targets=("fc1",)))


@pytest.mark.parametrize(("plan", "factor"), [(PLAN, 4.0), (AdapterPlan(rank=8), 2.0), (AdapterPlan(rank=64), 2.0)])
def test_the_update_is_scaled_by_alpha_over_rank_and_by_two_where_no_alpha_is_given(
    plan: AdapterPlan, factor: float
) -> None:
    """Rank 4 with alpha 16 is a factor of 4; mDPO's rank of 64 with its alpha of 128 is one of 2."""
    model = untrained_model()
    before = model.net.model.language_model.layers[0].mlp.up_proj.weight.clone()
    model.adapt(plan)
    stirred(model)
    layer = model.net.model.language_model.layers[0].mlp.up_proj
    update = layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    model.adapt(AdapterPlan())
    after = model.net.model.language_model.layers[0].mlp.up_proj.weight
    torch.testing.assert_close(after, before + factor * update, rtol=0, atol=1e-6)


def test_an_adapter_that_is_merged_leaves_a_plain_net_that_scores_the_same_and_can_be_trained(tmp_path: Path) -> None:
    model, names = untrained_model(), list(untrained_model().net.state_dict())
    groups = grouped(model, tmp_path)
    model.adapt(PLAN)
    before = logps(stirred(model), groups)
    model.adapt(AdapterPlan())
    assert list(model.net.state_dict()) == names
    assert (logps(model, groups) - before).abs().max() <= MERGED
    assert all(parameter.requires_grad for parameter in model.net.parameters())
    assert not model.has_adapter
    model.adapt(PLAN)
    assert model.has_adapter


def test_what_an_adapter_adds_is_told_apart_by_weights_and_by_scale() -> None:
    fingerprints = []
    for plan in (PLAN, replace(PLAN, alpha=8)):
        model = untrained_model()
        model.adapt(plan)
        fingerprints.append(stirred(model).fingerprint)
        with torch.no_grad():
            model.net.model.language_model.layers[1].mlp.up_proj.lora_A["default"].weight[0, 0] += 1
        fingerprints.append(model.fingerprint)
    assert len(set(fingerprints)) == 4


def test_only_the_adapter_gets_a_gradient(tmp_path: Path) -> None:
    model = untrained_model()
    model.adapt(PLAN)
    stirred(model)
    torch.cat([row for rows in model.group_logps(grouped(model, tmp_path)) for row in rows]).sum().backward()
    for name, parameter in model.net.named_parameters():
        assert (parameter.grad is not None) is (".lora_" in name), name


def test_gradients_of_a_merged_net_are_those_of_the_plain_one(tmp_path: Path) -> None:
    plain, merged = untrained_model(), untrained_model()
    groups = grouped(plain, tmp_path)
    merged.adapt(PLAN)
    merged.adapt(AdapterPlan())
    each = [
        gradient(model.net, torch.cat([row for rows in model.group_logps(groups) for row in rows]).sum())
        for model in (plain, merged)
    ]
    assert all(torch.equal(a, b) for a, b in zip(*each, strict=True))

"""Kinds of LoRA: dropout, DoRA, rsLoRA, modules held whole, first values by the weights; peft's net is the judge."""

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lora import MERGED, PLAN, grouped, logps
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from untrained import untrained_model

from seewhy.model.families.hub import HubModel
from seewhy.model.packed.dropping import DropByExample, keyed
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.plan import AdapterPlan, ComputePlan

# peft itself asks for what transformers means to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
PROJECTOR = "multi_modal_projector"
KINDS = {
    "dora": replace(PLAN, dora=True),
    "rslora": replace(PLAN, rank_stabilised=True),
    "whole": replace(PLAN, modules_to_save=(PROJECTOR, "language_model.norm")),
    "gaussian": replace(PLAN, initial="gaussian"),
    "pissa": replace(PLAN, initial="pissa"),
    "pissa fast": replace(PLAN, initial="pissa_niter_16"),
    "olora": replace(PLAN, initial="olora", rank_stabilised=True),
    "dora, whole, part": replace(PLAN, dora=True, modules_to_save=(PROJECTOR,), targets=("q_proj", "up_proj")),
}


NIGHTLY = ("gaussian", "rslora", "pissa fast", "dora, whole, part")


@pytest.fixture(params=[pytest.param(k, id=n, marks=[pytest.mark.nightly] * (n in NIGHTLY)) for n, k in KINDS.items()])
def plan(request: pytest.FixtureRequest) -> AdapterPlan:
    return request.param


def moved(model: HubModel, size: float = 0.1) -> HubModel:
    """All that the adapter trains is elsewhere than at the start."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.net.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * size)
    return model


def flat(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    return torch.cat([row for group in rows for row in group])


def test_before_the_first_step_and_with_it_off_the_model_is_its_start(plan: AdapterPlan, tmp_path: Path) -> None:
    """To the bit where nothing follows from the weights; PiSSA and OLoRA add s B0 A0 and take it away: to 1e-5."""
    model = untrained_model()
    groups = grouped(model, tmp_path)
    before, name = logps(model, groups), model.fingerprint
    model.adapt(plan)
    assert (logps(model, groups) - before).abs().max() <= (1e-5 if plan.is_by_weights else 0)
    assert model.fingerprint == name
    moved(model)
    assert (logps(model, groups) - before).abs().max() > 0.01
    assert model.fingerprint != name
    if plan.off_is_start:
        with model.adapter_off():
            assert torch.equal(logps(model, groups), before)
    else:
        with pytest.raises(ValueError, match=PROJECTOR), model.adapter_off():
            pass


def test_packed_rows_are_separate_rows_value_and_gradient(plan: AdapterPlan, tmp_path: Path) -> None:
    model = untrained_model()
    model.adapt(plan)
    moved(model)
    groups = grouped(model, tmp_path)
    gradients: list[list[Tensor]] = []
    values: list[Tensor] = []
    for path in (packed_logps, separate_logps):
        model.net.zero_grad()
        values.append(flat(path(model.net, groups)))
        values[-1].sum().backward()
        gradients.append([p.grad.clone() for p in model.net.parameters() if p.requires_grad and p.grad is not None])
    torch.testing.assert_close(values[0], values[1], rtol=0, atol=1e-5)
    trained = [p for p in model.net.parameters() if p.requires_grad]
    assert len(gradients[0]) == len(gradients[1]) == len(trained)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("plan", [KINDS[name] for name in ("pissa", "olora", "dora, whole, part")])
def test_merged_and_saved_it_scores_the_same(plan: AdapterPlan, tmp_path: Path) -> None:
    """By seewhy and by peft: merged, opened from its file, and as a PeftModel whose forward pass is peft's own."""
    untrained_model().save(tmp_path / "base")
    model = HubModel.load(tmp_path / "base")
    base, groups = copy.deepcopy(model.net), grouped(model, tmp_path)
    model.adapt(plan)
    before = logps(moved(model), groups)
    bound = MERGED * (3 if plan.is_by_weights else 1)  # a large part of each weight is added and taken away
    model.save(tmp_path / "merged")
    model.save_adapter(tmp_path / "adapter")
    for part in ("merged", "adapter"):
        again = HubModel.load(tmp_path / part)
        assert (logps(again, groups) - before).abs().max() <= bound, part
    twice = {"rank": 2 * plan.rank, "alpha": 2 * plan.lora_alpha, "initial": "zero"} if plan.is_by_weights else {}
    if not (twice and plan.rank_stabilised):  # alpha is then no whole number; peft goes on with that file
        again.adapt(replace(plan, **twice, go_on=True, targets=()))  # pyright: ignore[reportArgumentType]
        assert (logps(again, groups) - before).abs().max() <= bound
        assert {p.dtype for p in again.net.parameters() if p.requires_grad} == {torch.float32}
    theirs = PeftModel.from_pretrained(base, tmp_path / "adapter")
    theirs.eval()
    found = flat(separate_logps(theirs.get_base_model(), groups))  # pyright: ignore[reportArgumentType]
    assert (found - before).abs().max() <= bound
    weights = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    theirs.save_pretrained(str(tmp_path / "theirs"), save_embedding_layers=False)
    assert set(weights) == set(load_file(tmp_path / "theirs" / "adapter_model.safetensors"))
    assert (logps(HubModel.load(tmp_path / "theirs"), groups) - before).abs().max() <= bound


@pytest.mark.parametrize(
    "other",
    [{"dora": True}, {"rank": 2}, {"targets": ("q_proj",)}, {"initial": "pissa"}, {"modules_to_save": ("norm",)}],
)
def test_an_adapter_is_not_gone_on_with_by_another_plan(other: dict[str, object]) -> None:
    model = untrained_model()
    model.adapt(PLAN)
    with pytest.raises(ValueError, match=r"adapter.go_on"):
        model.adapt(replace(PLAN, go_on=True, **other))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", ["plain", "dora", "pissa"])
def test_what_is_dropped_follows_from_the_example_alone(name: str, tmp_path: Path) -> None:
    """Packed, in separate rows, one group at a time, in another order: the same log-probabilities at one address."""
    model = untrained_model()
    model.adapt(replace(KINDS.get(name, PLAN), dropout=0.3))
    moved(model)
    groups = grouped(model, tmp_path)
    kept = logps(model, groups)

    def at(address: str, asked: Sequence[Group]) -> Tensor:
        context = model.dropping(address)
        assert context is not None
        with context:
            return logps(model, list(asked))

    dropped = at("0/1", groups)
    assert (dropped - kept).abs().max() > 0.01
    assert torch.equal(at("0/1", groups), dropped)
    assert (at("0/2", groups) - dropped).abs().max() > 0.01
    torch.testing.assert_close(torch.cat([at("0/1", [group]) for group in groups]), dropped, rtol=0, atol=1e-5)
    order = torch.cat([at("0/1", [group]) for group in reversed(groups)][::-1])
    torch.testing.assert_close(order, dropped, rtol=0, atol=1e-5)
    with model.dropping("0/1") or pytest.fail("drops nothing"):
        torch.testing.assert_close(flat(separate_logps(model.net, groups)), dropped, rtol=0, atol=1e-5)
    assert torch.equal(logps(model, groups), kept)
    assert not any(module.training for module in model.net.modules())


def test_checkpointed_layers_drop_the_same_again(tmp_path: Path) -> None:
    gradients: list[list[Tensor]] = []
    for checkpoints in (False, True):
        plain = untrained_model()
        compute = ComputePlan(device="cpu", gradient_checkpointing=checkpoints)
        model = HubModel(plain.net, plain.processor, "net", compute=compute)
        model.adapt(replace(PLAN, dropout=0.3, dora=True))
        moved(model)
        with model.dropping("0/1") or pytest.fail("drops nothing"):
            flat(model.group_logps(grouped(model, tmp_path))).sum().backward()
        gradients.append([p.grad for p in model.net.parameters() if p.requires_grad and p.grad is not None])
    assert len(gradients[0]) == len(gradients[1]) > 0
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_the_share_that_is_dropped_is_the_plans_and_its_mean_stays() -> None:
    """400,000 values at 0.1: the share's deviation is sqrt(0.1 * 0.9 / 400000) = 0.00047; four of them are 0.0019."""
    drop, tokens = DropByExample(0.1, "layer"), torch.arange(1000, dtype=torch.int32)[None]
    with keyed(tokens):
        out = drop(torch.ones(1, 1000, 400))
    assert float((out == 0).float().mean()) == pytest.approx(0.1, abs=0.0019)
    assert float(out.mean()) == pytest.approx(1.0, abs=0.0022)
    rows, columns = (out == 0).float().mean(dim=2), (out == 0).float().mean(dim=1)
    assert float(rows.std()) == pytest.approx((0.09 / 400) ** 0.5, rel=0.15)
    assert float(columns.std()) == pytest.approx((0.09 / 1000) ** 0.5, rel=0.15)


def test_a_layer_that_is_given_other_states_than_the_tokens_is_refused_by_name() -> None:
    drop = DropByExample(0.1, "experts.3.up_proj")
    with keyed(torch.zeros(1, 5, dtype=torch.int32)), pytest.raises(ValueError, match=r"experts.3.up_proj .*exclude"):
        drop(torch.ones(3, 8))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dora": True, "initial": "pissa"}, "dora"),
        ({"dropout": 1.0}, "dropout is a share"),
        ({"initial": "svd"}, "there are zero, gaussian, pissa"),
        ({"rank": 0, "alpha": 0, "dropout": 0.1}, "adapter.rank"),
        ({"rank": 0, "alpha": 0, "modules_to_save": ("lm_head",)}, "adapter.rank"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(PLAN, **settings)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"modules_to_save": ("projector",)}, r"'projector' names no module; there are .*multi_modal_projector"),
        ({"modules_to_save": ("mlp",), "targets": ("up_proj",)}, r"modules_to_save trains .*up_proj whole"),
        ({"rank": 4000, "initial": "pissa"}, r"rank 4000 is above"),
    ],
)
def test_a_plan_that_does_not_fit_the_net_is_refused_by_name(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        untrained_model().adapt(replace(PLAN, **settings))  # pyright: ignore[reportArgumentType]


def test_weights_of_four_bits_take_no_first_values_by_the_weights() -> None:
    with pytest.raises(ValueError, match=r"adapter.initial pissa"):
        ComputePlan(load_in_4bit=True).require_adapter(replace(PLAN, initial="pissa"))


@pytest.mark.parametrize("which", ["keys", "targets", "whole", "earlier"])
def test_an_adapter_whose_names_fit_nothing_is_refused_by_name(which: str, tmp_path: Path) -> None:
    """Another prefix in the file, or in its settings; peft itself reads the names of earlier versions of the net."""
    untrained_model().save(tmp_path / "base")
    model = HubModel.load(tmp_path / "base")
    model.adapt(replace(PLAN, modules_to_save=() if which == "earlier" else (PROJECTOR,)))
    before = logps(moved(model), groups := grouped(model, tmp_path))
    model.save_adapter(tmp_path / "adapter")
    weights, settings = tmp_path / "adapter" / "adapter_model.safetensors", tmp_path / "adapter" / "adapter_config.json"
    old, new = {
        "keys": ("model.language_model.", "text_model."), "whole": (PROJECTOR, "projector"),
        "earlier": ("model.language_model.", "language_model.model."), "targets": ("", ""),
    }[which]  # fmt: skip
    held = load_file(weights)
    save_file({name.replace(old, new) if old else name: tensor for name, tensor in held.items()}, weights)
    if which == "earlier":
        assert torch.equal(logps(HubModel.load(tmp_path / "adapter"), groups), before)
        return
    if which == "targets":
        said = json.loads(settings.read_text())
        said["target_modules"] = [name.replace("language_model", "text_model") for name in said["target_modules"]]
        settings.write_text(json.dumps(said))
    with pytest.raises(ValueError, match=r"(?s)adapter.*(do|does) not fit .*(text_model|projector)"):
        HubModel.load(tmp_path / "adapter")

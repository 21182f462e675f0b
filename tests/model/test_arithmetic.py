"""TF32 and the attention of a net's own layers are settings: recorded, refused early, and exact in comparisons."""

import json
from collections.abc import Generator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from untrained import picture, question, responses, untrained_model

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.arithmetic import fitting_attention, require_attention, set_attention, set_tf32
from seewhy.model.loading.opening import as_held, require_machine
from seewhy.model.packed.group import Group
from seewhy.model.plan import ComputePlan
from seewhy.records.canonical import canonical_json
from seewhy.records.types import Style

CPU = ComputePlan(device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("saved")
    untrained_model().save(place)
    return place


@pytest.fixture(autouse=True)
def no_tf32() -> Generator[None]:
    yield
    set_tf32(is_on=False)


def tf32() -> tuple[bool, bool]:
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


def test_opening_a_model_turns_off_the_tf32_that_torch_leaves_on_for_convolutions(folder: Path) -> None:
    torch.backends.cudnn.allow_tf32 = True  # as torch has it when it is imported
    HubModel.load(folder)
    assert tf32() == (False, False)


def test_what_compares_two_ways_to_one_number_is_without_tf32(folder: Path) -> None:
    model = HubModel.load(folder)
    set_tf32(is_on=True)
    assert as_held(lambda _: tf32())(model) == (False, False)
    assert tf32() == (True, True)


@pytest.mark.parametrize("name", ["eager", "sdpa"])
def test_layers_attend_as_set_and_a_saved_model_does_not_remember_it(folder: Path, tmp_path: Path, name: str) -> None:
    group = question(1, picture(tmp_path, 1))
    usual = HubModel.load(folder)
    model = HubModel.load(folder, compute=replace(CPU, attention=name))
    for config in (model.net.config, model.net.config.get_text_config(), model.net.config.vision_config):
        assert config._attn_implementation == name
    asked = Group(prompt=usual.prompt(group, Style.REASON), responses=responses((5, 3)))
    for found, expected in zip(model.group_logps([asked])[0], usual.group_logps([asked])[0], strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    assert model.settings == {"attention": name}
    found = []
    for number, each in enumerate((model, usual)):
        each.save(tmp_path / str(number))
        found.append((tmp_path / str(number) / "config.json").read_bytes())
    assert found[0] == found[1]


def test_an_attention_that_a_part_of_the_net_lacks_is_refused_with_those_that_fit() -> None:
    net = untrained_model().net
    assert "sdpa" in fitting_attention(net)

    class NoFused(type(net.model.vision_tower)):
        _supports_sdpa = False

    net.model.vision_tower.__class__ = NoFused
    with pytest.raises(ValueError, match=r"compute\.attention sdpa: \w+ has eager"):
        require_attention(net, "sdpa")
    set_attention(net, "eager")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"attention": "flashy"}, ("compute.attention", "flashy", "eager, sdpa, flash_attention_2")),
        ({"attention": "flash_attention_2"}, ("compute.attention", "compute.precision", "bf16")),
    ],
)
def test_what_does_not_exist_or_does_not_fit_the_precision_is_refused_when_a_plan_is_made(
    settings: dict[str, str], words: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=words[0]) as refused:
        ComputePlan(**settings)
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (ComputePlan(device="cpu", tf32=True), "compute.tf32"),
        (ComputePlan(device="cpu", precision="bf16", attention="flash_attention_2"), "compute.attention"),
    ],
)
def test_a_machine_that_cannot_is_said_before_anything_runs(folder: Path, plan: ComputePlan, field: str) -> None:
    assert plan.is_demanding
    with pytest.raises(ValueError, match=field):
        require_machine(plan)
    with pytest.raises(ValueError, match=field):
        HubModel.load(folder, compute=plan)


def test_left_out_they_change_no_fingerprint_and_set_they_do() -> None:
    assert set(json.loads(canonical_json(CPU))) == {"type", "precision", "load_in_4bit"}
    assert asdict(CPU)["tf32"] is False
    found = {canonical_json(plan) for plan in (CPU, replace(CPU, tf32=True), replace(CPU, attention="sdpa"))}
    assert len(found) == 3

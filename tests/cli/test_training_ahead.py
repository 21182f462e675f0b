"""A training that cannot begin is told before the rows are made that it would be trained on, with step and remedy."""

from shutil import copytree

import pytest
import torch
from safetensors.torch import load_file, save_file

from seewhy.cli.main import main
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.adapters import adapted_layers
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.model.weights import SHIPPED
from seewhy.runs.forecast.meta import open_meta, require_trained
from seewhy.training.plan import FitPlan

RECIPE = """
name: ahead
models: {base: {path: BASE}}
steps:
  questions: {stage: questions, train: 8, validation: 0, test: 2}
  teacher: {stage: distil, questions: questions.train, teacher: oracle}
  lessons: {stage: lessons, rationales: teacher.chains, verdicts: teacher.verdicts, direct: questions.train}
  sft: {stage: train, start: base, data: {lessons: 1.0}, objective: sft, fit: {learning_rate: 1.0e-5}}
  rl: {stage: online, start: sft, questions: questions.train, reward: outcome, objective: grpo,
       fit: {learning_rate: 1.0e-6}}
"""
LAYERS = "remedy: there are down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj"
TABLE = {
    "--sft.adapter.rank 2 --sft.adapter.targets q_porj": ("step sft: adapter.targets 'q_porj' names no", LAYERS),
    "--sft.adapter.rank 2 --sft.adapter.exclude q_porj": ("step sft: adapter.exclude 'q_porj' names no", LAYERS),
    "--rl.adapter.rank 2 --rl.adapter.targets q_porj": ("step rl: adapter.targets 'q_porj' names no", LAYERS),
    "--sft.adapter.rank 2 --sft.adapter.modules-to-save lm_head": (
        "step sft: adapter.modules_to_save: lm_head.weight is the same weight as", "remedy: leave it out"),
    "--sft.adapter.rank 2 --sft.adapter.modules-to-save nope": (
        "step sft: adapter.modules_to_save 'nope' names no module", "remedy: there are lm_head"),
    "--sft.adapter.rank 200 --sft.adapter.initial pissa": (
        "step sft: adapter.initial pissa: rank 200 is above", "remedy: set adapter.rank to 160 or below"),
    "--sft.fit.optimizer.frozen tower projector language": (
        "step sft: fit: no weight moves", "remedy: take a part out of fit.optimizer.frozen"),
    "--sft.fit.optimizer.kind adamw_8bit": (
        "step sft: fit.optimizer.kind adamw_8bit needs bitsandbytes", "remedy: pip install bitsandbytes"),
    "--sft.adapter.rank 2 --sft.adapter.go-on": ("step sft: adapter.go_on: ", "remedy: start from the folder"),
}  # fmt: skip
"""Of the model that ships."""
OWN = {
    "--sft.adapter.rank 4 --sft.adapter.go-on": ("step sft: adapter.go_on: the adapter of", "remedy: give its own"),
    "--rl.adapter.rank 2 --rl.adapter.go-on": ("step rl: adapter.go_on: ", "remedy: start from the folder"),
}
"""Of a model with an adapter of rank 2: what `sft` leaves has it added in."""


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    place = tmp_path_factory.mktemp("started")
    copytree(SHIPPED, place / "base")
    model = HubModel.load(place / "base")
    model.adapt(AdapterPlan(rank=2, modules_to_save=("model.multi_modal_projector",)))
    with torch.no_grad():
        for _, layer in adapted_layers(model.net):
            layer.lora_B["default"].weight.add_(0.01)
    model.save_adapter(place / "adapter")
    return place / "adapter"


def run(words, place, base):
    place.joinpath("ahead.yaml").write_text(RECIPE.replace("BASE", str(base)))
    return main(["run", str(place / "ahead.yaml"), "--run", str(place / "run"), "--workers", "1", *words])


def refused(words, place, base, told, capsys):
    assert run(words, place, base) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 3, said.err
    assert [part for part in told if part in said.err] == list(told), said.err
    assert not list(place.glob("run/**/*.parquet"))


@pytest.mark.parametrize("options", TABLE)
def test_a_training_that_cannot_begin_is_told_before_a_teacher_is_asked(options, tmp_path, capsys):
    refused(options.split(), tmp_path, "tiny", TABLE[options], capsys)


@pytest.mark.parametrize("options", OWN)
def test_an_adapter_that_cannot_be_gone_on_with_is_told_too(options, adapter, tmp_path, capsys):
    refused(options.split(), tmp_path, adapter, OWN[options], capsys)


WHOLE = ["--sft.adapter.rank", "2", "--sft.adapter.modules-to-save", "model.multi_modal_projector"]


def test_a_model_without_weights_has_its_adapter_after_each_trial_of_a_training(adapter):
    model = open_meta(str(adapter))
    modules, fit = ("model.multi_modal_projector",), FitPlan(learning_rate=1e-5)
    for plan in (AdapterPlan(rank=2, go_on=True, modules_to_save=modules), AdapterPlan(rank=4), AdapterPlan()) * 2:
        require_trained(model, fit, plan, ComputePlan(device="cpu"))
        assert model.has_adapter
        assert all(weight.is_meta for weight in model.net.parameters())


@pytest.mark.nightly
def test_a_plan_knows_an_adapter_that_is_gone_on_with(adapter, tmp_path, capsys):
    (tmp_path / "ahead.yaml").write_text(RECIPE.partition("  rl:")[0].replace("BASE", str(adapter)))
    assert main(["plan", str(tmp_path / "ahead.yaml"), *WHOLE, "--sft.adapter.go-on"]) == 0
    assert "memory of sft" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lora_A", ("model base: ", "does not fit", "size mismatch", "remedy: correct base_model_name_or_path")),
        ("projector", ("model base: ", "does not fit", "(159,), and the model's (160,)", "remedy: correct base_model")),
    ],
)
def test_an_adapter_of_another_shape_is_told_before_a_teacher_is_asked(name, told, adapter, tmp_path, capsys):
    copytree(adapter, tmp_path / "mine")
    weights = load_file(tmp_path / "mine" / "adapter_model.safetensors")
    first = next(one for one in sorted(weights) if name in one)
    save_file({**weights, first: weights[first][:-1].contiguous()}, tmp_path / "mine" / "adapter_model.safetensors")
    refused([], tmp_path, tmp_path / "mine", told, capsys)
    with pytest.raises(ValueError, match="does not fit"):
        HubModel.load(tmp_path / "mine")


def test_an_adapter_in_the_older_format_is_named_with_the_one_that_is_read(adapter, tmp_path, capsys):
    copytree(adapter, tmp_path / "mine")
    weights = tmp_path / "mine" / "adapter_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    refused(
        [], tmp_path, tmp_path / "mine", ("adapter_model.bin", "remedy: give it as adapter_model.safetensors"), capsys
    )
    weights.with_suffix(".bin").unlink()
    refused([], tmp_path, tmp_path / "mine", ("adapter_model.safetensors is not there", "remedy: copy"), capsys)

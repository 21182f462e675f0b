"""On what a model is opened and in which precision: what lies in which, and what this machine is refused."""

from pathlib import Path

import pytest
import torch
from families import FAMILIES
from lora import grouped
from untrained import picture, question, responses, untrained_model

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.opening import device_of
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.model.weights import SHIPPED
from seewhy.records.types import Style

BF16 = ComputePlan(device="cpu", precision="bf16")
GAP = 0.15
"""Of a token's log-probability in bf16, near 6 each: measured 0.05."""
WITHOUT_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="what is refused where there is no GPU")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("saved")
    untrained_model().save(place)
    return place


def logps(model: HubModel, tmp_path: Path) -> torch.Tensor:
    group = Group(
        prompt=model.prompt(question(1, picture(tmp_path, 1)), Style.REASON), responses=responses((5, 30, 12))
    )
    return torch.cat(model.group_logps([group])[0])


@pytest.mark.parametrize("masters", [False, True])
def test_bf16_gives_float32_log_probabilities_near_those_of_float32(
    folder: Path, tmp_path: Path, masters: bool
) -> None:
    expected = logps(HubModel.load(folder), tmp_path)
    found = logps(HubModel.load(folder, compute=BF16, masters=masters), tmp_path)
    assert found.dtype is torch.float32
    assert 1e-3 < (found - expected).abs().max() < GAP


def test_bf16_holds_frozen_weights_in_bf16_trained_ones_and_adapters_in_float32(folder: Path) -> None:
    kinds = {name: [] for name in ("float32", "frozen", "masters", "under", "beside")}
    plain = ComputePlan(device="cpu")
    for name, compute, masters in (("float32", plain, False), ("frozen", BF16, False), ("masters", BF16, True)):
        kinds[name] = [p.dtype for p in HubModel.load(folder, compute=compute, masters=masters).net.parameters()]
    model = HubModel.load(folder, compute=BF16)
    model.adapt(AdapterPlan(rank=2))
    for parameter in model.net.parameters():
        kinds["beside" if parameter.requires_grad else "under"].append(parameter.dtype)
    halves = {"frozen", "under"}
    assert {name: set(found) for name, found in kinds.items()} == {
        name: {torch.bfloat16 if name in halves else torch.float32} for name in kinds
    }


def test_bf16_takes_the_path_that_float32_takes(folder: Path, tmp_path: Path) -> None:
    for masters in (False, True):
        model = HubModel.load(folder, compute=BF16, masters=masters)
        logps(model, tmp_path)
        assert model.path.value == "packed"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("family", ["llava", "mistral3", "mllama", "paligemma"])
def test_a_net_that_lies_in_bf16_takes_the_path_that_it_takes_in_float32(family: str, tmp_path: Path) -> None:
    (made,) = (each for each in FAMILIES if each.name == family)
    model = made.make()
    paths = []
    for dtype in (torch.float32, torch.bfloat16):
        model.net.to(dtype)
        again = HubModel(model.net, model.processor, "again")
        paths.append(again.path_of([group.prompt for group in grouped(again, tmp_path)]))
    assert set(paths) == {ScorePath.PACKED if made.is_packed else ScorePath.CONTINUED}


def test_the_model_that_ships_runs_packed_in_bf16(tmp_path: Path) -> None:
    model = HubModel.load(SHIPPED, compute=BF16)
    logps(model, tmp_path)
    assert model.path is ScorePath.PACKED


@pytest.mark.parametrize("masters", [False, True])
def test_chains_drawn_in_bf16_score_near_what_they_were_drawn_with(folder: Path, tmp_path: Path, masters: bool) -> None:
    model = HubModel.load(folder, compute=BF16, masters=masters)
    asked = question(1, picture(tmp_path, 1))
    ((*chains,),) = model.generate(
        [GenerateRequest(question=asked, style=Style.REASON, count=4)], SamplingParams(max_tokens=12)
    )
    group = Group(prompt=model.prompt(asked, Style.REASON), responses=tuple(chain.token_ids for chain in chains))
    scored = torch.cat(model.group_logps([group])[0]).tolist()
    assert [value for chain in chains for value in chain.logprobs] == pytest.approx(scored, abs=GAP)


def test_precisions_have_fingerprints_of_their_own(folder: Path) -> None:
    names = {HubModel.load(folder, compute=compute, masters=masters).fingerprint
             for compute in (ComputePlan(device="cpu"), BF16) for masters in (False, True)}  # fmt: skip
    assert len(names) == 3  # in float32, masters are what all weights are


def test_gradients_in_bf16_are_float32_on_float32_weights(folder: Path, tmp_path: Path) -> None:
    model = HubModel.load(folder, compute=BF16, masters=True)
    logps(model, tmp_path).sum().backward()
    gradients = [p.grad for p in model.parameter_groups()["language"] if p.grad is not None]
    assert gradients
    assert {gradient.dtype for gradient in gradients} == {torch.float32}


@WITHOUT_GPU
def test_auto_is_the_cpu_where_there_is_no_gpu() -> None:
    assert device_of(ComputePlan()) == torch.device("cpu")


@WITHOUT_GPU
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_refused_with_the_switch_to_change(folder: Path, device: str) -> None:
    with pytest.raises(ValueError, match=f"--compute.device {device}: torch sees 0 NVIDIA GPUs; leave it at auto"):
        HubModel.load(folder, compute=ComputePlan(device=device))


def test_a_device_that_torch_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="'gpu' is no device: auto, cpu, cuda"):
        device_of(ComputePlan(device="gpu"))


@WITHOUT_GPU
def test_4_bits_without_a_gpu_are_refused_with_what_to_do_instead(folder: Path) -> None:
    wanted = ComputePlan(load_in_4bit=True)
    with pytest.raises(ValueError, match=r"--compute.load-in-4bit needs an NVIDIA GPU, .*--compute.precision bf16"):
        HubModel.load(folder, compute=wanted)


def test_4_bits_are_refused_without_an_adapter() -> None:
    wanted = ComputePlan(load_in_4bit=True)
    wanted.require_adapter(AdapterPlan(rank=8))
    with pytest.raises(
        ValueError, match=r"weights of 4 bits cannot be trained; add an adapter, such as adapter.rank 64"
    ):
        wanted.require_adapter(AdapterPlan())


@pytest.mark.parametrize("field", ["rank", "alpha"])
def test_an_adapter_below_zero_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="must be 0 or above"):
        AdapterPlan(**{field: -1})


def test_a_precision_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="'fp16': there are float32 and bf16"):
        ComputePlan(precision="fp16")

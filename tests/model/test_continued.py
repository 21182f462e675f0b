"""Nets on which packed rows are wrong run each prompt and its pictures once a question, and give the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from families_grid import qwen3_5
from families_plain import gemma4, paligemma
from families_wide import over
from torch import nn
from untrained import picture, question, responses

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.continued import continued_logps, tokens_of_continued
from seewhy.model.packed.group import Group, separate_tokens_of
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.scores import separate_logps
from seewhy.model.packed.trials import check_paths
from seewhy.model.plan import ComputePlan
from seewhy.records.types import Style

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
MADE: dict[str, Callable[[], HubModel]] = {
    "a state": qwen3_5,
    "a prompt that sees itself both ways": paligemma,
    "capped scores": lambda: over("gemma2"),
    "sinks": lambda: over("gpt_oss"),
}


class Runs:
    """How often a module ran, and on how many tokens or pictures."""

    def __init__(self, module: nn.Module) -> None:
        self.calls = self.tokens = 0
        module.register_forward_hook(self.count, with_kwargs=True)

    def count(self, _: nn.Module, given: tuple[object, ...], named: dict[str, object], __: object) -> None:
        tensors = [each for each in (*given, *named.values()) if isinstance(each, torch.Tensor)]
        self.calls += 1
        self.tokens += tensors[0].shape[0] * (tensors[0].shape[1] if tensors[0].dim() > 2 else 1)


def group_of(model: HubModel, folder: Path, lengths: tuple[int, ...] = (3, 12, 1)) -> Group:
    asked = question(1, picture(folder, 1))
    return Group(prompt=model.prompt(asked, Style.REASON), responses=responses(lengths, seed=1))


@pytest.mark.parametrize("kind", MADE)
def test_values_and_gradients_are_those_of_separate_rows(kind: str, tmp_path: Path) -> None:
    model = MADE[kind]()
    check = check_paths(model.net, [group_of(model, tmp_path)], value_tolerance=1e-5, gradient_tolerance=1e-4)
    assert check.path is ScorePath.CONTINUED, check.why


@pytest.mark.parametrize("kind", ["a state", "a prompt that sees itself both ways"])
def test_a_prompt_and_its_pictures_run_once_a_question_in_scoring_and_in_drawing(kind: str, tmp_path: Path) -> None:
    model = MADE[kind]()
    group = group_of(model, tmp_path, (9,) * 5)
    model.path_of([group.prompt])
    encoder, layer = Runs(model.net.get_encoder("image")), Runs(model.net.get_decoder().layers[0])
    model.group_logps([group])
    assert encoder.calls == 1
    assert layer.tokens == tokens_of_continued(group) < separate_tokens_of(group) / 2
    ask = GenerateRequest(question=question(1, picture(tmp_path, 1)), style=Style.REASON, count=5)
    drawing = Runs(model.net.get_encoder("image"))
    model.generate([ask], SamplingParams(max_tokens=3))
    assert drawing.calls == 1


def test_checkpointed_layers_keep_no_keys_so_a_gradient_takes_separate_rows(tmp_path: Path) -> None:
    plain = paligemma()
    model = HubModel(plain.net, plain.processor, "held", compute=ComputePlan(device="cpu", gradient_checkpointing=True))
    group = group_of(model, tmp_path)
    layer = Runs(model.net.get_decoder().layers[0])
    expected = separate_logps(model.net, [group])[0]
    model.path_of([group.prompt])
    layer.tokens = 0
    found = model.group_logps([group])[0]
    assert layer.tokens >= separate_tokens_of(group)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
    with torch.no_grad():
        layer.tokens = 0
        model.group_logps([group])
    assert layer.tokens < separate_tokens_of(group)


def test_gemma_4_is_wrong_without_what_its_pictures_see_both_ways(tmp_path: Path) -> None:
    model = gemma4()
    group = group_of(model, tmp_path)
    assert max(group.prompt.blocks) == 1
    assert group.prompt.is_block_windowed
    model.net.config.get_text_config().use_bidirectional_attention = None
    causal = continued_logps(model.net, [group])[0]
    model.net.config.get_text_config().use_bidirectional_attention = "vision"
    seen = continued_logps(model.net, [group])[0]
    assert max(float((one - other).detach().abs().max()) for one, other in zip(causal, seen, strict=True)) > 1e-3

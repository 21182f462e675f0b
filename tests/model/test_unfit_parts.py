"""What a net, a device or a row cannot do is refused where it is asked for, by field and remedy."""

import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch
from lora import PLAN
from untrained import untrained_model

from seewhy.model.loading.adapters import attach
from seewhy.model.loading.arithmetic import require_arithmetic
from seewhy.model.loading.processors import UnusedVideoProcessor
from seewhy.model.loading.reading import reading
from seewhy.model.packed.group import Group, Prompt, pack
from seewhy.model.packed.recompute import enable_checkpointing
from seewhy.model.packed.shared_prefix import branch_attention
from seewhy.model.plan import ComputePlan


@pytest.mark.skipif(find_spec("flash_attn_interface") is not None, reason="what is refused where it is missing")
def test_an_attention_whose_package_is_missing_is_refused_with_its_name() -> None:
    plan = ComputePlan(precision="bf16", attention="flash_attention_3")
    with pytest.raises(
        ValueError, match=r"needs the package flash_attn_interface: pip install flash-attn, or take sdpa"
    ):
        require_arithmetic(plan, torch.device("cuda"))


def test_a_net_whose_layers_cannot_be_checkpointed_is_refused_by_the_field() -> None:
    net = untrained_model().net

    class Whole(type(net)):
        supports_gradient_checkpointing = False

    net.__class__ = Whole
    with pytest.raises(
        ValueError, match=r"Whole cannot checkpoint its layers; leave compute.gradient_checkpointing away"
    ):
        enable_checkpointing(net)


def test_prompts_with_cross_attention_are_not_packed_together() -> None:
    prompt = Prompt(ids=(1, 2, 3), pictures={}, cross_attention_mask=torch.ones(3, 1, 1))
    group = Group(prompt=prompt, responses=((4, 5),))
    assert pack([group])
    with pytest.raises(ValueError, match="must be alone in their rows"):
        pack([group, replace(group, prompt=replace(prompt, cross_attention_mask=None))])


def test_attention_without_the_layout_of_its_row_is_refused() -> None:
    one = torch.zeros(1, 1, 2, 4)
    with pytest.raises(ValueError, match="this net does not hand it on to its attention"):
        branch_attention(torch.nn.Identity(), one, one, one, None)


def test_a_second_adapter_is_not_put_beside_the_first() -> None:
    model = untrained_model()
    model.adapt(PLAN)
    with pytest.raises(ValueError, match="carries an adapter already: merge it first"):
        attach(model.net, PLAN, model.parameter_groups()["language"])


def test_a_video_without_torchvision_is_refused_with_how_it_is_installed() -> None:
    with pytest.raises(ValueError, match=r"videos need torchvision, which is not installed: pip install"):
        UnusedVideoProcessor().preprocess([])


def test_a_lack_of_memory_while_a_model_is_read_is_told_as_that() -> None:
    with pytest.raises(MemoryError), reading("folder"):
        bytearray(sys.maxsize)

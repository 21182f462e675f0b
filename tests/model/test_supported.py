"""Nets of another shape are refused by name when they are opened, and never end in an AttributeError."""

import pytest
from test_parts import net_of
from untrained import untrained_model

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.supported import check_supported

REFUSED = {
    "blip-2": "no `model`", "instructblip": "no `model`", "kosmos-2": "no `model`", "llama4": "no `model`",
    "ernie4_5_vl_moe": "experts", "florence2": "encoder", "t5gemma2": "encoder",
}  # fmt: skip
TAKEN = ("llava", "qwen2_vl", "qwen3_vl", "gemma3", "idefics2", "smolvlm", "mllama", "deepseek_vl", "video_llama_3")


@pytest.mark.parametrize("kind", REFUSED)
def test_a_net_of_another_shape_is_refused_with_what_it_lacks(kind: str) -> None:
    net = net_of(kind)
    assert net is not None
    with pytest.raises(ValueError, match=rf"^{type(net).__name__} \({kind}\) is not supported: .*{REFUSED[kind]}"):
        check_supported(net)
    with pytest.raises(ValueError, match="is not supported"):
        HubModel(net, untrained_model().processor, kind)


@pytest.mark.parametrize("kind", TAKEN)
def test_chat_models_with_one_decoder_are_taken(kind: str) -> None:
    net = net_of(kind)
    assert net is not None
    check_supported(net)

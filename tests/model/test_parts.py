"""Which weights are language, tower and projector, over the settings of all families that transformers has."""

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModelForImageTextToText, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from seewhy.model.loading.parts import part_of_parameters

SENSES = ("vision", "visual", "image", "audio", "video", "vqmodel")
"""In the names of modules that the language model is not."""
LANGUAGE = ("language_model.", "text_model.", "lm_head.")
ENCODES_TEXT = (
    "florence2",
    "pix2struct",
    "t5gemma2",
    "udop",
    "vision-encoder-decoder",
    "blip",
    "git",
    "pi0",
    "pp_formulanet",
)
"""Not chat models with one decoder; they are refused when they are opened."""


def shrunk(config: PreTrainedConfig) -> PreTrainedConfig:
    """The settings with two layers of everything."""
    for name, value in list(vars(config).items()):
        if isinstance(value, PreTrainedConfig):
            shrunk(value)
        elif name in ("num_hidden_layers", "depth", "encoder_layers", "decoder_layers") and isinstance(value, int):
            setattr(config, name, 2)
        elif name == "layer_types" and value:
            setattr(config, name, value[:2])
    return config


def net_of(kind: str) -> PreTrainedModel | None:
    """A net of a family without weights; None where its settings have no defaults, or another library is needed."""
    try:
        with torch.device("meta"):
            return AutoModelForImageTextToText.from_config(shrunk(CONFIG_MAPPING[kind]()))
    except (AttributeError, ImportError, KeyError, NotImplementedError, TypeError, ValueError):
        return None


def test_at_least_seventy_families_are_tried() -> None:
    made = [kind for kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES if net_of(kind) is not None]
    assert len(made) >= 70


@pytest.mark.parametrize(
    "kind", [kind for kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES if kind not in ENCODES_TEXT]
)
def test_language_is_the_decoder_and_senses_are_not(kind: str) -> None:
    net = net_of(kind)
    if net is None:
        pytest.skip("its settings have no defaults, or it needs another library")
    parts = part_of_parameters(net)
    assert set(parts) == {name for name, _ in net.named_parameters()}
    for name, part in parts.items():
        outer = name.removeprefix("model.").split(".")[0]
        if any(word in outer for word in SENSES):
            assert part != "language", name
        if name.removeprefix("model.").startswith(LANGUAGE):
            assert part == "language", name
    towers = {name.removeprefix("model.").split(".")[0] for name, part in parts.items() if part == "tower"}
    assert not [name for name in towers if any(word in name for word in ("language", "text", "projector", "aligner"))]

"""Untrained nets with weights so large that attention matters, and questions about pictures of noise."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from transformers import Gemma3Config, Gemma3ForConditionalGeneration, PreTrainedModel

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import Geometry, make_net, make_processor, make_tokenizer
from seewhy.model.generation.decode import Drawn, draw
from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split, Style

SENTENCES = (
    "What is the sum of row 1? Answer the question with a short answer.",
    "Which is larger? Generate a reason first and then output a letter answer.",
    "The digits are 3, 5 and 8. ### Answer: 16",
)

PLAIN = SamplingParams(max_tokens=24)
GREEDY = SamplingParams(max_tokens=24, temperature=0.0)
MANY_ENDS = frozenset(range(1, 320, 12))
"""About one token in twelve ends a chain, so that lengths are mixed."""


def shaken(net: PreTrainedModel, std: float, seed: int = 0) -> PreTrainedModel:
    """The net with every matrix drawn anew."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, std, generator=generator)
    return net.eval()


def untrained_model(std: float = 0.15) -> HubModel:
    """A tiny LLaVA that says nothing sensible."""
    tokenizer = make_tokenizer(SENTENCES * 20, vocabulary=320)
    return HubModel(
        shaken(make_net(tokenizer, geometry=Geometry(width=64, layers=2)), std), make_processor(tokenizer), "untrained"
    )


def drawn_of(
    model: HubModel,
    asks: Sequence[GenerateRequest],
    decoding: SamplingParams = PLAIN,
    ends: frozenset[int] = MANY_ENDS,
    path: ScorePath = ScorePath.PACKED,
) -> list[list[Drawn]]:
    """The chains of each ask, without the rows that `generate` makes of them."""
    prompts = [model.prompt(ask.question, ask.style, ask.blind) for ask in asks]
    return draw(model.net, prompts, asks, decoding, ends, model.banned(), path)


def picture(folder: Path, number: int, high: int = 48, wide: int = 48) -> ImageRef:
    """A picture of noise."""
    path = folder / f"{number}.png"
    pixels = np.random.default_rng(number).integers(0, 256, (high, wide, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return ImageRef(sha256=str(number), path=str(path))


def question(number: int, *images: ImageRef, words: str = "") -> Question:
    """Each number asks in words of another length."""
    return Question(
        id=f"q{number}",
        benchmark="noise",
        split=Split.TEST,
        text=f"What is the sum of row {number}?" + words + " The digits are 3, 5 and 8." * (number % 3),
        gold=Gold(answers=("1",), rule=MatchRule.EXACT),
        images=images,
        facets={},
    )


def responses(lengths: Sequence[int], seed: int = 0) -> tuple[tuple[int, ...], ...]:
    """Random token ids, none of them special."""
    draws = np.random.default_rng(seed)
    return tuple(tuple(draws.integers(10, 300, length).tolist()) for length in lengths)


def groups(
    model: HubModel, folder: Path, lengths: Mapping[int, Sequence[int]], blind: Sequence[int] = ()
) -> list[Group]:
    """A group a question number, with responses of the given lengths; those in `blind` have no picture."""
    return [
        Group(
            prompt=model.prompt(question(number, picture(folder, number)), Style.REASON, blind=number in blind),
            responses=responses(each, seed=number),
        )
        for number, each in lengths.items()
    ]


def gemma() -> tuple[Gemma3ForConditionalGeneration, Prompt]:
    """A tiny Gemma 3, whose picture tokens see each other both ways, and a prompt with a picture for it."""
    text = {
        "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "vocab_size": 320, "max_position_embeddings": 512, "head_dim": 16,
        "sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"],
        "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "image_size": 56, "patch_size": 14,
    }  # fmt: skip
    config = Gemma3Config(
        text_config=text, vision_config=vision, mm_tokens_per_image=4, image_token_id=90, boi_token_index=92,
        eoi_token_index=93,
    )  # fmt: skip
    net = shaken(Gemma3ForConditionalGeneration(config), 0.15)
    pixels = torch.randn(1, 3, 56, 56, generator=torch.Generator().manual_seed(0))
    ids = (2, 92, 90, 90, 90, 90, 93, 15, 16, 17, 18)
    token_type_ids = {"token_type_ids": tuple(int(token == 90) for token in ids)}
    return net, Prompt(ids=ids, pictures={"pixel_values": pixels}, token_type_ids=token_type_ids)


def gradient(net: nn.Module, loss: torch.Tensor) -> list[torch.Tensor]:
    """The gradient of every parameter."""
    return list(torch.autograd.grad(loss, list(net.parameters()), materialize_grads=True))

"""From words and pictures to the tensors that a net takes."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from seewhy.model.loading.templates import render_turns
from seewhy.model.packed.group import CROSSING, Prompt
from seewhy.model.vision.pictures import PictureFile

MARKS = ("token_type_ids", "mm_token_type_ids")
"""What processors say of each token, by the names of the nets' arguments."""
UNUSED = ("attention_mask", "labels")
"""What processors make beside: nothing is padded, and what is learnt is not the prompt."""
RESPONSE_MARKS = {"paligemma": 1}
"""Of a response token, by `config.model_type`; else 0, which to PaliGemma is the prompt, that sees itself both ways."""
BLOCK_MARKS = {"gemma3": "token_type_ids"}
"""Marks, by `config.model_type`, of which a run of ones is a picture whose tokens see each other both ways."""


def encode(
    net: PreTrainedModel, processor: ProcessorMixin, question_id: str, words: str, files: Sequence[PictureFile]
) -> Prompt:
    """The pictures, then the words, as a user's turn; raises ValueError where processor or net cannot take them."""
    content = [*({"type": "image"} for _ in files), {"type": "text", "text": words}]
    turns: list[dict[str, Any]] = [{"role": "user", "content": content}]
    text = render_turns(processor, turns, add_generation_prompt=True)
    images = [file.open() for file in files] or None
    form: dict[str, Any] = {"return_tensors": "pt", "add_special_tokens": False}
    try:
        encoded = processor(text=text, images=images, **form)
    except ValueError as error:
        who = type(processor).__name__
        raise ValueError(
            f"question {question_id}: {who} cannot encode its prompt with {len(files)} pictures: {error}"
        ) from error
    ids = tuple(encoded.pop("input_ids")[0].tolist())
    for name in UNUSED:
        encoded.pop(name, None)
    _check_length(net, len(ids), question_id)
    token_type_ids = {name: tuple(encoded.pop(name)[0].tolist()) for name in MARKS if name in encoded}
    cross_attention_mask = encoded.pop(CROSSING)[0] if CROSSING in encoded else None
    pictures = {
        name: tensor.to(net.dtype) if tensor.is_floating_point() else tensor for name, tensor in encoded.items()
    }
    kind = str(net.config.model_type)
    return Prompt(
        ids=ids,
        pictures=pictures,
        token_type_ids=token_type_ids,
        response_mark=RESPONSE_MARKS.get(kind, 0),
        positions=_positions(net, ids, token_type_ids, pictures),
        cross_attention_mask=cross_attention_mask,
        blocks=_runs(token_type_ids.get(BLOCK_MARKS.get(kind, ""), ())),
    )


def _check_length(net: PreTrainedModel, length: int, question_id: str) -> None:
    most = int(net.config.get_text_config().max_position_embeddings)
    if length >= most:
        raise ValueError(
            f"question {question_id}: its prompt has {length} tokens and the model takes {most}; a prompt is never "
            "truncated. Shorten the question or its pictures, or choose a model with a longer context."
        )


def _positions(
    net: PreTrainedModel,
    ids: Sequence[int],
    token_type_ids: Mapping[str, Sequence[int]],
    pictures: Mapping[str, Tensor],
) -> Tensor | None:
    """[axes, tokens] where the net counts on several axes, as it counts itself; None where on one.

    Text alone is told too: such a net keeps the offset of the pictures it saw last, and would count on from there.
    """
    if not hasattr(net.model, "get_rope_index"):
        return None
    grids = {name: tensor.to(net.device) for name, tensor in pictures.items() if name.endswith("_thw")}
    if not grids:
        return torch.arange(len(ids)).expand(3, -1)
    told = {name: torch.tensor([row], device=net.device) for name, row in token_type_ids.items()}
    return net.model.get_rope_index(torch.tensor([ids], device=net.device), **told, **grids)[0][:, 0].cpu()


def _runs(token_type_ids: Sequence[int]) -> tuple[int, ...]:
    """The number of the run of ones in which each mark stands, 0 of the others.

    Example:
        >>> _runs((0, 1, 1, 0, 1))
        (0, 1, 1, 0, 2)
    """
    numbers: list[int] = []
    runs, before = 0, 0
    for mark in token_type_ids:
        runs += mark == 1 != before
        numbers.append(runs if mark == 1 else 0)
        before = mark
    return tuple(numbers) if runs else ()

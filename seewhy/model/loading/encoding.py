"""From words and pictures to the tensors that a net takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, ProcessorMixin

from seewhy.model.loading.control_tokens import (
    HOLE,
    holes_of,
    letters_of,
    pattern_of,
    tokenizer_of,
    written_tokens,
)
from seewhy.model.loading.conversation import chat_turns, require_written
from seewhy.model.loading.templates import render_turns
from seewhy.model.packed.context import context_of
from seewhy.model.packed.group import CROSSING, Prompt
from seewhy.model.vision.pictures import PictureFile
from seewhy.records.conversation import text_pieces
from seewhy.records.remedy import names_remedy
from seewhy.records.turns import Turn

MARKS = ("token_type_ids", "mm_token_type_ids")
"""What processors say of each token, by the names of the nets' arguments."""
UNUSED = ("attention_mask", "labels")
"""What processors also make: nothing is padded, and what is learnt is not the prompt."""
RESPONSE_MARKS = {"paligemma": 1}
"""Of a response token, by `config.model_type`; else 0, which to PaliGemma is the prompt, that sees itself both ways."""
BLOCK_MARKS = {"gemma3": "token_type_ids", "gemma4": "mm_token_type_ids", "gemma4_unified": "mm_token_type_ids"}
"""Marks, by `config.model_type`, of which a run of ones is a picture whose tokens see each other both ways."""
WINDOWED_BLOCKS = ("gemma4", "gemma4_unified")
"""Families that do so where `use_bidirectional_attention` is `vision`, in layers with a window alone."""


class PromptTooLongError(ValueError):
    """A prompt with its reply is longer than the model's context."""


def encode(
    net: PreTrainedModel,
    processor: ProcessorMixin,
    question_id: str,
    turns: Sequence[Turn],
    files: Sequence[PictureFile],
) -> Prompt:
    """The turns with their pictures in place: the tokens of the processor's own `apply_chat_template`.

    Control tokens in the words are encoded as text.

    Raises:
        ValueError: the processor or the net cannot take them.
    """
    try:
        if len(turns) > 1 or any(turns[-1].places):
            require_written(processor, turns)
        encoded = _encoded(processor, turns, [file.open() for file in files])
    except ValueError as error:
        who = type(processor).__name__
        hint = "" if names_remedy(str(error)) else "; correct the question, the chat template or the processor"
        raise ValueError(
            f"question {question_id}: {who} cannot encode its prompt with {len(files)} pictures: {error}{hint}"
        ) from error
    ids = tuple(encoded.pop("input_ids")[0].tolist())
    for name in UNUSED:
        encoded.pop(name, None)
    check_length(net, len(ids), 1, question_id)
    return _prompt(net, ids, encoded)


def _encoded(processor: ProcessorMixin, turns: Sequence[Turn], images: Sequence[Image.Image]) -> dict[str, Any]:
    """What the processor makes of the turns, each tensor with one row.

    Where the template does not write the first token (BOS) itself, the tokenizer puts it there. Control tokens in the
    words go through the processor as a stand-in, and are spelt in letters afterwards.
    """
    tokenizer, pattern = tokenizer_of(processor), pattern_of(written_tokens(processor))
    chat = chat_turns(turns, lambda words: pattern.sub(HOLE, words))
    text = render_turns(processor, chat, add_generation_prompt=True)
    typed = [
        token for turn in turns for piece in text_pieces(turn.text, turn.places) for token in pattern.findall(piece)
    ]
    stand_in = tokenizer.eos_token or tokenizer.pad_token if typed else ""
    whole = text.replace(HOLE, stand_in)
    begins = tokenizer.bos_token is not None and whole.startswith(tokenizer.bos_token)
    # As apply_chat_template gives them: some processors cut a picture otherwise where its text holds several.
    shown: Any = [list(images)] if len(images) > 1 else list(images) or None
    form: dict[str, Any] = {"return_tensors": "pt", "add_special_tokens": not begins}
    try:
        encoded = dict(processor(text=whole, images=shown, **form))
    except (ArithmeticError, AttributeError, LookupError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"{type(error).__name__}: {error}; correct the settings of the processor, in processor_config.json or "
            "prompt.processor"
        ) from error
    return encoded if not typed else _spelt(tokenizer, encoded, typed, holes_of(text, stand_in), stand_in)


def _spelt(
    tokenizer: PreTrainedTokenizerBase,
    encoded: dict[str, Any],
    typed: Sequence[str],
    is_hole: Sequence[bool],
    stand_in: str,
) -> dict[str, Any]:
    """With the letters of what was typed in place of its stand-ins; `is_hole` of each stand-in in the text."""
    ids = encoded["input_ids"][0].tolist()
    places = [place for place, token in enumerate(ids) if token == tokenizer.convert_tokens_to_ids(stand_in)]
    if len(places) != len(is_hole) or sum(is_hole) != len(typed):
        raise ValueError(f"its text holds {typed[0]!r}, a control token that cannot be written as text here; reword it")
    letters = iter(typed)
    spelling = {
        place: letters_of(tokenizer, next(letters)) for place, hole in zip(places, is_hole, strict=True) if hole
    }
    source = [place for place in range(len(ids)) for _ in spelling.get(place, (0,))]
    picked = {name: tensor[:, source] for name, tensor in encoded.items() if name in (*MARKS, CROSSING)}
    row = [token for place, old in enumerate(ids) for token in spelling.get(place, (old,))]
    return {**encoded, **picked, "input_ids": torch.tensor([row])}


def _prompt(net: PreTrainedModel, ids: tuple[int, ...], encoded: dict[str, Any]) -> Prompt:
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
        positions=positions_of(net, ids, token_type_ids, pictures),
        cross_attention_mask=cross_attention_mask,
        blocks=_blocks(net, token_type_ids),
        is_block_windowed=kind in WINDOWED_BLOCKS,
    )


def _blocks(net: PreTrainedModel, token_type_ids: Mapping[str, Sequence[int]]) -> tuple[int, ...]:
    """`Prompt.blocks` by what the processor says of each token."""
    kind = str(net.config.model_type)
    settings = net.config.get_text_config().to_dict()
    if kind in WINDOWED_BLOCKS and settings.get("use_bidirectional_attention") != "vision":
        return ()
    return _runs(token_type_ids.get(BLOCK_MARKS.get(kind, ""), ()))


def check_length(net: PreTrainedModel, prompt: int, reply: int, question_id: str) -> None:
    """ValueError where a prompt and a reply of so many tokens are more than the model takes."""
    most, why = context_of(net)
    longer = f" and a reply {reply}" if reply > 1 else ""
    if most is not None and prompt + reply > most:
        raise PromptTooLongError(
            f"question {question_id}: its prompt has {prompt} tokens{longer} and the model takes {most}{why}; a prompt "
            "is never truncated. Shorten the question, its pictures or the reply (sampling.max_tokens), or choose "
            "a model with a longer context."
        )


def without_last(prompt: Prompt, ids: Sequence[int]) -> Prompt:
    """The prompt without these ids at its end; as it is where it does not end with them."""
    kept = len(prompt.ids) - len(ids)
    if not ids or prompt.ids[kept:] != tuple(ids):
        return prompt
    looks = prompt.cross_attention_mask
    return replace(
        prompt,
        ids=prompt.ids[:kept],
        token_type_ids={name: row[:kept] for name, row in prompt.token_type_ids.items()},
        positions=None if prompt.positions is None else prompt.positions[:, :kept],
        blocks=prompt.blocks[:kept],
        cross_attention_mask=None if looks is None else looks[:kept],
    )


def positions_of(
    net: PreTrainedModel,
    ids: Sequence[int],
    token_type_ids: Mapping[str, Sequence[int]],
    pictures: Mapping[str, Tensor],
) -> Tensor | None:
    """[axes, tokens] where the net counts on several axes, as it counts itself; None where on one.

    Text alone has positions too: such a net keeps the offset of the pictures it saw last, and would count on from
    there. Nets count by the values of ids and sizes, so they count on the CPU.
    """
    if not hasattr(net.model, "get_rope_index"):
        return None
    grids = {name: tensor for name, tensor in pictures.items() if name.endswith("_thw")}
    if not grids:
        return torch.arange(len(ids)).expand(3, -1)
    marks = {name: torch.tensor([row]) for name, row in token_type_ids.items()}
    return net.model.get_rope_index(torch.tensor([ids]), **marks, **grids)[0][:, 0]


def _runs(token_type_ids: Sequence[int]) -> tuple[int, ...]:
    """The number of the run of ones that holds each mark, 0 of the others.

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

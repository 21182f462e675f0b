"""Replies that begin with given words: the words become a part of the prompt, as the tokens they were sampled as."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from seewhy.model.api import GenerateRequest, Prefix
from seewhy.model.generation.decode import Drawn
from seewhy.model.packed.group import Prompt
from seewhy.records.types import Chain, FinishReason


def continued(prompt: Prompt, ids: Sequence[int]) -> Prompt:
    """The prompt with the first tokens of its reply behind it; their extra inputs are those of response tokens."""
    if not ids:
        return prompt
    more = len(ids)
    return replace(
        prompt,
        ids=(*prompt.ids, *ids),
        token_type_ids={name: (*row, *[prompt.response_mark] * more) for name, row in prompt.token_type_ids.items()},
        positions=None if prompt.positions is None else _counted_on(prompt.positions, more),
        blocks=(*prompt.blocks, *[0] * more) if prompt.blocks else (),
        cross_attention_mask=None
        if prompt.cross_attention_mask is None
        else torch.cat(
            [
                prompt.cross_attention_mask,
                prompt.cross_attention_mask[-1:].expand(more, *prompt.cross_attention_mask.shape[1:]),
            ]
        ),
    )


def _counted_on(positions: Tensor, more: int) -> Tensor:
    """[axes, tokens + more] each axis counted on from its last position."""
    after = positions[:, -1:] + torch.arange(1, more + 1, dtype=positions.dtype)
    return torch.cat([positions, after], dim=1)


def beginning_ids(
    beginning: Prefix, pieces: Callable[[Sequence[int]], list[str]], begin: Callable[[str], Sequence[int]],
    tokenise: Callable[[str], Sequence[int]],
) -> tuple[int, ...]:  # fmt: skip
    """The tokens that a reply begins with: of those it was sampled as, all that spell the beginning.

    Words that no whole token of the sample spells are tokenised, as all are where no tokens are known.

    Args:
        beginning: the words, and the tokens of the chain they were cut from.
        pieces: the text of each of some tokens.
        begin: the tokens of a reply that begins with a text.
        tokenise: the tokens of a text in the middle of one.
    """
    if beginning.token_ids is None:
        return tuple(begin(beginning.text))
    texts = pieces(beginning.token_ids)
    kept, missing = _spelling(texts, beginning.text)
    if not kept:
        return tuple(begin(beginning.text))
    return (*beginning.token_ids[:kept], *(tokenise(missing) if missing else ()))


def _spelling(texts: Sequence[str], wanted: str) -> tuple[int, str]:
    """How many texts, joined, begin `wanted` or spell it with white space around it; and what is missing of it.

    Example:
        >>> _spelling([" The", " sum", " is", "."], "The sum"), _spelling(["ab", "c d"], "abc")
        ((2, ''), (1, 'c'))
    """
    said, wanted = "", wanted.strip()
    for count, text in enumerate(texts):
        if said.lstrip() == wanted and said:
            return count, ""
        longer = f"{said}{text}".lstrip()
        if not wanted.startswith(longer) and longer.rstrip() != wanted:
            return count, wanted[len(said.lstrip()) :]
        said = longer
    return len(texts), wanted[len(said) :]


def as_chains(
    ask: GenerateRequest, rows: Sequence[Drawn], begun: Sequence[int],
    decode: Callable[[list[tuple[int, ...]]], list[str]], sampler: str, seed: int,
) -> tuple[Chain, ...]:  # fmt: skip
    """The chains of an ask: what it begins with, and what was drawn.

    Where it begins with something there are no log-probabilities: those of the beginning were not drawn here.
    """
    ids = [(*begun, *row.ids) for row in rows]
    return tuple(
        Chain(
            question_id=ask.question.id,
            index=ask.first + place,
            style=ask.style,
            text=text.strip(),
            token_ids=spelt,
            logprobs=None if begun else row.logprobs,
            stop=FinishReason.END if row.ended else FinishReason.LENGTH,
            sampler=sampler,
            seed=seed,
        )
        for place, (row, spelt, text) in enumerate(zip(rows, ids, decode(ids), strict=True))
    )

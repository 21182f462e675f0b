"""Rewards become numbers at tokens: each where it was earned, weighed, and in its group's terms where asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import torch
from torch import Tensor

from seewhy.objectives.parts.groups import SPREAD_FLOOR
from seewhy.records.types import Chain
from seewhy.rewards.api import Earned
from seewhy.rewards.parts.scoring import end_token

Pieces = Callable[[Sequence[int]], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What each rollout of a round earned, at its tokens and in all."""

    tokens: Tensor
    """[rows, time] float64."""
    scored: Tensor
    """[rows] whether any reward applies."""
    groups: Tensor
    """[rows] the number of its question in the round."""

    @property
    def totals(self) -> list[float | None]:
        """Of each rollout; None where no reward applies."""
        sums = self.tokens.sum(dim=1).tolist()
        return [value if is_scored else None for value, is_scored in zip(sums, self.scored.tolist(), strict=True)]


def has_spread(values: Sequence[float | None]) -> bool:
    """Whether the rewards of a group differ, of those that apply; a group with one of them says nothing.

    Example:
        >>> has_spread([1.0, None, 0.0]), has_spread([0.35, 0.35]), has_spread([1.0, None])
        (True, False, False)
    """
    known = [value for value in values if value is not None]
    return len(known) > 1 and max(known) - min(known) > SPREAD_FLOOR * max(map(abs, known))


def group_numbers(chains: Sequence[Chain]) -> list[int]:
    """The number of each rollout's question, in order of first appearance."""
    known: dict[str, int] = {}
    return [known.setdefault(chain.question_id, len(known)) for chain in chains]


def credit_of(
    chains: Sequence[Chain], earned: Mapping[str, Sequence[Earned]], weights: Mapping[str, float], pieces: Pieces,
    *, apart: bool = False,
) -> Credit:  # fmt: skip
    """The weighted sum of rewards, each at the token where it was earned, else at the last one.

    A reward of weight 0 is watched and not trained on. Where a reward applies to some rollouts of a question alone, the
    others are taken at the mean of those in this reward: it neither raises nor lowers them among their siblings.

    Args:
        chains: rollouts with token ids.
        earned: by reward, what each rollout earned.
        weights: by reward.
        pieces: the text of each of some tokens.
        apart: standardise each reward within its group before it is weighed (GDPO, arXiv 2601.05242).
    """
    numbers = group_numbers(chains)
    lengths = [len(chain.token_ids or ()) for chain in chains]
    tokens = torch.zeros(len(chains), max(lengths, default=1), dtype=torch.float64)
    scored = torch.zeros(len(chains), dtype=torch.bool)
    for name, weight in weights.items():
        if not weight:
            continue
        rows = earned[name]
        scored |= torch.tensor([one.value is not None for one in rows], dtype=torch.bool)
        for members in _members(numbers):
            _add(tokens, chains, rows, members, weight, pieces, apart)
    tokens[~scored] = 0.0
    return Credit(tokens=tokens, scored=scored, groups=torch.tensor(numbers))


def _members(numbers: Sequence[int]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for place, number in enumerate(numbers):
        found.setdefault(number, []).append(place)
    return list(found.values())


def _add(
    tokens: Tensor, chains: Sequence[Chain], rows: Sequence[Earned], members: Sequence[int], weight: float,
    pieces: Pieces, apart: bool,
) -> None:  # fmt: skip
    """One reward of one group: factor times what was earned, less an offset at the last token."""
    known = [value for place in members if (value := rows[place].value) is not None]
    if not known:
        return
    mean, scale, offset = fmean(known), weight, 0.0
    if apart:
        scale = weight / stdev(known) if has_spread(known) else 0.0
        offset = scale * mean
    for place in members:
        ids = chains[place].token_ids or ()
        one, last = rows[place], len(ids) - 1
        if one.value is None:
            tokens[place, last] += scale * mean - offset
            continue
        tokens[place, last] -= offset
        if not one.spans:
            tokens[place, last] += scale * one.value
            continue
        texts = pieces(ids)
        for span in one.spans:
            tokens[place, end_token(texts, span.end)] += scale * span.score

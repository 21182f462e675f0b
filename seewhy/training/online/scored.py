"""Log-probabilities of rollouts, padded to one table whatever passes they were computed in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from seewhy.records.types import Chain, Question
from seewhy.training.api import ScoresGroups
from seewhy.training.examples import TrainingExample
from seewhy.training.grouping import SharedGroup, forwards_of
from seewhy.training.online.dealt import Dealt


@runtime_checkable
class ScoresAsDrawn(ScoresGroups, Protocol):
    """A model that scores rollouts by the distribution that they were drawn from."""

    def as_drawn(self, temperature: float) -> AbstractContextManager[None]:
        """While it lasts, log-probabilities are at this temperature."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The frozen start: another model, or the trained one with its adapter off."""

    model: ScoresAsDrawn
    off: Callable[[], AbstractContextManager[None]] | None = None
    """Switches off what was trained, while its context lasts."""

    def frozen(self) -> AbstractContextManager[None]:
        """While it lasts, the model is the start."""
        return self.off() if self.off is not None else nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One forward pass: its groups, and for each group and example the number of its rollout."""

    shared: tuple[SharedGroup, ...]
    rows: tuple[tuple[int, ...], ...]

    @property
    def numbers(self) -> list[int]:
        """The rollouts of the pass, in order."""
        return [number for rows in self.rows for number in rows]

    def pick(self, found: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """Of what was found for each group and response, that of each rollout; equal rollouts share one."""
        return [found[g][pick[0]] for g, part in enumerate(self.shared) for pick in part.picks]


def examples_of(chains: Sequence[Chain]) -> list[TrainingExample]:
    """Rollouts as token ids; raises ValueError where one has none."""
    for chain in chains:
        if not chain.token_ids:
            raise ValueError(f"rollout {chain.index} of {chain.question_id} has no token ids as they were sampled")
    return [
        TrainingExample(question_id=one.question_id, style=one.style, responses=(one.token_ids or (),))
        for one in chains
    ]


def passes_of(
    model: ScoresGroups, questions: Mapping[str, Question], examples: Sequence[TrainingExample],
    numbers: Sequence[int], row_tokens: int,
) -> Iterator[Pass]:  # fmt: skip
    """The forward passes over some rollouts: those of one question packed behind one prompt."""
    chosen = [examples[number] for number in numbers]
    known = {id(example): number for example, number in zip(chosen, numbers, strict=True)}
    for forward in forwards_of(model, questions, chosen, row_tokens):
        rows = tuple(tuple(known[id(example)] for example in part.examples) for part in forward)
        yield Pass(shared=tuple(forward), rows=rows)


def drawn_at(model: ScoresAsDrawn, temperature: float | None) -> AbstractContextManager[None]:
    """While it lasts, log-probabilities are of what was drawn from: at a temperature, without what may not be drawn.

    None is the bare distribution, as servers draw from it at temperature 1.
    """
    return nullcontext() if temperature is None else model.as_drawn(temperature)


@torch.no_grad()
def score_rollouts(
    model: ScoresAsDrawn, questions: Mapping[str, Question], examples: Sequence[TrainingExample],
    temperature: float | None, row_tokens: int, dealt: Dealt | None = None,
) -> list[Tensor]:  # fmt: skip
    """[tokens] float32 of each rollout, on the CPU; where rollouts are `dealt`, a collective operation."""
    found: dict[int, Tensor] = {}
    share = dealt or Dealt(own=range(len(examples)))
    with drawn_at(model, temperature):
        for one in passes_of(model, questions, examples, share.own, row_tokens):
            logps = model.group_logps([part.group for part in one.shared])
            found.update(zip(one.numbers, brought(one.pick(logps)), strict=True))
    return share.of_all(found)


def brought(rows: Sequence[Tensor]) -> list[Tensor]:
    """[tokens] float32 each, on the CPU; all of a pass at once."""
    return list(torch.cat(list(rows)).float().cpu().split([len(row) for row in rows]))


def table_of(rows: Sequence[Tensor], width: int) -> Tensor:
    """[rows, width] filled up with 0."""
    table = torch.zeros(len(rows), width)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def mask_of(lengths: Sequence[int], width: int) -> Tensor:
    """[rows, width] True at the first tokens of each row."""
    return torch.arange(width)[None] < torch.tensor(list(lengths))[:, None]

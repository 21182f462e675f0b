"""Prompts as a model encodes them, and how long they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seewhy.model.packed.group import Group, tokens_of
from seewhy.records.types import Question, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedPrompt:
    """A prompt with the distinct responses that a training or a scoring sees."""

    question: Question
    style: Style
    group: Group

    @property
    def first(self) -> Group:
        """The prompt with one response alone."""
        return replace(self.group, responses=self.group.responses[:1])

    @property
    def plain(self) -> "EncodedPrompt":
        """With one response of the same length, of a token of the prompt's text: stand-ins may hold any token."""
        response = (self.group.prompt.ids[-1],) * len(self.group.responses[0])
        return replace(self, group=replace(self.group, responses=(response,)))

    @property
    def row_tokens(self) -> int:
        """Tokens of the prompt with its longest response, or with its two longest where it has several."""
        longest = sorted(self.group.responses, key=len)[-2:]
        return tokens_of(replace(self.group, responses=tuple(longest)))

    def cut(self, tokens: int) -> "EncodedPrompt":
        """With the first so many tokens of each response; 0 keeps all."""
        responses = tuple(ids[:tokens] if tokens else ids for ids in self.group.responses)
        return replace(self, group=replace(self.group, responses=responses))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Tokens of the prompts of a unit's questions, in one style."""

    ref: str
    style: Style
    sampled: int
    least: int
    median: int
    p95: int
    """95 % of them have at most so many."""
    most: int


def lengths_of(ref: str, style: Style, sizes: Sequence[int]) -> Lengths:
    """Least, median, 95 % and most.

    Example:
        >>> lengths_of("questions.train", Style.REASON, range(1, 101)).p95
        95
    """
    ordered = sorted(sizes)
    return Lengths(
        ref=ref, style=style, sampled=len(ordered), least=ordered[0], median=ordered[(len(ordered) - 1) // 2],
        p95=ordered[math.ceil(0.95 * len(ordered)) - 1], most=ordered[-1],
    )  # fmt: skip


def with_responses(groups: Sequence[Group], count: int, length: int) -> list[Group]:
    """The same prompts with `count` distinct responses of one length, whose tokens do not matter."""
    made_up = tuple((number,) * length for number in range(count))
    return [replace(group, responses=made_up) for group in groups]

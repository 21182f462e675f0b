"""Supervised fine-tuning: imitate each lesson, token by token."""

from dataclasses import dataclass
from typing import ClassVar

from seewhy.objectives.api import LessonView, Loss, View
from seewhy.objectives.parts.terms import mean_nll
from seewhy.objectives.parts.views import RESPONSE

REPLIES, TOKENS = MEANS = ("replies", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class SFT:
    """-log pi(y) / |y|: the mean over the tokens of each lesson, so a long lesson weighs as much as a short one.

    With `mean: tokens` each lesson weighs as many tokens as it has: the mean over all tokens of a step, over all its
    passes and processes. TRL's SFTTrainer takes that one, which has another optimum.

    Example:
        >>> SFT(mean="tokens").weight_of(100)
        100.0
    """

    mean: str = REPLIES
    """`replies` or `tokens`: over what the loss of a step is the mean."""

    trains_on: ClassVar[str] = "lessons"

    def __post_init__(self) -> None:
        """Refuses a mean that does not exist."""
        if self.mean not in MEANS:
            raise ValueError(f"SFT.mean {self.mean!r}: there are {' and '.join(MEANS)}")

    def weight_of(self, tokens: int) -> float:
        """Of a lesson with so many tokens, in the mean over a step."""
        return float(tokens) if self.mean == TOKENS else 1.0

    @property
    def name(self) -> str:
        """The name of this file."""
        return "sft"

    @property
    def views(self) -> tuple[View, ...]:
        """The policy of the response."""
        return RESPONSE

    def loss(self, view: LessonView) -> Loss:
        """Nats a token, one number a lesson; a lesson without tokens counts 0."""
        each = mean_nll(view.policy, view.mask)
        return Loss(each=each, terms={"nll": each.detach()})

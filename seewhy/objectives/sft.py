"""Supervised fine-tuning: imitate each lesson, token by token."""

from dataclasses import dataclass
from typing import ClassVar

from seewhy.objectives.api import LessonView, Loss, View
from seewhy.objectives.parts.terms import mean_nll
from seewhy.objectives.parts.views import RESPONSE


@dataclass(frozen=True, slots=True, kw_only=True)
class SFT:
    """-log pi(y) / |y|: the mean over the tokens of each lesson, so a long lesson weighs as much as a short one.

    (Trainers that average over all tokens of a batch weigh lessons by their length instead.)
    """

    trains_on: ClassVar[str] = "lessons"

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

"""Objectives: the log-probabilities that they need, and their losses as functions of nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from jaxtyping import Bool, Float
from torch import Tensor

State = Mapping[str, float]
"""What an objective remembers between steps: plain numbers, saved in the checkpoint, handed in and handed back."""


class Scorer(StrEnum):
    """The model that scores a response."""

    POLICY = "policy"
    """The model that is trained, as it is at this step."""
    REFERENCE = "reference"
    """The frozen model that training starts from."""


class Side(StrEnum):
    """The response of a row that is scored."""

    CHOSEN = "chosen"
    REJECTED = "rejected"
    RESPONSE = "response"
    """The only response of a lesson, or any response of a group."""


class PictureVariant(StrEnum):
    """What a model sees of a question's pictures while it scores a response."""

    OWN = "own"
    """The question's own pictures, as they are."""
    NONE = "none"
    """No picture: the question's text alone."""
    VARIED = "varied"
    """Other pictures in their places, such as crops, drawn once and stored (`seewhy/pairs/pictures`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Log-probabilities that an objective needs: of which model, of which response, with which pictures.

    Example:
        >>> str(View(scorer=Scorer.REFERENCE, side=Side.CHOSEN))
        'reference of chosen, pictures: own'
    """

    scorer: Scorer
    side: Side
    pictures: PictureVariant = PictureVariant.OWN

    def __str__(self) -> str:
        """The view in words, for messages."""
        return f"{self.scorer} of {self.side}, pictures: {self.pictures}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Per-token log-probabilities (natural, float32) of the two responses of each pair, 0.0 where the mask is False.

    The two sides are padded separately, so they may differ in length. The reference carries no gradient; it is None
    where the objective has no view of it.
    """

    policy_chosen: Float[Tensor, "pairs chosen_time"]
    policy_rejected: Float[Tensor, "pairs rejected_time"]
    reference_chosen: Float[Tensor, "pairs chosen_time"] | None = None
    reference_rejected: Float[Tensor, "pairs rejected_time"] | None = None
    chosen_mask: Bool[Tensor, "pairs chosen_time"]
    """True at response tokens, False at padding."""
    rejected_mask: Bool[Tensor, "pairs rejected_time"]
    policy_varied: Float[Tensor, "pairs chosen_time"] | None = None
    """Of the chosen response with `PictureVariant.VARIED`; None where the objective has no such view."""
    reference_varied: Float[Tensor, "pairs chosen_time"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonView:
    """Per-token log-probabilities (natural, float32) of responses to imitate, 0.0 where the mask is False."""

    policy: Float[Tensor, "lessons time"]
    mask: Bool[Tensor, "lessons time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One loss a row, unreduced.

    The trainer takes the weighted mean of `each` over all rows of the step, so micro-batches and groups change nothing
    but rounding.
    """

    each: Float[Tensor, "rows"]
    terms: Mapping[str, Float[Tensor, "rows"]]
    """Named parts and guard-rail figures of each row, detached: unweighted parts of the loss; for pairs with
    a reference also `reward_chosen`, `reward_rejected` (beta times the summed log-ratio, in nats) and their difference,
    `margin`."""


@runtime_checkable
class PairObjective(Protocol):
    """A loss of pairs: a frozen dataclass, the only public class of its file in `seewhy/objectives`."""

    @property
    def name(self) -> str:
        """The name of its file."""
        ...

    @property
    def views(self) -> tuple[View, ...]:
        """The log-probabilities that its loss reads."""
        ...

    def initial(self) -> State:
        """What it remembers before the first step."""
        ...

    def loss(self, view: PairView, state: State) -> Loss:
        """The loss of each pair; the state is only read."""
        ...

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"] | None:
        """The loss of each pair if policy and reference were equal, at the initial state, without gradient.

        Of the view only the policy's side is read. None where the objective has no view of a reference.
        """
        ...

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """The state of the next step, from all rewards of this one, both sides, of every process."""
        ...


@runtime_checkable
class LessonObjective(Protocol):
    """A loss of lessons: a frozen dataclass, the only public class of its file in `seewhy/objectives`."""

    @property
    def name(self) -> str:
        """The name of its file."""
        ...

    @property
    def views(self) -> tuple[View, ...]:
        """The log-probabilities that its loss reads."""
        ...

    def loss(self, view: LessonView) -> Loss:
        """The loss of each lesson."""
        ...


Objective = LessonObjective | PairObjective


def takes_pairs(objective: Objective) -> bool:
    """Whether its rows are pairs, not lessons."""
    return any(view.side is not Side.RESPONSE for view in objective.views)


def reference_views(objective: Objective) -> tuple[View, ...]:
    """The views for which reference rows are needed; empty where the objective has no reference."""
    return tuple(view for view in objective.views if view.scorer is Scorer.REFERENCE)

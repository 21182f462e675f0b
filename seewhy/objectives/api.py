"""What an objective sees, and what it answers: losses as functions of log-probabilities and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Bool, Float
from torch import Tensor

State = Mapping[str, float]
"""What an objective remembers between steps: plain numbers, saved in the checkpoint, handed in and handed back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Per-token log-probabilities (natural, float32) of the two responses of each pair, 0.0 where the mask is False.

    The two sides are padded on their own, so they may differ in length. The reference carries no gradient.
    """

    policy_chosen: Float[Tensor, "pairs chosen_time"]
    policy_rejected: Float[Tensor, "pairs rejected_time"]
    reference_chosen: Float[Tensor, "pairs chosen_time"]
    reference_rejected: Float[Tensor, "pairs rejected_time"]
    chosen_mask: Bool[Tensor, "pairs chosen_time"]
    """True at response tokens, False at padding."""
    rejected_mask: Bool[Tensor, "pairs rejected_time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonView:
    """Per-token log-probabilities (natural, float32) of responses to imitate, 0.0 where the mask is False."""

    policy: Float[Tensor, "lessons time"]
    mask: Bool[Tensor, "lessons time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One loss a row, unreduced.

    The trainer sums `each` over all rows of the step and divides by their number, so micro-batches and groups change
    nothing but rounding.
    """

    each: Float[Tensor, "rows"]
    terms: Mapping[str, Float[Tensor, "rows"]]
    """Named parts and guard-rail figures of each row, detached: unweighted parts of the loss; for pairs also
    `reward_chosen`, `reward_rejected` (beta times the summed log-ratio, in nats) and their difference, `margin`."""


@runtime_checkable
class PairObjective(Protocol):
    """A loss of pairs."""

    @property
    def name(self) -> str:
        """The name of the file it stands in."""
        ...

    def initial(self) -> State:
        """What it remembers before the first step."""
        ...

    def loss(self, view: PairView, state: State) -> Loss:
        """The loss of each pair; the state is only read."""
        ...

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """The state of the next step, from all rewards of this one, both sides, of every process."""
        ...


@runtime_checkable
class LessonObjective(Protocol):
    """A loss of lessons."""

    @property
    def name(self) -> str:
        """The name of the file it stands in."""
        ...

    def loss(self, view: LessonView) -> Loss:
        """The loss of each lesson."""
        ...

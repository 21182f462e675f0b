"""Objectives: the log-probabilities that they need, and their losses as functions of nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from jaxtyping import Bool, Float, Float64, Int
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


class Reduction(StrEnum):
    """How the losses of tokens become the loss of an optimiser step: over all its rollouts, in whatever passes."""

    SEQUENCE = "sequence"
    """Mean over the tokens of each response, then over responses (GRPO, arXiv 2402.03300, eq. 3)."""
    TOKEN = "token"
    """Mean over all tokens of the step (DAPO, arXiv 2503.14476, eq. 8)."""
    CONSTANT = "constant"
    """Sum over all tokens, by responses times the most tokens that one may have (Dr. GRPO, arXiv 2503.20783)."""
    SUM = "sum"
    """Sum over the tokens of each response, then the mean over responses: the gradient of a response's probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutBatch:
    """All rollouts of one sampling round: what advantages are computed from. No tensor carries a gradient."""

    rewards: Float64[Tensor, "rows time"]
    """At the token that earned it; a reward of the whole response is at its last token. 0 elsewhere."""
    scored: Bool[Tensor, "rows"]
    """False where no reward applies to the rollout: it is left out of every mean, and its advantages are 0."""
    groups: Int[Tensor, "rows"]
    """The number of each rollout's question; groups may have any size and order."""
    mask: Bool[Tensor, "rows time"]
    """True at response tokens."""
    old: Float[Tensor, "rows time"]
    """Log-probabilities under the policy as it was when the rollouts were drawn."""
    reference: Float[Tensor, "rows time"] | None = None
    values: Float[Tensor, "rows time"] | None = None
    """The critic's value of the state before each token, where there is a critic."""
    after: Float[Tensor, "rows"] | None = None
    """The value after the last token: 0 where the response ended; of a cut response 0 or the critic's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advantages:
    """What each token of each rollout was better than expected, 0 where the mask is False."""

    tokens: Float[Tensor, "rows time"]
    returns: Float[Tensor, "rows time"] | None = None
    """What the critic should have said, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView:
    """Rollouts as a policy objective sees them: natural log-probabilities per token in float32, 0.0 off the mask."""

    policy: Float[Tensor, "rows time"]
    """Under the policy as it is now, with gradient."""
    old: Float[Tensor, "rows time"]
    """Under the policy that the rollouts were drawn from, stored once a round."""
    advantages: Float[Tensor, "rows time"]
    mask: Bool[Tensor, "rows time"]
    reference: Float[Tensor, "rows time"] | None = None
    """Under the frozen start; None where the objective has no penalty that reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLoss:
    """The loss of each token before it is reduced, and figures of each token without gradient."""

    each: Float[Tensor, "rows time"]
    terms: Mapping[str, Float[Tensor, "rows time"]]


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


@runtime_checkable
class PolicyObjective(Protocol):
    """A loss of rollouts: a frozen dataclass, the only public class of its file in `seewhy/objectives`."""

    @property
    def name(self) -> str:
        """The name of its file."""
        ...

    @property
    def views(self) -> tuple[View, ...]:
        """The log-probabilities that it reads; the reference's where a divergence from it is penalised."""
        ...

    @property
    def reduction(self) -> Reduction:
        """How its token losses become the loss of a step."""
        ...

    def initial(self) -> State:
        """What it remembers before the first round."""
        ...

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """Of every token of a sampling round; the state is only read."""
        ...

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """The loss of each token; the state is only read."""
        ...

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """The state of the next round, from the mean over rollouts of the summed log pi - log ref of this one."""
        ...


@runtime_checkable
class WeighsByTokens(Protocol):
    """A loss of lessons that do not all weigh the same in the mean over a step."""

    def weight_of(self, tokens: int) -> float:
        """Of a lesson with so many tokens, above 0."""
        ...


Objective = LessonObjective | PairObjective


def takes_pairs(objective: Objective) -> bool:
    """Whether its rows are pairs, not lessons."""
    return any(view.side is not Side.RESPONSE for view in objective.views)


def reference_views(objective: Objective | PolicyObjective) -> tuple[View, ...]:
    """The views for which reference rows are needed; empty where the objective has no reference."""
    return tuple(view for view in objective.views if view.scorer is Scorer.REFERENCE)

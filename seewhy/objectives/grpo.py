"""Group relative policy optimisation: a rollout is good that earned more than the others of its question."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.divergence import Estimator, loss_penalty, require_kl
from seewhy.objectives.parts.groups import by_group, spread, standardised, standardised_by_population, totals
from seewhy.objectives.parts.ratios import clipped_loss, log_ratios_of, require_clip
from seewhy.objectives.parts.views import RESPONSE, ROLLOUT_AND_REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class GRPO:
    """-min(rho A, clip(rho, 1 - e, 1 + e) A) + kl D, A = (r - mean) / std within the group (arXiv 2402.03300, eq. 3).

    Token losses are averaged over each response, then over responses. A group whose rewards are equal has advantage 0.
    """

    trains_on: ClassVar[str] = "rollouts"

    epsilon: float = 0.2
    """Clip of the ratio to either side."""
    kl: float = 0.0
    """Weight of the divergence from the start, in the loss; 0 needs no reference. DeepSeekMath takes 0.04."""
    kl_estimator: str = Estimator.K3
    """`k3` as in the paper, or `k2`, whose gradient is that of KL(pi, ref)."""
    population_std: bool = False
    """Divide by the std over k; else by the sample's, over k - 1, as TRL and verl do."""

    def __post_init__(self) -> None:
        require_clip("GRPO.epsilon", self.epsilon, 1.0)
        require_kl("GRPO", self.kl, self.kl_estimator)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "grpo"

    @property
    def views(self) -> tuple[View, ...]:
        """The reference's too where a divergence from it is penalised."""
        return ROLLOUT_AND_REFERENCE if self.kl else RESPONSE

    @property
    def reduction(self) -> Reduction:
        """Each response counts as much as the next."""
        return Reduction.SEQUENCE

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """One number a rollout, at each of its tokens."""
        rule = standardised_by_population if self.population_std else standardised
        return Advantages(tokens=spread(by_group(totals(batch), batch.groups, batch.scored, rule), batch))

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """The clipped surrogate, and the divergence from the reference."""
        penalty = loss_penalty(view, self.kl, self.kl_estimator) if self.kl else None
        return clipped_loss(view, torch.exp(log_ratios_of(view)), self.epsilon, self.epsilon, penalty)

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes."""
        return state

"""Direct preference optimisation: make the chosen response likelier than the rejected, measured from a reference."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State
from seewhy.objectives.parts.terms import (
    LogRatios,
    log_ratios,
    preference,
    require_positive,
    require_smoothing,
    reward_terms,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DPO:
    """-(1 - e) log s(z) - e log s(-z), where z = beta (lr_w - lr_l) (arXiv 2305.18290 eq. 7).

    With label smoothing e above 0 this is "conservative" DPO. For DPO plus an imitation term take `MPO(quality=0)`.
    """

    beta: float = 0.1
    """Strength of the pull to the reference, a nat's worth of reward."""
    label_smoothing: float = 0.0
    """e: the share of pairs taken to be labelled the wrong way round, in [0, 0.5)."""

    def __post_init__(self) -> None:
        require_positive("DPO.beta", self.beta)
        require_smoothing("DPO.label_smoothing", self.label_smoothing)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "dpo"

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; ln 2 where the policy is the reference."""
        ratios = log_ratios(view)
        flipped = LogRatios(chosen=ratios.rejected, rejected=ratios.chosen)
        each = (1 - self.label_smoothing) * preference(ratios, self.beta)
        each = each + self.label_smoothing * preference(flipped, self.beta)
        return Loss(each=each, terms={"dpo": each.detach()} | reward_terms(ratios, self.beta))

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

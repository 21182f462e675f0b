"""The settings of online training: what is drawn each round, and the critic."""

from collections.abc import Iterable
from dataclasses import dataclass

from seewhy.records.ranges import require_above, require_least
from seewhy.training.plan import FitPlan, require_parts

OWN, SHARED = "own", "shared"
START, ROUND = "start", "round"


def require_whole_once(fit: FitPlan, objective: str, is_on_policy: bool) -> None:
    """ValueError where rollouts would be cut, or passed over again by an objective without a ratio."""
    if fit.keep_tokens:
        raise ValueError("fit.keep_tokens: a rollout is trained on whole; leave it at 0")
    if is_on_policy and fit.epochs > 1:
        raise ValueError(f"objective {objective} knows no ratio, and fit.epochs is {fit.epochs}; set it to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPlan:
    """What is drawn in each round, and what of it is trained on.

    Example:
        >>> RolloutPlan().per_question
        8
    """

    rounds: int = 100
    """Sampling rounds; each is followed by `fit.epochs` passes over its rollouts."""
    questions: int = 16
    """Questions a round."""
    per_question: int = 8
    """Rollouts a question (TRL's GRPO: 8)."""
    temperature: float = 1.0
    """Of drawing; the trainer's log-probabilities are of the same distribution."""
    max_tokens: int = 256
    """Tokens of a rollout, at most."""
    redraw: int = 0
    """Dynamic sampling (DAPO, arXiv 2503.14476, section 3.2): as often, questions whose outcomes are equal make way for
    others; then a round trains on what there is. 0 takes the questions as they come."""
    redraw_by: str = ""
    """The reward whose spread says so; empty takes the first, which should be the outcome and not a shaped one."""
    bootstrap_cut: bool = False
    """Whether a rollout that was cut by `max_tokens` ends with the critic's value; else with 0, as if it had ended."""
    skip_cut: bool = False
    """Whether rollouts that were cut are left out of the training (DAPO's overlong filtering)."""
    apart: bool = False
    """Each reward is standardised in its group before the weighted sum, so that none drowns the others (GDPO)."""
    correct_above: float = 0.0
    """Truncated importance sampling: tokens are weighed by min(pi_old / pi_sampler, this); 0 leaves it off."""

    def __post_init__(self) -> None:
        """Refuse settings that draw or train nothing, by name; greedy replies of a question would all be one."""
        require_least(self, 1, "rounds", "questions", "per_question", "max_tokens")
        require_least(self, 0, "redraw", "correct_above")
        require_above(self, 0, "temperature")

    def require_reward(self, names: Iterable[str]) -> None:
        """ValueError where none of the rewards is that of `redraw_by`."""
        known = list(names)
        if self.redraw_by and self.redraw_by not in known:
            raise ValueError(f"rollouts.redraw_by {self.redraw_by!r}: there are {', '.join(known)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsPlan:
    """Which rollouts of a question are paired, for objectives of pairs such as `dpo`.

    Example:
        >>> PairsPlan().most
        1
    """

    most: int = 1
    """Pairs of a question, at most: its best rollout against its worst, the second best against the second worst."""
    margin: float = 0.0
    """Their total rewards must differ by more than this."""
    reference: str = START
    """`start`, the model before the first round (online DPO), or `round`, the policy that drew the round (iterative
    DPO: a fresh reference each round, as in RLAIF-V, arXiv 2405.17220, section 3.3)."""

    def __post_init__(self) -> None:
        """Refuse settings that pair nothing, by name."""
        require_least(self, 1, "most")
        require_least(self, 0, "margin")
        if self.reference not in (START, ROUND):
            raise ValueError(f"pairs.reference {self.reference!r}: there are {START} and {ROUND}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticPlan:
    """The net that says what a state is worth; objectives such as `ppo` need one.

    Example:
        >>> CriticPlan().net
        'own'
    """

    net: str = OWN
    """`own` copies the net (ARES); `shared` reads the policy's own hidden states, which then move by both losses."""
    frozen: tuple[str, ...] = ("tower",)
    """Parts that the critic's loss does not move: tower, projector, language. With all three the head alone learns."""
    learning_rate: float = 2e-5
    """Peak rate of the critic (ARES: 2e-5)."""
    weight: float = 1.0
    """Of its loss where the net is shared, and in the log."""
    clip: float = 0.2
    """Of the value's move since the round began; 0 leaves it off, as ARES does."""
    warmup_rounds: int = 0
    """Rounds in which the critic alone learns."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, by name."""
        require_above(self, 0, "learning_rate", "weight")
        require_least(self, 0, "clip", "warmup_rounds")
        if self.net not in (OWN, SHARED):
            raise ValueError(f"critic.net {self.net!r}: there are {OWN} and {SHARED}")
        require_parts(self.frozen)

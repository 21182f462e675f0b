"""The settings of one training run: how long, how fast, how much at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from seewhy.records.ranges import require_above, require_least, require_seed

ADAMW, FUSED, MUON = "adamw", "adamw_fused", "muon"
OPTIMIZERS = (ADAMW, FUSED, "adamw_8bit", "paged_adamw_8bit", MUON)
COSINE, LINEAR, CONSTANT = "cosine", "linear", "constant"
SCHEDULES = (COSINE, LINEAR, CONSTANT)
PARTS = ("tower", "projector", "language")
QUARTERS = 4
LOSS = "loss"
JUDGED = (LOSS, "accuracy", "margin")
"""Figures that held-out rows are judged by; a low loss is good, the others are good where they are high."""


def is_turn(step: int, steps: int, every: int) -> bool:
    """Whether something that happens at `every` so many steps, 0 being a quarter of the run, follows `step` from 0.

    The last step is always followed by it.
    """
    every = every or max(1, -(-steps // QUARTERS))
    return (step + 1) % every == 0 or step + 1 == steps


def require_parts(frozen: Sequence[str]) -> None:
    """ValueError where `frozen` names something that is no part of a model."""
    unknown = [part for part in frozen if part not in PARTS]
    if unknown:
        raise ValueError(f"frozen names {unknown[0]!r}, and the parts are {', '.join(PARTS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerPlan:
    """By which rule weights move, along which schedule, and which parts of the model do not.

    Example:
        >>> OptimizerPlan(frozen=("language",)).rate_of("language", usual=1e-5, tower=0.0)
        0.0
    """

    kind: str = ADAMW
    """`adamw`, `adamw_fused`, of bitsandbytes `adamw_8bit` and `paged_adamw_8bit`, or `muon`, which leaves to AdamW
    what is no matrix of a layer."""
    betas: tuple[float, float] = (0.9, 0.999)
    """AdamW's decay rates of the first and the second moment (MPO, arXiv 2411.10442, section 5)."""
    schedule: str = COSINE
    """`cosine`, `linear` or `constant`, after the warm-up."""
    lowest: float = 0.0
    """Share of the peak rate to which `cosine` and `linear` fall."""
    projector_learning_rate: float = 0.0
    """Peak rate of the projector; 0 takes that of all weights. LLaVA-1.5 (arXiv 2310.03744): 1e-3 at first."""
    frozen: tuple[str, ...] = ()
    """Parts that are not moved: `projector`, `language`, `tower`."""

    def __post_init__(self) -> None:
        """Refuses what does not exist, by name."""
        require_least(self, 0, "projector_learning_rate")
        for name, value, known in (("kind", self.kind, OPTIMIZERS), ("schedule", self.schedule, SCHEDULES)):
            if value not in known:
                raise ValueError(f"optimizer.{name} {value!r}: there are {', '.join(known)}")
        require_parts(self.frozen)
        if not (0 <= self.lowest < 1 and all(0 <= beta < 1 for beta in self.betas)):
            raise ValueError(f"lowest ({self.lowest}) and betas {self.betas} are 0 or above, and below 1")

    def rate_of(self, part: str, usual: float, tower: float) -> float:
        """Peak rate of a part of the model; 0 where it is not moved."""
        if part in self.frozen:
            return 0.0
        if part == "tower":
            return tower
        return (part == "projector" and self.projector_learning_rate) or usual


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """How weights move: unless `optimizer` says otherwise AdamW, a linear warm-up, then a cosine to 0; dropout is off.

    The optimiser and the schedule are those of LLaVA-Reasoner (arXiv 2410.16198) and MPO (arXiv 2411.10442, section 5).

    Example:
        >>> FitPlan(learning_rate=5e-6, batch_size=32).epochs
        1
    """

    learning_rate: float
    """Peak rate of all weights but the vision tower's. LLaVA-Reasoner: 5e-6 for SFT, 5e-7 for DPO; MPO: 5e-6."""
    tower_learning_rate: float = 0.0
    """Peak rate of the vision tower; 0 freezes it. LLaVA-Reasoner: a tenth of the others' in SFT, frozen in DPO."""
    epochs: int = 1
    """Passes over the rows."""
    batch_size: int = 32
    """Rows (SFT examples or pairs) a step, at most; all rows of one prompt stay in one step where they fit."""
    warmup: float = 0.03
    """Share of all steps over which the rate rises from 0. LLaVA-Reasoner: 0.03; MPO: 0.05."""
    weight_decay: float = 0.0
    """Decoupled decay of weight matrices, per unit of learning rate; norms and biases have none. MPO: 0.05."""
    max_grad_norm: float = 1.0
    """Gradients are scaled down to this global 2-norm; 0 leaves them as they are."""
    row_tokens: int = 4096
    """Tokens (prompts and responses) of one packed forward, at most; a bigger row runs alone and is counted."""
    keep_tokens: int = 0
    """Tokens of a response that are trained on, from its start; 0 keeps all. LLaVA-Reasoner: 90 in DPO."""
    # Not compared: how often a run saves changes nothing in what it makes, so a run may go on with another.
    save_every: int = field(default=100, compare=False)
    """Steps between checkpoints; a run may go on with another number."""
    seed: int = 0
    """Seed of the order of the rows."""
    optimizer: OptimizerPlan = field(default_factory=OptimizerPlan)
    """By which rule, along which schedule, and which parts."""

    def __post_init__(self) -> None:
        """Refuses settings that cannot train, by name."""
        require_above(self, 0, "learning_rate")
        require_least(self, 1, "epochs", "batch_size", "row_tokens", "save_every")
        require_least(self, 0, "tower_learning_rate", "weight_decay", "max_grad_norm", "keep_tokens")
        require_seed(self)
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup is a share of all steps, from 0 to below 1, and is {self.warmup}")

    def rate_of(self, part: str) -> float:
        """Peak rate of a part of the model (`tower`, `projector`, `language`); 0 where it is not moved."""
        return self.optimizer.rate_of(part, self.learning_rate, self.tower_learning_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationPlan:
    """How held-out rows are looked at while a model is trained, and what follows from it.

    Example:
        >>> [step for step in range(5) if ValidationPlan(every=2).is_due(step, 5)]
        [1, 3, 4]
    """

    every: int = 0
    """Steps between looks; 0 is a quarter of the run. The last step is always followed by one."""
    keep_best: bool = False
    """The trained model is that of the best look, whose checkpoint stays; else that of the last step."""
    patience: int = 0
    """The training ends after so many looks in a row that are no better than the best; 0 never ends it early."""
    by: str = LOSS
    """What a look is judged by: `loss`, or of pairs `accuracy` or `margin`."""
    least: float = 0.0
    """A look is better where it gains more than this."""
    # Not compared: it changes nothing in what a training makes.
    keep: int = field(default=2, compare=False)
    """Newest checkpoints that stay, besides the best one; with 1 there is none to fall back on where it is damaged."""

    def __post_init__(self) -> None:
        """Refuses what cannot be looked at, by name."""
        require_least(self, 0, "every", "patience", "least")
        require_least(self, 1, "keep")
        if self.by not in JUDGED:
            raise ValueError(f"validate.by {self.by!r}: there are {', '.join(JUDGED)}")

    def is_due(self, step: int, steps: int) -> bool:
        """Whether a look follows `step`, counted from 0, of a run of `steps`."""
        return is_turn(step, steps, self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerPlan:
    """How the tower is trained: AdamW, warm-up over the first 30 steps, then cosine to 0."""

    steps: int = 3000
    """Updates."""
    batch_size: int = 128
    """Pictures a step."""
    learning_rate: float = 2e-3
    """Peak rate."""
    weight_decay: float = 0.05
    """Decoupled decay, per unit of learning rate."""
    seed: int = 0
    """Seed of the head's first weights and of the order of the pictures."""

    def __post_init__(self) -> None:
        """Refuses settings that cannot train, by name."""
        require_above(self, 0, "learning_rate")
        require_least(self, 1, "steps", "batch_size")
        require_least(self, 0, "weight_decay")
        require_seed(self)

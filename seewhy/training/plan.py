"""The settings of one training run: how long, how fast, how much at once."""

from dataclasses import dataclass, field

from seewhy.records.ranges import require_above, require_least, require_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """How weights move: AdamW (betas 0.9 and 0.999), linear warm-up, then cosine to 0; dropout is off.

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
    """Rows (lessons or pairs) a step, at most; all rows of one prompt stay in one step where they fit."""
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
    """Address of the order of the rows."""

    def __post_init__(self) -> None:
        """Refuses settings that cannot train, by name."""
        require_above(self, 0, "learning_rate")
        require_least(self, 1, "epochs", "batch_size", "row_tokens", "save_every")
        require_least(self, 0, "tower_learning_rate", "weight_decay", "max_grad_norm", "keep_tokens")
        require_seed(self)
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup is a share of all steps, from 0 to below 1, and is {self.warmup}")


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
    """Address of the head's first weights and of the order of the pictures."""

    def __post_init__(self) -> None:
        """Refuses settings that cannot train, by name."""
        require_above(self, 0, "learning_rate")
        require_least(self, 1, "steps", "batch_size")
        require_least(self, 0, "weight_decay")
        require_seed(self)

"""Memory of a training step as sums of numbers, so that it is known before anything runs.

    resident = base + prompts + weights + other models + moments + max(passes + held, optimiser)

    base        what the process holds with its libraries loaded and no model: measured, for it differs by machine
    prompts     encoded prompts that are kept, pictures above all: bytes of a sampled one times their number, bounded
    weights     bytes of all weights, moved or frozen, in their own precision
    moments     2 x moved: AdamW keeps a first and a second moment of each moved weight, in the weight's precision
    passes      activations, log-probabilities in chunks, gradients as they appear: counted by a rehearsal on the meta
                device (`rehearsal.py`), for a formula by width, layers and heads would be right for one family only
    optimiser   moved + 2 x largest: all gradients, and two temporaries of the largest moved weight (on CUDA + moved,
                for there AdamW takes all weights at once)
    held        `HELD_SHARE` x saved, on CPU: see there; checkpointing saves memory and not this, for as many blocks
                come and go

LoRA, half precision and gradient checkpointing are other numbers of the same sums: fewer moved bytes, fewer bytes of
weights and activations, `is_checkpointed`.
"""

from dataclasses import dataclass, replace

HELD_SHARE = 0.5
"""Bytes that glibc's allocator holds unused, as a share of what is saved for the backward pass.

Blocks below 32 MiB come from one heap; what is freed there between two that stay is rarely of use to the next.
Measured, not derived: 0.28 to 0.45 in the settings of `docs/numerics.md`, and more at times.
`MALLOC_MMAP_THRESHOLD_=65536` in the environment makes it nearly 0.
"""
CHECKED_COPIES = 2
"""Sets of gradients that exist while packed rows are compared with separate ones: one of each way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightBytes:
    """Bytes of a net's weights.

    Example:
        >>> WeightBytes(total=100, moved=80, largest=30).moments
        160
    """

    total: int
    """All of them, each once even where two layers share it."""
    moved: int
    """Those that training moves."""
    largest: int
    """The largest moved one."""

    @property
    def moments(self) -> int:
        """AdamW's two moments."""
        return 2 * self.moved

    def optimiser(self, *, is_cuda: bool) -> int:
        """Gradients, and what the update itself needs besides moments: on CPU weight by weight, on CUDA all at once."""
        return 2 * self.moved if is_cuda else self.moved + 2 * self.largest


@dataclass(frozen=True, slots=True, kw_only=True)
class PassBytes:
    """Bytes above weights and moments that one forward and backward pass takes."""

    saved: int
    """What the forward pass leaves for the backward pass."""
    saved_in_layers: int
    """Of that, what checkpointable layers save inside."""
    largest_layer: int
    """What the one of them that saves most does."""
    layer_inputs: int
    """Hidden states that enter these layers: all that checkpointing keeps of them."""
    peak: int
    """The most that lives at once in the first pass of a step: gradients appear as activations go."""
    peak_again: int
    """The same in a later pass of the step, while the gradients of all moved weights are held."""
    tokens: int
    """Tokens that the language model was run on."""

    def checkpointed(self) -> "PassBytes":
        """The same with gradient checkpointing: layers keep their inputs, and one at a time is run again.

        saved' = saved - saved in layers + layer inputs + largest layer, and the peaks fall by as much.
        """
        kept = min(self.saved, self.saved - self.saved_in_layers + self.layer_inputs + self.largest_layer)
        less = self.saved - kept
        return replace(
            self, saved=kept, saved_in_layers=self.layer_inputs, peak=self.peak - less,
            peak_again=self.peak_again - less,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBytes:
    """The terms of a step's peak, as the module's docstring lists them."""

    base: int
    prompts: int
    """Encoded prompts that are kept for the next epoch and the next stage."""
    weights: int
    others: int
    """Weights of models that are open besides the one that is trained."""
    moments: int
    passes: int
    optimiser: int
    held: int

    @property
    def peak(self) -> int:
        """The most that the process holds; on CUDA, with a base of 0, what the allocator hands out."""
        kept = self.base + self.prompts + self.weights + self.others + self.moments
        return kept + max(self.passes + self.held, self.optimiser)


def step_bytes(
    weights: WeightBytes,
    heaviest: PassBytes,
    *,
    passes: int,
    base: int,
    prompts: int = 0,
    others: int = 0,
    is_checkpointed: bool = False,
    is_cuda: bool = False,
    held_share: float = HELD_SHARE,
) -> StepBytes:
    """The terms of the step whose heaviest pass is given, of `passes` passes in all.

    Example:
        >>> weights = WeightBytes(total=100, moved=100, largest=10)
        >>> row = PassBytes(saved=500, saved_in_layers=480, largest_layer=60, layer_inputs=40, peak=520,
        ...                 peak_again=600, tokens=7)
        >>> step_bytes(weights, row, passes=1, base=1000).peak
        2070
        >>> step_bytes(weights, row, passes=2, base=1000, is_checkpointed=True, is_cuda=True).peak
        1520
    """
    taken = heaviest.checkpointed() if is_checkpointed else heaviest
    return StepBytes(
        base=base,
        prompts=prompts,
        weights=weights.total,
        others=others,
        moments=weights.moments,
        passes=taken.peak if passes == 1 else taken.peak_again,
        optimiser=weights.optimiser(is_cuda=is_cuda),
        held=0 if is_cuda else int(held_share * heaviest.saved),
    )


def checked_bytes(widened: int, base: int, others: int = 0, *, gradients: int) -> int:
    """Most that is held while the first rows of a run are scored packed and separate, before moments exist.

    `widened` are the bytes of all weights in float32, in which they are compared; `gradients` those of the gradients
    that are compared (`seewhy.model.packed.witnesses`). Activations of the few rows are not counted.
    """
    return base + others + widened + CHECKED_COPIES * gradients

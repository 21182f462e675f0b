"""The settings of a model: how much of it is trained, on what it is computed, and what it keeps of pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seewhy.records.marks import RARE
from seewhy.records.ranges import require_seed

ZERO, PISSA, OLORA = "zero", "pissa", "olora"
INITIALS = (ZERO, "gaussian", PISSA, "pissa_niter_16", OLORA)
FLOAT32, BF16 = "float32", "bf16"
PRECISIONS = (FLOAT32, BF16)
EAGER, SDPA = "eager", "sdpa"
FLASH = ("flash_attention_2", "flash_attention_3")
ATTENTIONS = (EAGER, SDPA, *FLASH)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterPlan:
    """LoRA (arXiv 2106.09685): two thin matrices at each adapted layer are trained, and nothing else is.

    The vision tower and the projector are frozen then, whatever their learning rates, unless `modules_to_save` names
    them.

    Example:
        >>> AdapterPlan(rank=64).lora_alpha
        128
    """

    rank: int = 0
    """Of each layer's update (mDPO: 64; LLaVA-1.5: 128); 0 makes no adapter and trains the weights themselves."""
    alpha: int = 0
    """The update is scaled by alpha / rank; 0 takes twice the rank, as mDPO, LLaVA-1.5 and InternVL do."""
    targets: tuple[str, ...] = ()
    """Ends of layers' names, such as `q_proj v_proj`; none is every linear layer of the language model but its head."""
    seed: int = 0
    """Seed of the first values; the update itself starts at zero."""
    exclude: tuple[str, ...] = ()
    """Ends of layers' names that are left out, such as `down_proj`."""
    rank_stabilised: bool = False
    """Scale the update by alpha / sqrt(rank) (rsLoRA, arXiv 2312.03732)."""
    go_on: bool = False
    """Train the adapter that the model came with, instead of adding it into the weights and making a new one."""
    dropout: float = field(default=0.0, metadata=RARE)
    """Share of an adapted layer's inputs that the update does not see while it is trained. LLaVA-1.5's LoRA: 0.05."""
    dora: bool = field(default=False, metadata=RARE)
    """Train the norm of each row of a weight matrix apart from its direction (DoRA, arXiv 2402.09353)."""
    modules_to_save: tuple[str, ...] = field(default=(), metadata=RARE)
    """Ends of modules' names that are trained whole in addition to the adapter, such as `multi_modal_projector`."""
    initial: str = field(default=ZERO, metadata=RARE)
    """First values: `zero` (the update's second matrix is 0) or `gaussian` (and its first one normal); the largest
    singular directions of each weight, `pissa` or, by a faster approximation, `pissa_niter_16` (arXiv 2404.02948); or
    its first orthogonal ones, `olora` (arXiv 2406.01775). The model starts as it was with each of them."""

    def __post_init__(self) -> None:
        """Refuses an adapter that cannot be made."""
        require_seed(self)
        if self.rank < 0 or self.alpha < 0:
            raise ValueError("AdapterPlan: rank and alpha must be 0 or above")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"adapter.dropout is a share, from 0 to below 1, and is {self.dropout}")
        if self.initial not in INITIALS:
            raise ValueError(f"adapter.initial {self.initial!r}: there are {', '.join(INITIALS)}")
        if self.dora and self.is_by_weights:
            raise ValueError(
                f"adapter.dora starts from the weights themselves: leave adapter.initial {self.initial} away"
            )
        named = [name for name in ("dropout", "dora", "modules_to_save") if getattr(self, name)]
        if not self.rank and (named or self.initial != ZERO):
            raise ValueError(f"adapter.{(named or ['initial'])[0]} is of an adapter: give adapter.rank too")

    @property
    def lora_alpha(self) -> int:
        """Alpha, or its default."""
        return self.alpha or 2 * self.rank

    @property
    def off_is_start(self) -> bool:
        """Whether the model with its adapter switched off is the model that the training starts from."""
        return self.rank > 0 and not self.go_on and not self.modules_to_save

    @property
    def is_servable(self) -> bool:
        """Whether servers load such an adapter: LoRA, and nothing trained whole in addition."""
        return bool(self.rank) and not self.dora and not self.modules_to_save

    @property
    def is_by_weights(self) -> bool:
        """Whether the first values follow from the weights that are adapted."""
        return self.initial.startswith((PISSA, OLORA))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputePlan:
    """Device of a model, and precision of its weights and its sums.

    float32: everything. bf16: matrix products are bfloat16 (`torch.autocast`), and log-probabilities and losses are
    float32 all the same. Weights that are trained are float32 with float32 moments; all other weights are in
    bfloat16: those under an adapter, and those of a model that only draws or scores.
    """

    # Not compared, like how often a run saves: neither changes what is computed but for rounding.
    device: str = field(default="auto", compare=False)
    """`auto` is the first NVIDIA GPU, or the CPU where there is none; else a name of torch, such as `cuda:1`."""
    precision: str = FLOAT32
    """`float32`, or `bf16` for half the memory of weights that are not trained and faster products on a GPU."""
    gradient_checkpointing: bool = field(default=False, compare=False)
    """Keep each layer's input alone, and compute the layer again in the backward pass: slower, in less memory."""
    load_in_4bit: bool = False
    """Hold the weights under an adapter in 4 bits (NF4, QLoRA, arXiv 2305.14314); needs bitsandbytes and a GPU."""
    tf32: bool = field(default=False, metadata=RARE)
    """Round the factors of float32 products and convolutions to TF32 (10 bits of mantissa), several times as fast on an
    NVIDIA GPU from Ampere on; left out, neither is rounded."""
    attention: str = field(default="", metadata=RARE)
    """How the net's own layers attend, its vision encoder among them: `eager`, `sdpa`, `flash_attention_2` or
    `flash_attention_3`; empty leaves transformers its choice. Text layers over packed rows have a way of their own."""

    def __post_init__(self) -> None:
        """Refuses a precision or an attention that does not exist, and flash attention in float32."""
        if self.precision not in PRECISIONS:
            raise ValueError(f"--compute.precision {self.precision!r}: there are {' and '.join(PRECISIONS)}")
        if self.attention and self.attention not in ATTENTIONS:
            raise ValueError(f"compute.attention {self.attention!r}: there are {', '.join(ATTENTIONS)}")
        if self.attention in FLASH and self.precision != BF16:
            raise ValueError(
                f"compute.attention {self.attention} takes halves alone: set compute.precision to bf16, or take {SDPA}"
            )

    @property
    def arithmetic(self) -> dict[str, str]:
        """What else than the usual a training's numbers depend on, by name."""
        found = {"precision": self.precision} if self.precision != FLOAT32 else {}
        found |= {"tf32": "on"} if self.tf32 else {}
        return found | ({"attention": self.attention} if self.attention else {})

    @staticmethod
    def rounds(arithmetic: Mapping[str, str]) -> bool:
        """Whether products are of less than float32 in an `arithmetic`, such as a model's settings.

        Example:
            >>> ComputePlan.rounds(ComputePlan(tf32=True).arithmetic), ComputePlan.rounds({"attention": "eager"})
            (True, False)
        """
        return not {"precision", "tf32"}.isdisjoint(arithmetic)

    @property
    def is_demanding(self) -> bool:
        """Whether a machine may be unable to do it."""
        return self.device not in ("auto", "cpu") or self.load_in_4bit or self.tf32 or self.attention in FLASH

    def require_adapter(self, adapter: AdapterPlan) -> None:
        """ValueError where weights of 4 bits would have to be trained themselves."""
        if self.load_in_4bit and not adapter.rank:
            raise ValueError(
                "--compute.load-in-4bit: weights of 4 bits cannot be trained; add an adapter, such as adapter.rank 64, "
                "or leave the switch away"
            )
        if self.load_in_4bit and adapter.is_by_weights:
            raise ValueError(
                f"--compute.load-in-4bit: adapter.initial {adapter.initial} reads the weights in full precision; take "
                "adapter.initial zero, or leave the switch away"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturePlan:
    """How much is kept of what a frozen vision encoder makes of pictures.

    Example:
        >>> FeaturePlan(disk_mib=4096, folder="features").memory_mib
        512
    """

    # Not compared: how much is kept, and where, changes nothing in the rows of a run.
    memory_mib: int = field(default=512, compare=False)
    """MiB of memory for what frozen vision encoders make of pictures, shared by the models of a run."""
    disk_mib: int = field(default=0, compare=False)
    """MiB of disk for the same, found again by later runs; used only where reading is faster than running."""
    folder: str = field(default="", compare=False)
    """Where those files are, so that runs may share them; left out: `features` in the run's directory."""
    least_weights: int = 500_000
    """Weights of a vision encoder below which it runs in each pass, as the shipped tiny model's of 0.4 million does."""

    def __post_init__(self) -> None:
        """Refuses bounds that keep nothing, by name."""
        wrong = ["memory_mib must be above 0"] if self.memory_mib <= 0 else []
        zero_or_above = {"disk_mib": self.disk_mib, "least_weights": self.least_weights}
        wrong += [f"{name} must be 0 or above" for name, value in zero_or_above.items() if value < 0]
        if wrong:
            raise ValueError(f"FeaturePlan: {'; '.join(wrong)}")

"""The settings of what a model keeps of pictures."""

from dataclasses import dataclass, field


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
    """Where those files lie, so that runs may share them; left out: `features` in the run's directory."""
    least_weights: int = 500_000
    """Weights of a vision encoder below which it runs in each pass, as the shipped tiny model's of 0.4 million does."""

    def __post_init__(self) -> None:
        """Refuses bounds that keep nothing, by name."""
        wrong = ["memory_mib must be above 0"] if self.memory_mib <= 0 else []
        zero_or_above = {"disk_mib": self.disk_mib, "least_weights": self.least_weights}
        wrong += [f"{name} must be 0 or above" for name, value in zero_or_above.items() if value < 0]
        if wrong:
            raise ValueError(f"FeaturePlan: {'; '.join(wrong)}")

"""How the weights of a training are distributed over the processes that take its steps together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

COPIES, SHARDED, LAUNCHER = "copies", "sharded", "launcher"
KINDS = (LAUNCHER, COPIES, SHARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """Copies (DDP) or shards (FSDP2: weights, gradients and moments divided); it changes a training by rounding alone.

    Example:
        >>> ShardPlan().of_launcher({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}).kind
        'sharded'
    """

    kind: str = LAUNCHER
    """`copies`, `sharded`, or what accelerate's configuration says: FSDP (`fsdp_version: 2`), else copies."""
    offload: bool = False
    """Keep weights, gradients and moments in the memory of the CPU, where the optimiser runs too; of `sharded`."""
    reshard: bool = True
    """Let a layer's weights go after its forward pass, and gather them again for its backward pass; of `sharded`."""

    def __post_init__(self) -> None:
        """Refuses a kind that does not exist."""
        if self.kind not in KINDS:
            raise ValueError(f"shard.kind {self.kind!r}: there are {', '.join(KINDS)}")

    def of_launcher(self, variables: Mapping[str, str]) -> "ShardPlan":
        """The plan with what accelerate's configuration says, by its environment variables, where this says nothing.

        Raises:
            ValueError: the configuration asks for FSDP's first version, or for layers to be checkpointed by FSDP.
        """
        if self.kind != LAUNCHER:
            return self
        if variables.get("ACCELERATE_USE_FSDP") != "true":
            return replace(self, kind=COPIES)
        if variables.get("FSDP_VERSION", "1") != "2":
            raise ValueError("accelerate's configuration asks for FSDP 1: set fsdp_version to 2")
        if variables.get("FSDP_ACTIVATION_CHECKPOINTING") == "true":
            raise ValueError(
                "accelerate's configuration asks for fsdp_activation_checkpointing: set it to false, and "
                "compute.gradient_checkpointing to true"
            )
        return ShardPlan(
            kind=SHARDED,
            offload=self.offload or variables.get("FSDP_OFFLOAD_PARAMS") == "true",
            reshard=self.reshard and variables.get("FSDP_RESHARD_AFTER_FORWARD", "true") != "false",
        )

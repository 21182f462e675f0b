"""Where blocks of row stages are mapped: by processes of this machine, or by actors of a Ray cluster."""

import os
from dataclasses import dataclass
from typing import Any

from seewhy.records.ranges import require_least
from seewhy.runs.discovery import call_part

LOCAL, RAY = "local", "ray"
KINDS = (LOCAL, RAY)
OWN_CLUSTER = "local"
"""The `address` of a cluster that the command starts on this machine and ends with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerPlan:
    """Worker processes of this machine, or an autoscaling pool of Ray actors; rows are the same to the byte.

    Example:
        >>> RunnerPlan(kind="ray", address="10.0.0.1:6379", least=2, most=16).is_ray
        True
    """

    kind: str = LOCAL
    """`local`, or `ray`, which needs the extra `ray` on every node and the run's directory on shared storage."""
    address: str = ""
    """Of Ray's head, such as `10.0.0.1:6379`; `auto` is the cluster of this machine, `local` starts one here, and empty
    takes the environment variable RAY_ADDRESS, or `local` where there is none."""
    least: int = 1
    """Actors that are kept while blocks are mapped, also where they have nothing to do."""
    most: int = 0
    """Actors at most; 0 takes as many as the nodes hold that are there now. A cluster that grows needs a number."""
    cpus: int = 1
    """Cores of an actor, and its threads."""
    gpus: float = 0.0
    """GPUs of an actor with a local model, such as 0.5 for two on each; 0 takes one where the cluster has any and the
    recipe's `compute.device` is not `cpu`."""
    ahead: int = 1
    """Blocks that wait at an actor in addition to the one that it works on, while more wait than there are actors."""
    tries: int = 3
    """Actors that one block may lose, by a kill, a lost node or too little memory, before the run ends."""
    idle_s: float = 60.0
    """Seconds without work after which actors above `least` are ended, so that a cluster may give nodes back."""
    patience_s: float = 900.0
    """Seconds without any actor after which the run ends: the time that a cluster may take to start a node."""
    seen_s: float = 90.0
    """Seconds that files of one node may take to be seen by another: network file systems keep lists of files."""

    def __post_init__(self) -> None:
        """Refuse a runner that does not exist, and counts that cannot be."""
        if self.kind not in KINDS:
            raise ValueError(f"runner.kind {self.kind!r}: there are {', '.join(KINDS)}")
        if self.address and not self.is_ray:
            raise ValueError(f"runner.address {self.address!r} is of runner ray: add --runner ray")
        if "://" in self.address:
            raise ValueError(
                f"runner.address {self.address!r}: give HOST:PORT of Ray's head, such as 10.0.0.1:6379, and start the "
                "command on a machine of the cluster: it reads and writes the run's directory"
            )
        require_least(self, 0, "least", "most", "gpus", "ahead", "idle_s", "patience_s", "seen_s")
        require_least(self, 1, "cpus", "tries")
        if self.most and self.most < self.least:
            raise ValueError(f"runner.most {self.most} is below runner.least {self.least}")

    @property
    def is_ray(self) -> bool:
        """Whether blocks are mapped by Ray."""
        return self.kind == RAY


def call_ray(name: str, function: str, *values: object, **named: object) -> Any:  # noqa: ANN401
    """Call a function of a file that needs Ray, which reads its variables when it is loaded.

    Raises:
        ValueError: Ray is not installed; with the remedy.
    """
    # What Ray would send to its makers; a cluster that others started has their settings.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    return call_part("runs", name, function, *values, **named)

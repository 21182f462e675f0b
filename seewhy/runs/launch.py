"""Starts one command in several processes of this machine, by torch's own launcher."""

import os
import sys
from collections.abc import Sequence

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

MONITOR_SECONDS = 0.2
"""Between two looks at the processes: so soon do the others end where one has failed."""


def launch(words: Sequence[str], processes: int) -> int:
    """Run `seewhy` with these words in so many processes; 0 where all ended well, else 2: the one that failed said why.

    Each takes its share of the cores where nothing else is said.
    """
    cores = len(os.sched_getaffinity(0))
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // processes)))
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=processes, rdzv_backend="c10d", rdzv_endpoint="localhost:0",
        max_restarts=0, monitor_interval=MONITOR_SECONDS, run_id=f"seewhy-{os.getpid()}",
    )  # fmt: skip
    try:
        elastic_launch(config, sys.executable)("-m", "seewhy", *words)
    except ChildFailedError:
        return 2
    return 0

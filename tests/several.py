"""Processes that train together: each is forked from one that has the libraries loaded, and has one thread."""

import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta

import torch
from loaded_processes import begun

from seewhy.training.parallel.ranks import LIMIT, join, leave

PATIENCE = 120.0
"""Seconds after which processes that have not ended are taken to hang."""


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _joined(
    rank: int, size: int, port: int, limit: timedelta, work: Callable[..., None], given: tuple[object, ...]
) -> None:  # fmt: skip
    os.environ.update(
        RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port)
    )
    torch.set_num_threads(1)
    join(limit)
    work(*given)
    leave()


def together(size: int, work: Callable[..., None], *given: object, limit: timedelta = LIMIT) -> list[int | None]:
    """Do the work in `size` processes that have joined; their exit codes. Where one fails the others are ended.

    `limit` is the time after which a collective operation fails.
    """
    port = free_port()
    processes = [begun(_joined, rank, size, port, limit, work, given) for rank in range(size)]
    end = time.monotonic() + PATIENCE
    while any(process.is_alive() for process in processes) and time.monotonic() < end:
        if any(process.exitcode for process in processes):
            break
        time.sleep(0.02)
    is_late = time.monotonic() >= end
    for process in processes:
        if process.is_alive():
            process.terminate()
        process.join()
    assert not is_late, f"{work.__name__}: processes hang"
    return [process.exitcode for process in processes]

"""Joins a Ray cluster, within bounded time and with a remedy where it cannot, and says what its nodes have room for."""

import logging
import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import ray
from ray import exceptions

from seewhy.runs.runner_plan import OWN_CLUSTER, RunnerPlan

REACHED_S = 5.0
"""Seconds that a head may take to answer; Ray itself asks for minutes."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""The first bytes of every connection of HTTP/2 (RFC 9113, section 3.4) and an empty SETTINGS frame."""
SETTINGS = 4
"""Type of the frame that a server of HTTP/2 answers with (RFC 9113, section 6.5): the fourth byte."""
REMEDY = ("`ray start --head` starts a cluster, `ray start --address HOST:PORT` adds a machine to it; one that was "
          "started beside a token asks for it: set RAY_AUTH_MODE=token, with the token in RAY_AUTH_TOKEN")  # fmt: skip
STORE_BYTES = 100 * 2**20
"""Of shared memory for a cluster of our own: nothing but numbers goes through it."""


@contextmanager
def joined(plan: RunnerPlan, workers: int) -> Generator[None]:
    """Be of a cluster while the context lasts; one that this process is of already is taken.

    Args:
        plan: says which.
        workers: cores of a cluster that is started here; 0 takes all.

    Raises:
        ValueError: no cluster is there; the message says where it was looked for, and how one is started.
    """
    if ray.is_initialized():
        yield
        return
    address = require_cluster(plan)
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address == OWN_CLUSTER:
            cores = workers or len(os.sched_getaffinity(0))
            ray.init(OWN_CLUSTER, num_cpus=cores, include_dashboard=False, object_store_memory=STORE_BYTES, **quiet)
        else:
            ray.init(address, **quiet)
    except (OSError, RuntimeError, ValueError, exceptions.RayError) as error:
        raise ValueError(f"runner.address {address}: {_told(error)}. {REMEDY}") from error
    try:
        yield
    finally:
        ray.shutdown()


def require_cluster(plan: RunnerPlan) -> str:
    """The address of the cluster that a plan means, once something answers there as Ray's head does.

    Raises:
        ValueError: nothing does; with the remedy.
    """
    address = replace(plan, address=plan.address or os.environ.get("RAY_ADDRESS", "")).address or OWN_CLUSTER
    if address not in (OWN_CLUSTER, "auto") and not ray.is_initialized():
        try:
            _require_reached(address)
        except ValueError as error:
            raise ValueError(f"runner.address {address}: {error}. {REMEDY}") from error
    return address


def _told(error: Exception) -> str:
    """What Ray says, in one line without its end."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _require_reached(address: str) -> None:
    """ValueError where nothing answers at an address, or what answers is no server of gRPC, as Ray's head is."""
    host, mark, port = address.rpartition(":")
    if not mark or not port.isdecimal():
        raise ValueError("it is HOST:PORT, such as 10.0.0.1:6379")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED_S) as connection:
            if os.environ.get("RAY_USE_TLS", "0") in ("1", "true"):
                return
            connection.sendall(PREFACE)
            answer = connection.recv(9)
    except TimeoutError as error:
        raise ValueError(f"nothing answers there within {REACHED_S:.0f} s") from error
    except OSError as error:
        raise ValueError(f"it cannot be reached ({error.strerror or error})") from error
    if len(answer) < 4 or answer[3] != SETTINGS:
        raise ValueError("what answers there is not Ray's head, whose port is 6379 unless it was started with another "
                         "(8265 is that of its pages)")  # fmt: skip


def rooms(cpus: float, gpus: float) -> int:
    """How many actors of so many cores and GPUs the nodes hold that are there now, whoever uses them."""
    return sum(room_of(node, cpus, gpus) for node in _nodes())


def room_of(resources: Mapping[str, float], cpus: float, gpus: float) -> int:
    """How many actors fit on a node.

    Example:
        >>> room_of({"CPU": 8.0, "GPU": 2.0}, 1, 0.5), room_of({"CPU": 8.0}, 3, 0.0), room_of({"CPU": 8.0}, 1, 1.0)
        (4, 2, 0)
    """
    by_cpu = int(resources.get("CPU", 0.0) / cpus)
    return min(by_cpu, int(resources.get("GPU", 0.0) / gpus)) if gpus else by_cpu


def gpus_wanted(planned: float, device: str) -> float:
    """GPUs of an actor with a local model: as planned, else one where the cluster has any and the device allows it."""
    has_any = any(node.get("GPU", 0.0) for node in _nodes())
    return planned or float(has_any and device != "cpu")


def room_words(cpus: float, gpus: float) -> str:
    """What an actor wants, and what the nodes hold."""
    nodes = [f"{node.get('CPU', 0.0):g} cores and {node.get('GPU', 0.0):g} GPUs" for node in _nodes()]
    return f"an actor wants {cpus:g} cores and {gpus:g} GPUs, and nodes hold {', '.join(nodes) or 'nothing'}"


def _nodes() -> list[Mapping[str, float]]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]

"""Runs on Ray clusters of this machine, in a process of its own: actors and nodes are lost while it looks on."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster
from ray_driver import PAUSE, events_of, rows

from seewhy.runs.events import Advanced, Event, Noted
from seewhy.runs.runner_plan import RunnerPlan


def actors() -> list[int]:
    """Processes of block actors that are there."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if words.startswith(b"ray::BlockActor"):
                found.append(int(folder.name))
    return sorted(found)


def watched(events: Iterator[Event], deeds: dict[int, Callable[[], object]]) -> dict[str, object]:
    """What a run says; `deeds` are done once so many blocks are done, a little later: in the middle of others."""
    blocks, notes, error, began = 0, list[str](), "", time.monotonic()
    most = 0
    try:
        for event in events:
            most = max(most, len(actors()))
            if isinstance(event, Noted):
                notes.append(event.text)
            if isinstance(event, Advanced) and event.count:
                blocks += 1
                if blocks in deeds:
                    threading.Timer(PAUSE, deeds[blocks]).start()
    except (ValueError, RuntimeError) as fault:
        error = f"{type(fault).__module__}.{type(fault).__qualname__}: {fault}"
    return {"blocks": blocks, "notes": notes, "error": error, "seconds": time.monotonic() - began, "actors": most}


def kill_one() -> None:
    os.kill(actors()[-1], signal.SIGKILL)


def story(folder: Path) -> dict[str, object]:
    """Everything that is told, by name."""
    told: dict[str, Any] = {}
    whole = folder / "whole"
    told["whole"] = {**watched(events_of(whole, RunnerPlan()), {}), "rows": rows(whole)}
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    second = cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    plan = RunnerPlan(kind="ray", address=cluster.address)

    def tell(name: str, deeds: dict[int, Callable[[], object]], plan: RunnerPlan = plan, **fields: Any) -> None:
        root = folder / name
        told[name] = {**watched(events_of(root, plan, **fields), deeds), "rows": rows(root)}

    tell("two nodes", {})
    tell("killed", {2: kill_one})
    tell("mistaken", {}, fails_at=21)
    tell("deadly", {}, stage="Deadly")
    told["deadly"]["then"] = {
        **watched(events_of(folder / "deadly", RunnerPlan()), {}),
        "rows": rows(folder / "deadly"),
    }
    tell("one actor", {}, RunnerPlan(kind="ray", address=cluster.address, least=0, most=1))
    tell("no room", {}, RunnerPlan(kind="ray", address=cluster.address, cpus=64, patience_s=3.0))
    tell("removed", {2: lambda: cluster.remove_node(second, allow_graceful=False)})
    cluster.shutdown()
    return told


if __name__ == "__main__":
    (Path(sys.argv[1]) / "told.json").write_text(json.dumps(story(Path(sys.argv[1])), indent=1))

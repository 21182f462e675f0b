"""Row stages on Ray beside the local runner: what the pool costs with one actor, and what a second one brings.

Blocks wait a fixed time, as for a GPU, so that other work on the machine's cores does not decide; rows are compared.
Runs are interleaved on one cluster of this machine: the local runner, one actor, two actors, and again. Seconds are
counted from the first block that is done to the last; what opening takes (a cluster is joined, actors load seewhy and
open the run) is told apart. Goals: one actor at most 1.10 times the local runner, two at least 1.7 times one.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "runs"))
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from stopped_step import COMMAND, steps_of

from seewhy.records.lineage import hash_directory
from seewhy.runs.events import Advanced
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.runner import run_recipe
from seewhy.runs.runner_plan import RunnerPlan

SIDES = {
    "local": RunnerPlan(),
    "one actor": RunnerPlan(kind="ray", address="local", most=1),
    "two actors": RunnerPlan(kind="ray", address="local", least=2, most=2),
}


def measure(plan, root, asked):
    """Blocks a second once the first is done, seconds to that first one, and the hash of the rows."""
    fields = {"per_shard": 1, "pause": asked.seconds, "size": 1}
    recipe, _ = build_recipe(steps_of(root, asked.blocks, **fields), "teach.yaml")
    began, done = time.perf_counter(), []
    for event in run_recipe(root, recipe, Machine(runner=plan), Extent(), COMMAND):
        if isinstance(event, Advanced) and event.count:
            done.append(time.perf_counter())
    return (len(done) - 1) / (done[-1] - done[0]), done[0] - began, hash_directory(root / "teach")


def main():
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--blocks", type=int, default=40)
    made.add_argument("--seconds", type=float, default=0.5, help="of a block")
    made.add_argument("--rounds", type=int, default=3)
    asked = made.parse_args()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    found = {name: [] for name in SIDES}
    with tempfile.TemporaryDirectory() as place:
        for number in range(asked.rounds):
            for name, plan in SIDES.items():
                found[name].append(measure(plan, Path(place) / f"{name} {number}", asked))
                rate, opening, _ = found[name][-1]
                load = os.getloadavg()[0]
                print(f"{name}: {rate:.3f} blocks/s, first after {opening:.1f} s, load {load:.1f}", flush=True)
    rates = {name: median(rate for rate, _, _ in rounds) for name, rounds in found.items()}
    print(f"one actor takes {rates['local'] / rates['one actor']:.3f} times the local runner's time a block")
    print(f"two actors make {rates['two actors'] / rates['one actor']:.2f} times the blocks of one")
    print(f"rows are the same: {len({rows for rounds in found.values() for _, _, rows in rounds}) == 1}")


if __name__ == "__main__":
    main()

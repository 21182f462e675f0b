"""Training on several processes of one thread beside one: the group step as copies (DDP) and sharded (FSDP2).

A net of the shape of a small LLaVA, random weights, pairs about pictures; gloo on this machine. Runs are interleaved:
one process, two copies, two shards, and again; figures are medians of steps, and of rounds. Goals: two copies at least
1.7 times one process, two shards 1.4 times; weights and moments of a process at most 0.6 of one process's. Where fewer
cores are free than there are processes, wall time says nothing: the processor time of the busiest process is the bound
that it would have.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "training"))

import torch
from small_hub import asked_in
from tiny_trainable import pair

from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import Geometry, make_net, make_processor, make_tokenizer
from seewhy.objectives.dpo import DPO
from seewhy.training.fit import fit_pairs
from seewhy.training.parallel.plan import ShardPlan
from seewhy.training.parallel.ranks import join, leave, ranks_here
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

MIB = 2**20
SIDES = {
    "one process": (1, ShardPlan(kind="copies")),
    "two copies": (2, ShardPlan(kind="copies")),
    "two shards": (2, ShardPlan(kind="sharded")),
    "two shards, a layer gathered once": (2, ShardPlan(kind="sharded", reshard=False)),
}


def model_of(width, layers):
    tokenizer = make_tokenizer(["What is the sum of row 1? ### Answer: 16"] * 40, vocabulary=2048)
    torch.manual_seed(0)
    net = make_net(tokenizer, geometry=Geometry(width=width, layers=layers))
    return HubModel(net, make_processor(tokenizer), "bench")


def train(directory, shard, asked):
    """Steps of a run; the first is not counted."""
    model = model_of(asked.width, asked.layers)
    questions = asked_in(directory, asked.questions)
    words = "the digits of the row are read one by one and added up "
    pairs = [
        pair(f"q{n}", words * 3 + str(n), words * 2 + str(n + k)) for n in range(asked.questions) for k in (1, 2, 3)
    ]
    plan = FitPlan(
        learning_rate=1e-5, batch_size=3 * asked.questions, epochs=asked.steps + 1, row_tokens=1024, save_every=1000
    )
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, questions, plan))
    place = Path(tempfile.mkdtemp(dir=directory)) if ranks_here().is_alone else directory / "together"
    seconds, cpu, began, worked = [], [], 0.0, 0.0
    for log in fit_pairs(model, DPO(), pairs, questions, store, plan, place, shard=shard):
        if log.step:
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - worked)
        held = held_mib(model)
        if log.step + 1 == asked.steps:
            break
        began, worked = time.perf_counter(), time.process_time()
    return {"seconds": statistics.median(seconds), "cpu": statistics.median(cpu), "held": held,
            "peak": log.terms.get("peak_mb", 0.0)}  # fmt: skip


def held_mib(model):
    """MiB of weights that this process holds; gradients and two moments lie as they do."""
    total = 0
    for parameter in model.net.parameters():
        local = parameter.to_local() if hasattr(parameter, "to_local") else parameter
        total += local.nbytes
    return total / MIB


def process(rank, size, port, directory, shard, asked, told):
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1",
                      MASTER_PORT=str(port))  # fmt: skip
    torch.set_num_threads(1)
    join()
    found = train(directory, shard, asked)
    told.put(found)
    leave()


def measure(size, shard, asked):
    context = get_context("spawn")
    directory = Path(tempfile.mkdtemp())
    asked_in(directory, asked.questions)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    told = context.Queue()
    processes = [
        context.Process(target=process, args=(rank, size, port, directory, shard, asked, told)) for rank in range(size)
    ]
    for each in processes:
        each.start()
    found = [told.get(timeout=600) for _ in processes]
    for each in processes:
        each.join()
    shutil.rmtree(directory)
    return {"seconds": max(one["seconds"] for one in found), "cpu": [one["cpu"] for one in found],
            "held": max(one["held"] for one in found), "peak": max(one["peak"] for one in found)}  # fmt: skip


def main():
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--width", type=int, default=256)
    made.add_argument("--layers", type=int, default=4)
    made.add_argument("--questions", type=int, default=6)
    made.add_argument("--steps", type=int, default=5)
    made.add_argument("--rounds", type=int, default=2)
    asked = made.parse_args()
    found = {name: [] for name in SIDES}
    for _ in range(asked.rounds):
        for name, (size, shard) in SIDES.items():
            found[name].append(measure(size, shard, asked))
            print(name, json.dumps(found[name][-1]), f"load {os.getloadavg()[0]:.1f}", flush=True)
    best = {name: statistics.median(one["seconds"] for one in rounds) for name, rounds in found.items()}
    busiest = {name: statistics.median(max(one["cpu"]) for one in rounds) for name, rounds in found.items()}
    for name in SIDES:
        print(
            f"{name}: {best['one process'] / best[name]:.2f} times one process by the clock, "
            f"{busiest['one process'] / busiest[name]:.2f} by processor time of the busiest process, "
            f"weights {found[name][0]['held'] / found['one process'][0]['held']:.2f}"
        )


if __name__ == "__main__":
    main()

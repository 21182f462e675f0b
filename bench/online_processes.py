"""How far online training on two processes is from one: GRPO with a reference, and PPO with a critic of its own.

The tiny net of the tests with random weights and pictures of noise, over gloo on this machine. Told are the largest
differences over rounds and rows; rollouts and rewards are compared to the token.
"""

import argparse
import os
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "training"))

import torch
from safetensors.torch import load_file
from several import free_port
from small_hub import base_in
from test_shared_rounds import run, steps_in

from seewhy.records.rollouts import RewardRow, TrainedRollout
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain
from seewhy.training.online.draw import CHAINS, REWARDS, TRAINED, folder_of
from seewhy.training.parallel.ranks import join, leave

KINDS = {"grpo": "grpo", "ppo": "longer"}


def work(rank, size, port, directory, name, kind):
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1",
                      MASTER_PORT=str(port))  # fmt: skip
    torch.set_num_threads(1)
    join()
    run(directory, name, kind)
    leave()


def launched(size, directory, name, kind):
    port, spawn = free_port(), get_context("spawn")
    processes = [spawn.Process(target=work, args=(rank, size, port, directory, name, kind)) for rank in range(size)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0


def rows_of(place, part, record):
    return [row for log in steps_in(place) for row in read_rows(folder_of(place, log.step) / part, record)]


def gap(ones, others):
    return max((abs(a - b) for a, b in zip(ones, others, strict=True)), default=0.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp())
    base_in(directory)
    print("| objective | rounds | rollouts | other rollouts | other rewards | loss | advantage | weight, mean |")
    print("|---|---|---|---|---|---|---|---|")
    for name, kind in KINDS.items():
        launched(1, directory, f"{name}-1", kind)
        launched(asked.processes, directory, f"{name}-n", kind)
        places = [directory / f"{name}-1", directory / f"{name}-n"]
        chains = [[(c.question_id, c.index, c.token_ids) for c in rows_of(place, CHAINS, Chain)] for place in places]
        rewards = [rows_of(place, REWARDS, RewardRow) for place in places]
        kept = [rows_of(place, TRAINED, TrainedRollout) for place in places]
        losses = gap(*([log.loss for log in steps_in(place)] for place in places))
        found = gap(*([value for row in rows for value in row.advantages] for rows in kept))
        a, b = (load_file(place / "model" / "model.safetensors") for place in places)
        moved = max(float((a[key] - b[key]).abs().mean()) for key in a if not key.endswith("k_proj.bias"))
        others = [sum(one != two for one, two in zip(*sides, strict=True)) for sides in (chains, rewards)]
        print(f"| {name} | {len(steps_in(places[0]))} | {len(chains[0])} | {others[0]} | {others[1]} | {losses:.1e} "
              f"| {found:.1e} | {moved:.1e} |")  # fmt: skip


if __name__ == "__main__":
    main()

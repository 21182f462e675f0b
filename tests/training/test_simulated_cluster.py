"""The simulation behind the costs of `docs/scale.md`, by hand-worked values."""

import importlib.util
import math
import random
import sys
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location(
    "simulate_cluster", Path(__file__).parents[2] / "bench" / "simulate_cluster.py"
)
assert SPEC
LOADER = SPEC.loader
SIMULATED = importlib.util.module_from_spec(SPEC)


@pytest.fixture(autouse=True, scope="module")
def loaded() -> None:
    sys.modules["simulate_cluster"] = SIMULATED
    assert LOADER
    LOADER.exec_module(SIMULATED)


def test_blocks_wait_for_gpus_then_for_storage() -> None:
    """4 blocks of 10 s on 2 GPUs take 20 s.

    Read for 6 s each from one storage, they are ready at 6, 12, 22 (GPU 0 is free at 16) and 28 (GPU 1 at 22), so done
    at 16, 22, 32 and 38.
    """
    assert SIMULATED.blocks_seconds(2, 4, 10.0, 0.0) == 20.0
    assert SIMULATED.blocks_seconds(2, 4, 10.0, 6.0) == 38.0


def test_a_lost_block_is_taken_again() -> None:
    """GPU 0 fails at 5 and is back at 8: blocks end at 10 and 20 on GPU 1, at 18 and 28 on GPU 0."""
    assert SIMULATED.blocks_seconds(2, 4, 10.0, 0.0, [(5.0, 0)], 3.0) == 28.0


def test_a_training_goes_on_from_its_checkpoint() -> None:
    """Steps of 10 s, checkpoints of 2 s every 3: 32, 64. A failure at 47 and 5 s of restart: 52 + 32 = 84."""
    assert SIMULATED.training_seconds(6, 10.0, 3, 2.0, iter([])) == 64.0
    assert SIMULATED.training_seconds(6, 10.0, 3, 2.0, iter([47.0]), 5.0) == 84.0
    # One while it restarts changes nothing.
    assert SIMULATED.training_seconds(6, 10.0, 3, 2.0, iter([47.0, 50.0]), 5.0) == 84.0


def test_simulated_time_without_failures_is_the_arithmetic_and_failures_cost_what_theory_says() -> None:
    """Segments of 100 s, a failure each 2,000 s in the mean, restart r = 10 s: (1/f + r)(e^(100 f) - 1) a segment."""
    rate = 1 / 2000
    expected = (1 / rate + 10) * math.expm1(100 * rate) * 200
    told = []
    for seed in range(40):
        rng, now, times = random.Random(seed), 0.0, []
        while now < 100_000:
            now += rng.expovariate(rate)
            times.append(now)
        told.append(SIMULATED.training_seconds(200, 100.0, 1, 0.0, iter(times), 10.0))
    assert sum(told) / len(told) == pytest.approx(expected, rel=0.01)


def test_what_bounds_a_step_changes_with_the_number_of_gpus() -> None:
    """256 pairs a step: of 512 GPUs half have none, so a step takes as long as on 256, and sending bounds it."""
    small = SIMULATED.Training(name="", pairs=1000, weights=8e9, prompt=2000, replies=400)
    assert small.steps == 4
    assert small.step_flops == 8 * 8e9 * 2400 * 256
    computing, sending = small.step_seconds(8)
    assert computing == pytest.approx(8 * 8e9 * 2400 * 32 / (989e12 * 0.4))
    assert sending == pytest.approx(48e9 * 7 / 8 / 50e9)
    assert small.bound(8) == "computing"
    assert small.step_seconds(512)[0] == small.step_seconds(256)[0]

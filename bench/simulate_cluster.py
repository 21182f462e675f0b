"""What large runs cost, and what bounds them at 8, 64 and 512 GPUs: arithmetic, checked by a discrete-event simulation.

    python bench/simulate_cluster.py

Every rate is an assumption with its name below, none is measured on a GPU; `docs/scale.md` holds the table.
"""

import heapq
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PEAK = 989e12
"""FLOP/s of an H100 in bf16, dense (NVIDIA's data sheet)."""
USE = 0.40
"""Share of it that training is to reach (a goal, not a measurement)."""
LINK = 50e9
"""Bytes/s a GPU sends between machines (400 Gbit/s)."""
MEMORY = 80e9
"""Bytes of a GPU."""
PRICE = 2.5
"""Dollars a GPU hour."""
TOKEN_PRICES = (2.5e-6, 10e-6)
"""Dollars a token of a teacher behind a server, read and written."""
LIFE = 50_000 * 3600.0
"""Seconds between failures of one GPU with its share of a machine (Llama 3, arXiv 2407.21783, table 5: 419 failures of
16,384 GPUs in 54 days are one in 50,670 GPU hours)."""
RESTART = 600.0
"""Seconds from a failure until a training goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Pairs trained on once by a model of all its weights."""

    name: str
    pairs: int
    weights: float
    prompt: int
    """Tokens of a prompt with its pictures, once a pair."""
    replies: int
    """Tokens of both replies."""
    batch: int = 256

    @property
    def step_flops(self) -> float:
        """Of a step and its reference rows: 6 and 2 a weight and token (arXiv 2001.08361, section 2.1)."""
        return 8 * self.weights * (self.prompt + self.replies) * self.batch

    @property
    def steps(self) -> int:
        """Updates."""
        return math.ceil(self.pairs / self.batch)

    def step_seconds(self, gpus: int) -> tuple[float, float]:
        """Of computing, where a GPU without a pair waits; of sending shards: gathered twice, added up once in bf16."""
        used = self.batch / math.ceil(self.batch / gpus)
        sent = 3 * 2 * self.weights * (gpus - 1) / gpus / LINK
        return self.step_flops / used / (PEAK * USE), sent

    def bound(self, gpus: int) -> str:
        """What bounds a step: sending overlaps with computing."""
        computing, sending = self.step_seconds(gpus)
        if sending > computing:
            return "sending shards"
        return "pairs a step" if gpus > self.batch else "computing"


def blocks_seconds(
    gpus: int,
    blocks: int,
    compute: float,
    read: float,
    failures: Sequence[tuple[float, int]] = (),
    back: float = RESTART,
) -> float:
    """When the last of equal blocks is done that GPUs take one by one; each is read from one storage, then computed.

    A failure (time, GPU) loses the block that the GPU is at; it is taken again by whoever is free first, and the GPU is
    back after `back` seconds.
    """
    free = [(0.0, gpu) for gpu in range(gpus)]
    heapq.heapify(free)
    lost = sorted(failures)
    storage, left, end = 0.0, blocks, 0.0
    while left:
        now, gpu = heapq.heappop(free)
        begun = max(now, storage)
        storage = begun + read
        done = storage + compute
        hit = next((one for one in lost if one[1] == gpu and now <= one[0] < done), None)
        if hit is None:
            left, end = left - 1, max(end, done)
            heapq.heappush(free, (done, gpu))
        else:
            lost.remove(hit)
            heapq.heappush(free, (hit[0] + back, gpu))
    return end


def training_seconds(
    steps: int, step: float, every: int, save: float, failures: Iterator[float], back: float = RESTART
) -> float:
    """When the last step is done; a checkpoint of `save` seconds every so many, from which a failure goes on."""
    now, taken, failure = 0.0, 0, next(failures, math.inf)
    while taken < steps:
        size = min(every, steps - taken)
        done = now + size * step + save
        if failure < done:
            now = failure + back
            failure = next((at for at in failures if at > now), math.inf)
        else:
            now, taken = done, taken + size
    return now


def failing(gpus: int, seed: int) -> Iterator[float]:
    """Times of failures of a job that any of its GPUs stops."""
    rng, now = random.Random(f"failures/{seed}"), 0.0
    while True:
        now += rng.expovariate(gpus / LIFE)
        yield now


TRAININGS = (
    Training(name="65 k pairs, 8B (LLaVA-Reasoner)", pairs=65_000, weights=8e9, prompt=2_900, replies=180),
    Training(name="3 M pairs, 8B (MMPR)", pairs=3_000_000, weights=8e9, prompt=1_900, replies=600),
    Training(name="3 M pairs, 76B (MMPR)", pairs=3_000_000, weights=76e9, prompt=1_900, replies=600),
)


def distilling(questions: int = 193_000, read: int = 965, written: int = 150) -> str:
    """Tokens and money of rationales from a teacher behind a server: prompts of a picture (765) and 200 of text."""
    money = questions * (read * TOKEN_PRICES[0] + written * TOKEN_PRICES[1])
    return (f"193 k distillations: {questions * read / 1e6:.0f} M tokens read, {questions * written / 1e6:.0f} M "
            f"written, {money:,.0f} dollars, {questions * 4 * written / 1e9:.2f} GB of text")  # fmt: skip


def main() -> None:
    """Prints the costs."""
    print(distilling())
    for training in TRAININGS:
        print(f"{training.name}: {16 * training.weights / 1e12:.2f} TB of weights, gradients and moments")
        for gpus in (8, 64, 512):
            held = 16 * training.weights / gpus
            if held > MEMORY:
                print(f"  {gpus:4d} GPUs: too few, with {held / 1e9:.0f} GB of these on each")
                continue
            plain = training.steps * max(training.step_seconds(gpus))
            save = 12 * training.weights / (gpus * 1e9)
            step = plain / training.steps
            told = [training_seconds(training.steps, step, 100, save, failing(gpus, seed)) for seed in range(20)]
            hours = sum(told) / len(told) / 3600
            print(
                f"  {gpus:4d} GPUs: {plain / 3600:6.1f} h by arithmetic, {hours:6.1f} h simulated with failures, "
                f"{hours * gpus:7,.0f} GPU hours, {hours * gpus * PRICE:8,.0f} dollars; bound by {training.bound(gpus)}"
            )


if __name__ == "__main__":
    main()

"""What the probe of a training costs: processor seconds of a step with and without one, on the shipped model.

Fine-tuning as in the default run, batches of 32 lessons of the oracle, probes of eight prompts. The first step is left
out of the medians, and told apart as the start, whose replies are drawn and scored before it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from seewhy.benchmarks import inkgrid
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.weights import SHIPPED
from seewhy.objectives.sft import SFT
from seewhy.recipes.inkgrid import recipe
from seewhy.records.types import Lesson, Response, Split, StepLog, Style
from seewhy.testing.oracle import Oracle
from seewhy.training.fit import fit_lessons
from seewhy.training.monitor.plan import GuardPlan


def timed(logs: Iterator[StepLog]) -> Iterator[tuple[StepLog, float]]:
    """Each step with the processor seconds that it took."""
    began = time.process_time()
    for log in logs:
        yield log, time.process_time() - began
        began = time.process_time()


def main() -> None:
    """Train some steps and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--every", type=int, default=4)
    words = parser.parse_args()
    torch.set_num_threads(1)
    plans = recipe()
    with tempfile.TemporaryDirectory() as place:
        asked = list(inkgrid.load(Path(place), Split.TRAIN, count=words.steps * 32))
        asks = [GenerateRequest(question=question, style=Style.REASON) for question in asked]
        lessons = [
            Lesson(question_id=row.question_id, style=row.style, response=Response(text=row.text), source="oracle")
            for (row,) in Oracle(terse_rate=plans.distil.terse_rate).generate(asks, SamplingParams())
        ]
        guard = GuardPlan(probe_every=words.every)
        model = HubModel.load(SHIPPED)
        steps = list(timed(fit_lessons(model, SFT(), lessons, asked, plans.sft, Path(place) / "run", guard)))
    # Checkpoints fall on probed steps or not, as it happens: they are left out.
    plain = [
        (log, cost) for log, cost in steps[1:] if (log.step + 1) % plans.sft.save_every and log.step + 1 < len(steps)
    ]
    step = statistics.median(cost for log, cost in plain if "kl_from_start" not in log.terms)
    probe = statistics.median(cost for log, cost in plain if "kl_from_start" in log.terms) - step
    start = steps[0][1] - step
    print(f"step {step:.3f} s, probe {probe:.3f} s, start {start:.3f} s (of processor time, one thread)")
    for count in (104, 190):
        print(f"a run of {count} steps with four probes: {(start + 4 * probe) / (count * step):.1%} more")


if __name__ == "__main__":
    main()

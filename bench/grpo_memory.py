"""Peak memory of a GRPO update on a group of k rollouts beside TRL's GRPOTrainer, each side in a fresh process.

What is measured is told in memory.py: "step" is the high-water mark of an update less what is resident before it. Goal:
at most half of TRL's and of separate rows', both sides without gradient checkpointing and both with it. Linux only.
"""

import json
import tempfile

import torch
from dpo_sides import TRL_SHORT
from grpo_sides import CHECKPOINTS, TRL, Way, makers
from memory import compare, finished, measure
from tiny_llava import parser
from transformers.utils import logging

SIDES = (TRL, TRL_SHORT, CHECKPOINTS, *(way.value for way in Way))


def child(side: str, rollouts: int) -> None:
    """Prints the figures of one side as the last line."""
    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        made = makers(rollouts, folder)[side]()
        print(json.dumps(measure(lambda: finished(made))))


def main() -> None:
    made = parser(__doc__, runs=1)
    made.add_argument("--rollouts", type=int, default=8, help="rollouts a question, even")
    made.add_argument("--side", choices=SIDES, help="measure one side in this process, which must be a fresh one")
    asked = made.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.side:
        child(asked.side, asked.rollouts)
        return
    print(f"one update on {asked.rollouts} rollouts of one question, MiB")
    line = [__file__, "--threads", str(asked.threads), "--rollouts", str(asked.rollouts)]
    step = compare(line, SIDES, asked.runs, Way.PACKED.value)
    for side in (CHECKPOINTS, Way.SEPARATE_AGAIN.value):
        print(f"both with checkpointing, against {side}: {step[Way.AGAIN.value] / step[side]:.2f}")


if __name__ == "__main__":
    main()

"""Peak memory of a DPO step at 3 pairs a question beside TRL's DPOTrainer, each side in a fresh process.

A child builds one side and takes one step, which leaves weights of policy and reference, the batch and AdamW's moments
in memory; it hands freed memory back to the kernel and resets the kernel's high-water mark of resident memory
(/proc/self/clear_refs), and the resident size now is the base. Then it takes one more step. "step" is the mark after it
less the base: activations, gradients, logits and what else the step holds at its fullest. "whole" is the mark itself,
libraries and weights included. Goal: seewhy's "step" is at most half of TRL's; the ratio is seewhy's to TRL's,
both without gradient checkpointing. TRL's default, checkpointing, is shown as well. Linux only.
"""

import ctypes
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from dpo_sides import TRL, TRL_SHORT, Ours, Theirs, Tower, make_groups, make_rows
from tiny_llava import make_net, make_processor, of_length, parser
from transformers.utils import logging

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_MARK = "5"
TRL_CHECKPOINTS = "TRL, checkpointing"
SIDES = (TRL, TRL_SHORT, TRL_CHECKPOINTS, Tower.EACH_STEP.value)


def resident(name: str) -> float:
    """MiB of VmRSS (now) or VmHWM (the most since the mark was reset)."""
    found = re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text())
    if found is None:
        raise SystemExit(f"{STATUS} has no {name}: this bench needs Linux")
    return int(found[1]) / 1024


def measure(step: Callable[[], float]) -> dict[str, float]:
    """Base and high-water mark of a step, in MiB."""
    step()
    ctypes.CDLL(None).malloc_trim(0)
    CLEAR.write_text(RESET_MARK)
    base = resident("VmRSS")
    step()
    whole = resident("VmHWM")
    return {"base": base, "whole": whole, "step": whole - base}


def child(side: str, questions: int, pairs: int, prompt: int) -> None:
    """Prints the figures of one side as the last line."""
    logging.set_verbosity_error()
    geometry = of_length(prompt)
    processor = make_processor(geometry)
    net = make_net(processor.tokenizer, geometry)
    rows = make_rows(questions, pairs, geometry)
    with tempfile.TemporaryDirectory() as folder:
        if side == Tower.EACH_STEP.value:
            made = Ours(net, make_groups(rows, processor, pairs))
        else:
            kinds = {"short_head": side != TRL, "checkpointing": side == TRL_CHECKPOINTS}
            made = Theirs(net, rows, processor, folder, **kinds)
        del net
        figures = measure(lambda: finished(made))
    print(json.dumps(figures))


def finished(side: Ours | Theirs) -> float:
    """A step, after which gradients are dropped: they are no part of the base."""
    loss = side.step()
    side.optimizer.zero_grad(set_to_none=True)
    return loss


def output(line: list[str]) -> str:
    """What a child prints."""
    return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout


def compare(line: Sequence[str], sides: Sequence[str], runs: int, ours: str) -> dict[str, float]:
    """MiB of a step of each side, and lines about them; each is measured by `line` in a process of its own."""
    found: dict[str, float] = {}
    for side in sides:
        figures = [json.loads(output([sys.executable, *line, "--side", side]).splitlines()[-1]) for _ in range(runs)]
        median = {name: statistics.median(each[name] for each in figures) for name in figures[0]}
        found[side] = median["step"]
        print(f"  {side:30} step {median['step']:8.0f}   base {median['base']:8.0f}   whole {median['whole']:8.0f}",
              flush=True)  # fmt: skip
    print(f"against TRL with its head as on a GPU: {found[ours] / found[TRL_SHORT]:.2f}")
    print(f"ratio: {found[ours] / found[sides[0]]:.2f}")
    return found


def main() -> None:
    made = parser(__doc__, runs=1)
    made.add_argument("--pairs", type=int, default=3, help="pairs a question")
    made.add_argument("--questions", type=int, default=2, help="questions a step")
    made.add_argument("--prompt", type=int, default=608, help="tokens of the prompt, picture included")
    made.add_argument("--side", choices=SIDES, help="measure one side in this process, which must be a fresh one")
    asked = made.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.side:
        child(asked.side, asked.questions, asked.pairs, asked.prompt)
        return
    print(f"{asked.pairs} pair(s) a question, {asked.questions} question(s) a step, {asked.prompt} prompt tokens, MiB")
    options = ["--threads", asked.threads, "--pairs", asked.pairs, "--questions", asked.questions]
    line = [__file__, *map(str, options), "--prompt", str(asked.prompt)]
    compare(line, SIDES, asked.runs, Tower.EACH_STEP.value)


if __name__ == "__main__":
    main()

"""Time and peak memory of the start-up comparison of packed and separate rows, at a net of 119 million weights.

The "step" of memory.py: the high-water mark of resident memory less what is resident before. The other side is one
forward and backward pass of the separate rows with the gradients of all weights. Each in a fresh process; Linux only.
"""

import json
import sys
import time

import torch
from dpo_sides import make_groups, make_rows
from memory import measure, output
from tiny_llava import Geometry, make_net, make_processor, parser
from transformers.utils import logging

from seewhy.model.packed.scores import separate_logps
from seewhy.model.packed.trials import check_paths

WIDE = Geometry(side=8, width=1024, layers=8)
CHECK, PASS = "comparison", "one pass, all gradients"


def child(side: str) -> None:
    """Prints the figures of one side as the last line."""
    logging.set_verbosity_error()
    processor = make_processor(WIDE)
    net = make_net(processor.tokenizer, WIDE)
    groups = make_groups(make_rows(1, 1, WIDE), processor, 1)
    seconds: list[float] = []

    def work() -> float:
        began = time.process_time()
        if side == CHECK:
            gap = check_paths(net, groups).gradient_gap
        else:
            total = torch.cat([row for rows in separate_logps(net, groups) for row in rows]).sum()
            gap = float(torch.autograd.grad(total, list(net.parameters()), materialize_grads=True)[0].sum())
        seconds.append(time.process_time() - began)
        return gap

    figures = measure(work)
    print(json.dumps({**figures, "seconds": min(seconds), "weights": sum(p.nbytes for p in net.parameters()) / 2**20}))


def main() -> None:
    made = parser(__doc__, runs=1)
    made.add_argument(
        "--side", choices=(CHECK, PASS), help="measure one side in this process, which must be a fresh one"
    )
    asked = made.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.side:
        child(asked.side)
        return
    for side in (CHECK, PASS):
        told = output([sys.executable, __file__, "--threads", str(asked.threads), "--side", side])
        found = json.loads(told.splitlines()[-1])
        print(
            f"{side:24} MiB {found['step']:8.0f}   weights {found['weights']:8.0f}   processor s {found['seconds']:.2f}"
        )


if __name__ == "__main__":
    main()

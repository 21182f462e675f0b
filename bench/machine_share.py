"""The share of the machine's own matmul rate that a DPO step of seewhy reaches, at growing widths.

useful operations of distinct tokens (flops.py tells the formula) / seconds of the step / rate of a large square matmul
of the same dtype, float32, measured between the steps. 576 picture tokens, 90-token responses, reference included.
Goal: at least 0.5 at the largest size, whose text layers are 1,024 wide; the smaller ones show what overheads cost.
"""

import statistics
import time

import torch
from dpo_sides import Ours, make_groups, make_rows
from flops import step_flops
from tiny_llava import Geometry, make_net, make_processor, parser, set_up

SIZES = ((256, 6), (512, 4), (1024, 4))
"""Width and layers."""
SQUARE = 2048


def timed(work) -> float:
    """Seconds of a call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    made = parser(__doc__, runs=4)
    made.add_argument("--pairs", type=int, default=3, help="pairs a question")
    made.add_argument("--questions", type=int, default=2, help="questions a step")
    asked = made.parse_args()
    set_up(asked.threads)
    square = torch.randn(SQUARE, SQUARE)
    print(f"{asked.pairs} pair(s) a question, {asked.questions} question(s) a step, medians of {asked.runs}")
    share = 0.0
    for width, layers in SIZES:
        geometry = Geometry(width=width, layers=layers)
        processor = make_processor(geometry)
        net = make_net(processor.tokenizer, geometry)
        ours = Ours(net, make_groups(make_rows(asked.questions, asked.pairs, geometry), processor, asked.pairs))
        work = step_flops(ours.policy, ours.groups)
        ours.step()
        steps, squares = [], []
        for _ in range(asked.runs):
            squares += [timed(lambda: square @ square) for _ in range(3)]
            steps.append(timed(ours.step))
        rate = 2 * SQUARE**3 / min(squares)
        reached = work / statistics.median(steps)
        share = reached / rate
        print(f"  width {width:5}, {layers} layers   {work / 1e9:8.1f} GFLOP a step   {reached / 1e9:7.1f} GFLOP/s   "
              f"matmul {rate / 1e9:7.1f} GFLOP/s   share {share:.2f}")  # fmt: skip
    print(f"ratio: {share:.2f}")


if __name__ == "__main__":
    main()

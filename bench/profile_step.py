"""Where the time of a DPO step of seewhy goes, by kind of operation, features of the frozen tower cached.

The geometry of dpo_step.py: 576 picture tokens, 90-token responses, toy widths, reference included. Each operation
counts what it takes itself, without those that it calls; what no operation takes (Python, autograd's book-keeping) is
the rest of the step's time. The last line is the share of matrix products and attention.
"""

import time
from collections import defaultdict

from dpo_sides import Ours, Tower, make_groups, make_rows
from tiny_llava import LLAVA, make_net, make_processor, parser, set_up
from torch.profiler import ProfilerActivity, profile

KINDS = {
    "matrix products": ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm", "aten::mkldnn_convolution"),
    "attention": ("aten::_scaled_dot_product_flash_attention_for_cpu",
                  "aten::_scaled_dot_product_flash_attention_for_cpu_backward"),
    "log-probabilities": ("aten::logsumexp", "aten::gather", "aten::exp", "aten::_softmax", "aten::_log_softmax",
                          "aten::scatter_add_", "aten::amax"),
    "optimiser": ("aten::_foreach_", "aten::_fused_", "aten::lerp_", "aten::addcmul_", "aten::addcdiv_", "aten::sqrt"),
    "copies": ("aten::copy_", "aten::cat", "aten::index", "aten::index_select", "aten::index_put_", "aten::clone",
               "aten::fill_", "aten::zero_", "aten::masked_scatter", "aten::index_add_"),
}  # fmt: skip
"""Beginnings of names; what is in none is called elementwise: norms, activations, rotary positions, sums."""
ELEMENTWISE = "elementwise"


def kind_of(name: str) -> str:
    """The kind of an operation."""
    return next((kind for kind, names in KINDS.items() if name.startswith(names)), ELEMENTWISE)


def main() -> None:
    made = parser(__doc__, runs=4)
    made.add_argument("--pairs", type=int, default=3, help="pairs a question")
    made.add_argument("--questions", type=int, default=2, help="questions a step")
    asked = made.parse_args()
    set_up(asked.threads)
    processor = make_processor(LLAVA)
    net = make_net(processor.tokenizer, LLAVA)
    rows = make_rows(asked.questions, asked.pairs, LLAVA)
    ours = Ours(net, make_groups(rows, processor, asked.pairs), Tower.CACHED)
    for _ in range(2):
        ours.step()
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        began = time.perf_counter()
        for _ in range(asked.runs):
            ours.step()
        whole = (time.perf_counter() - began) / asked.runs
    times: dict[str, float] = defaultdict(float)
    for event in seen.key_averages():
        if event.key.startswith("aten::"):
            times[kind_of(event.key)] += event.self_cpu_time_total / 1e6 / asked.runs
    times["Python and the rest"] = max(0.0, whole - sum(times.values()))
    print(
        f"{asked.pairs} pair(s) a question, {asked.questions} question(s) a step: {1e3 * whole:.0f} ms a step, profiled"
    )
    for kind, seconds in sorted(times.items(), key=lambda pair: -pair[1]):
        print(f"  {kind:22}{1e3 * seconds:8.1f} ms   {100 * seconds / whole:5.1f} %")
    print(f"ratio: {(times['matrix products'] + times['attention']) / whole:.2f}")


if __name__ == "__main__":
    main()

"""Seconds a pair against the prompt's length and the responses of a group; a table and docs/images/growth.svg.

DPO steps over one question, reference included; all responses are distinct, two a pair. The picture is the largest
square that the prompt's length holds. TRL is measured at two responses, one pair, where its batch is smallest: it runs
each pair as two rows of its own, so that more pairs take it proportionally longer. Each cell is the median of its runs
after one that is not counted.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
from dpo_sides import TRL_SHORT, Ours, Theirs, make_groups, make_rows
from matplotlib.figure import Figure
from tiny_llava import make_net, make_processor, of_length, parser, set_up

PROMPTS = (200, 500, 1000, 2000, 4000)
RESPONSES = (2, 8, 32)
LINES = ("#1b6ca8", "#d1495b", "#3a7d44", "#7b4ea3", "#b8860b")
PLACE = Path(__file__).parents[1] / "docs" / "images" / "growth.svg"
Table = dict[tuple[int, int], float]
"""Seconds a pair by prompt length and responses; 0 responses is TRL at one pair."""


def per_pair(step: Callable[[], float], pairs: int, runs: int) -> float:
    """Median seconds."""
    step()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        step()
        taken.append((time.perf_counter() - began) / pairs)
    return statistics.median(taken)


def measure(asked: argparse.Namespace) -> Table:
    """Prints a line a prompt length."""
    found: Table = {}
    for prompt in asked.prompts:
        geometry = of_length(prompt)
        processor = make_processor(geometry)
        net = make_net(processor.tokenizer, geometry)
        rows = make_rows(1, 1, geometry)
        with tempfile.TemporaryDirectory() as folder:
            theirs = Theirs(net, rows, processor, folder, short_head=True)
            found[prompt, 0] = per_pair(theirs.step, 1, asked.runs)
        for responses in asked.responses:
            pairs = responses // 2
            ours = Ours(net, make_groups(make_rows(1, pairs, geometry), processor, pairs))
            found[prompt, responses] = per_pair(ours.step, pairs, asked.runs)
        cells = "".join(f"{found[prompt, responses]:12.3f}" for responses in (*asked.responses, 0))
        print(f"{prompt:12}{cells}", flush=True)
    return found


def draw(found: Table, asked: argparse.Namespace, place: Path) -> None:
    """Left against the prompt's length, right against the responses."""
    mpl.rcParams["svg.hashsalt"] = "seewhy"
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for responses, colour in zip((*asked.responses, 0), LINES, strict=False):
        label = f"seewhy, {responses} responses" if responses else TRL_SHORT
        heights = [found[prompt, responses] for prompt in asked.prompts]
        left.plot(asked.prompts, heights, "o-" if responses else "s--", color=colour, label=label)
    for prompt, colour in zip(asked.prompts, LINES, strict=False):
        heights = [found[prompt, responses] for responses in asked.responses]
        right.plot(asked.responses, heights, "o-", color=colour, label=f"prompt of {prompt:,} tokens")
    left.set(xlabel="tokens of the prompt", ylabel="seconds a pair", xscale="log", yscale="log")
    right.set(xlabel="responses a group", xscale="log", yscale="log")
    for axes, ticks in ((left, asked.prompts), (right, asked.responses)):
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
        axes.grid(color="#e0e0e0", lw=0.6)
        axes.legend(frameon=False, fontsize=8)
    place.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(place, metadata={"Date": None})


def main() -> None:
    made = parser(__doc__, runs=1)
    made.add_argument("--prompts", type=int, nargs="+", default=PROMPTS, help="tokens of the prompt")
    made.add_argument("--responses", type=int, nargs="+", default=RESPONSES, help="responses a group, even")
    made.add_argument("--plot", type=Path, default=PLACE, help="where the plot goes, .svg or .png")
    asked = made.parse_args()
    set_up(asked.threads)
    print("seconds a pair\n" + "prompt".rjust(12) + "".join(f"{n} responses".rjust(12) for n in asked.responses)
          + "TRL, 1 pair".rjust(12))  # fmt: skip
    found = measure(asked)
    draw(found, asked, asked.plot)
    longest, most = asked.prompts[-1], asked.responses[-1]
    print(f"TRL's seconds a pair to seewhy's at {longest} prompt tokens and {most} responses, the plot: {asked.plot}")
    print(f"ratio: {found[longest, 0] / found[longest, most]:.2f}")


if __name__ == "__main__":
    main()

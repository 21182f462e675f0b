"""Seconds of one core for 24 short replies and one long one to a prompt: padded in one row, as they are run, and apart.

Forward and backward pass over a tiny LLaVA; each number is the least of its runs.
"""

import time
from collections.abc import Callable

import torch
from tiny_llava import make_net, make_processor

from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.scores import one_row_logps, packed_logps

PROMPT, SHORT, LONG, COUNT, RUNS = 600, 20, 1000, 24, 1


def replies(*lengths: int) -> tuple[tuple[int, ...], ...]:
    """Token ids that no two replies share."""
    drawn = torch.Generator().manual_seed(0)
    return tuple(tuple(torch.randint(10, 250, (length,), generator=drawn).tolist()) for length in lengths)


def seconds(run: Callable[[], list[list[torch.Tensor]]]) -> float:
    """Least time of a forward and a backward pass."""
    taken = []
    for _ in range(RUNS):
        began = time.process_time()
        torch.cat([row for rows in run() for row in rows]).sum().backward()
        taken.append(time.process_time() - began)
    return min(taken)


def main() -> None:
    """Print a line a way."""
    torch.set_num_threads(1)
    net = make_net(make_processor().tokenizer)
    prompt = Prompt(ids=replies(PROMPT)[0], pictures={})
    uneven = Group(prompt=prompt, responses=replies(*[SHORT] * COUNT, LONG))
    parts = [Group(prompt=prompt, responses=rows) for rows in (uneven.responses[:-1], uneven.responses[-1:])]
    alone = [Group(prompt=prompt, responses=(row,)) for row in uneven.responses]
    ways = {
        "in one row, padded": lambda: one_row_logps(net, [uneven]),
        "as they are run": lambda: packed_logps(net, [uneven]),
        "short ones in a row, the long one in another": lambda: [one_row_logps(net, [part])[0] for part in parts],
        "each alone": lambda: [one_row_logps(net, [group])[0] for group in alone],
    }
    for name, run in ways.items():
        print(f"{seconds(run):6.2f} s  {name}")


if __name__ == "__main__":
    main()

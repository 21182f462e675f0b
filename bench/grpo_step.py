"""One update of GRPO over a group of k rollouts: seewhy beside TRL's GRPOTrainer and beside separate rows.

What the sides compute is told in grpo_sides.py. Goal: at least 3 times the rollouts a second at k = 8 and 4 times at
k = 16, at 576 picture tokens, with the same losses.
"""

import tempfile
from collections.abc import Mapping

from grpo_sides import TRL, Ours, Theirs, Way, makers
from tiny_llava import add_clock, in_turns, parser, set_up

TOLERANCE = 1e-5
UPDATES = 2


def check_losses(sides: Mapping[str, Ours | Theirs]) -> None:
    """All sides must have the same loss before each of the first updates; its ratios are 1 before the first alone."""
    for update in range(UPDATES):
        losses = {name: side.step() for name, side in sides.items()}
        print(f"loss after {update} update(s): " + ", ".join(f"{name} {loss:.6f}" for name, loss in losses.items()))
        if any(not abs(loss - losses[TRL]) <= TOLERANCE for loss in losses.values()):
            raise SystemExit(f"the losses differ by more than {TOLERANCE}: the sides do not compute the same update")


def main() -> None:
    made = parser(__doc__, runs=5)
    made.add_argument("--rollouts", type=int, default=8, help="rollouts a question, even")
    add_clock(made)
    asked = made.parse_args()
    set_up(asked.threads)
    with tempfile.TemporaryDirectory() as folder:
        sides = {name: make() for name, make in makers(asked.rollouts, folder).items()}
        check_losses(sides)
        rates = in_turns({name: side.step for name, side in sides.items()}, asked.runs, asked.rollouts, asked.clock)
    print(f"\n{asked.rollouts} rollouts a question, medians of {asked.runs}")
    for name, rate in rates.items():
        ours = ", ".join(f"{way.value} {rates[way.value] / rate:5.2f} x" for way in (Way.PACKED, Way.KEPT))
        print(f"  {name:28} {rate:8.2f} rollouts/s   {ours}")
    print(f"ratio: {rates[Way.PACKED.value] / rates[TRL]:.2f}")


if __name__ == "__main__":
    main()

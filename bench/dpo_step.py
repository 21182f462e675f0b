"""A whole DPO step beside TRL's DPOTrainer: same net, same pairs, reference included, pairs a second.

What both sides compute is told in dpo_sides.py. Goals: 2.0 times TRL at 1 pair a question, 4.5 at 3 pairs, 5.0 with the
frozen tower's features cached. TRL runs the reference within the step, for it precomputes none for pictures; so does
seewhy here, though its own training looks reference log-probabilities up. The frozen tower's features are the same for
policy and reference: seewhy makes them once a step, the line "tower in each pass" shows the same without that, and
the line "tower cached" shows it with features that are kept from an earlier step.
"""

from dpo_sides import compare, print_ratios
from tiny_llava import LLAVA, add_clock, parser, set_up


def main() -> None:
    made = parser(__doc__, runs=3)
    made.add_argument("--pairs", type=int, help="pairs a question; left out: 1 and 3")
    made.add_argument("--questions", type=int, default=2, help="questions a step")
    add_clock(made)
    asked = made.parse_args()
    set_up(asked.threads)
    for pairs in (asked.pairs,) if asked.pairs else (1, 3):
        print_ratios(compare(LLAVA, pairs, asked))


if __name__ == "__main__":
    main()

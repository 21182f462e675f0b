"""An MPO step beside a DPO step of seewhy: same net, same pairs, one forward each, so MPO's extra terms cost nothing.

Goal: an MPO step takes at most 1.05 of a DPO step's time. Steps are taken in turns; the ratio is of medians.
"""

from dpo_sides import OBJECTIVE, Ours, make_groups, make_rows
from tiny_llava import LLAVA, add_clock, in_turns, make_net, make_processor, parser, set_up

from seewhy.objectives.mpo import MPO


def main() -> None:
    made = parser(__doc__, runs=15)
    made.add_argument("--pairs", type=int, default=3, help="pairs a question")
    made.add_argument("--questions", type=int, default=1, help="questions a step")
    add_clock(made)
    asked = made.parse_args()
    set_up(asked.threads)
    processor = make_processor()
    net = make_net(processor.tokenizer)
    groups = make_groups(make_rows(asked.questions, asked.pairs, LLAVA), processor, asked.pairs)
    sides = {"DPO": Ours(net, groups), "MPO": Ours(net, groups, objective=MPO(beta=OBJECTIVE.beta))}
    rates = in_turns({name: side.step for name, side in sides.items()}, asked.runs, 1, asked.clock)
    print(f"\n{asked.pairs} pair(s) a question, {asked.questions} question(s) a step, medians of {asked.runs}")
    for name, rate in rates.items():
        print(f"  {name:8} {1000 / rate:9.1f} ms a step")
    print(f"ratio: {rates['DPO'] / rates['MPO']:.3f}")


if __name__ == "__main__":
    main()

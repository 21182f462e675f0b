"""Training on ranked groups beside the same pairs one a row: a group of 8 responses, 12 pairs, a picture of 576 tokens.

Both sides are whole DPO steps of `fit_pairs` over the same pairs: reference rows looked up, forward, backward, AdamW,
the vision encoder frozen and its features kept. "One a row" gives each pair a forward pass of its own. Steps are taken
in turns; the ratio is of medians. Losses of both sides are compared step by step.

Goal: at least 3 times as many pairs a second.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from tiny_llava import LLAVA, add_clock, in_turns, letters, make_net, make_processor, parser, picture, set_up

from seewhy.model.families.hub import HubModel
from seewhy.objectives.dpo import DPO
from seewhy.records.picked_pairs import PickedPairs
from seewhy.records.ranked import PairPick, RankedGroup, RankedResponse
from seewhy.records.turns import ImageRef
from seewhy.records.types import Gold, MatchRule, Question, Response, Split, StepLog, Style
from seewhy.training.fit import fit_pairs
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

RESPONSES, PAIRS = 8, 12


def make_group(tokens: int) -> RankedGroup:
    """Eight responses of `tokens` letters with falling scores, and 12 of their 28 pairs."""
    responses = tuple(
        RankedResponse(response=Response(text=letters(tokens, number)), score=-float(number), scorer="bench")
        for number in range(RESPONSES)
    )
    picks = [PairPick(chosen=high, rejected=low) for high, low in list(combinations(range(RESPONSES), 2))[::2][:PAIRS]]
    return RankedGroup(question_id="q", style=Style.REASON, responses=responses, source="bench", picks=tuple(picks))


def main() -> None:
    made = parser(__doc__, runs=7)
    made.add_argument("--tokens", type=int, default=90, help="tokens of a response")
    add_clock(made)
    asked = made.parse_args()
    set_up(asked.threads)
    processor = make_processor()
    net = make_net(processor.tokenizer)
    pairs = PickedPairs([make_group(asked.tokens)])
    plan = FitPlan(learning_rate=1e-4, batch_size=PAIRS, epochs=asked.runs + 1, row_tokens=8192, save_every=10_000)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        picture(0).save(place / "page.png")
        page = ImageRef(sha256="0", path=str(place / "page.png"))
        question = Question(
            id="q", benchmark="bench", split=Split.TRAIN, text=letters(LLAVA.letters, 99), facets={},
            gold=Gold(answers=("1",), rule=MatchRule.EXACT), images=(page,),
        )  # fmt: skip
        logs: dict[str, list[StepLog]] = {}

        def side(name: str, row_tokens: int) -> Callable[[], float]:
            model = HubModel(copy.deepcopy(net), processor, name)
            store = ReferenceStore.of(model.fingerprint, list(reference_rows(model, list(pairs), [question], plan)))
            own = replace(plan, row_tokens=row_tokens)
            steps: Iterator[StepLog] = fit_pairs(model, DPO(), pairs, [question], store, own, place / name)
            logs[name] = []

            def step() -> float:
                logs[name].append(next(steps))
                return logs[name][-1].loss

            return step

        sides = {"group": side("group", 8192), "one a row": side("one-a-row", 1)}
        rates = in_turns(sides, asked.runs, PAIRS, asked.clock)
    losses = zip(*([log.loss for log in one] for one in logs.values()), strict=True)
    print(f"\n{RESPONSES} responses of {asked.tokens} tokens, {PAIRS} pairs, medians of {asked.runs}")
    for name, rate in rates.items():
        print(f"  {name:10} {rate:8.2f} pairs a second")
    print(f"largest difference of a step's loss: {max(abs(one - other) for one, other in losses):.1e}")
    print(f"ratio: {rates['group'] / rates['one a row']:.2f} (goal: at least 3)")


if __name__ == "__main__":
    main()

"""Memory and time that a training's rows take before its first step, and of steps read after it, by number of pairs.

Rows come from readers that make each one when it is asked for, as a reader of shards does, three pairs a prompt and two
reference rows a pair. Each size runs in a process of its own: indexes of questions and of reference rows, the table of
examples with both looked up for every pair, the order of two epochs, and 300 steps of 32 pairs of the second. What
grows is the process's peak (VmHWM) over that of the same process before.

Goal: at 3,000,000 pairs at most 200 MB more than at 10,000.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass

from seewhy.records.by_key import RowsByKey
from seewhy.records.types import Gold, MatchRule, Pair, Question, ReferenceRow, Response, Split, Style
from seewhy.training.examples import TrainingExample, questions_by_id, require_question
from seewhy.training.memory.peak import PROCESS
from seewhy.training.order import StepOrder
from seewhy.training.plan import FitPlan
from seewhy.training.rows import Mixture
from seewhy.training.table import tabulate

SIZES = (10_000, 100_000, 1_000_000, 3_000_000)
PAIRS_A_PROMPT, STEPS, GOAL_MB = 3, 300, 200
GOLD = Gold(answers=("1",), rule=MatchRule.EXACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Rows that are made when they are asked for."""

    count: int

    def __len__(self) -> int:
        """How many."""
        return self.count


class Pairs(Made):
    """Pairs, three a prompt."""

    def __getitem__(self, number: int, /) -> Pair:
        """The pair of that number."""
        chosen, rejected = (Response(text="", token_ids=(2, number, side)) for side in (0, 1))
        return Pair(
            question_id=f"question-{number // PAIRS_A_PROMPT}", style=Style.REASON, chosen=chosen, rejected=rejected,
            source="bench", margin=1.0,
        )  # fmt: skip


class Questions(Made):
    """One question for all pairs of a prompt."""

    def __getitem__(self, number: int, /) -> Question:
        """The question of that number."""
        return Question(
            id=f"question-{number}", benchmark="bench", split=Split.TRAIN, text="?", gold=GOLD, facets={}, images=()
        )


class References(Made):
    """A reference row for each side of each pair."""

    def __getitem__(self, number: int, /) -> ReferenceRow:
        """The row of that number."""
        return ReferenceRow(key=f"{number // 2}/{number % 2}", logprobs=(-1.0, -2.0))


def encode(pair: Pair) -> TrainingExample:
    """A pair as its token ids."""
    sides = (pair.chosen.token_ids or (), pair.rejected.token_ids or ())
    return TrainingExample(question_id=pair.question_id, style=pair.style, responses=sides)


def measure(pairs: int) -> tuple[float, float]:
    """MiB of the peak over what was held before, and seconds."""
    before, began = PROCESS.max_mb(), time.perf_counter()
    questions = questions_by_id(Questions(count=-(-pairs // PAIRS_A_PROMPT)))
    reference = RowsByKey(References(count=2 * pairs), key=lambda row: row.key, value=lambda row: row.logprobs)

    def check(example: TrainingExample) -> None:
        require_question(questions, example)
        for _, number, side in example.responses:
            _ = reference[f"{number}/{side}"]

    table = tabulate(Mixture.of(Pairs(count=pairs)), encode, check)
    order = StepOrder(units=table.units, plan=FitPlan(learning_rate=1e-5, batch_size=32, epochs=2))
    half = len(order) // 2
    for step in range(half, min(half + STEPS, len(order))):
        for number in order[step]:
            _ = table[number]
    return PROCESS.max_mb() - before, time.perf_counter() - began


def main() -> None:
    """Prints a line a size."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--pairs", type=int, nargs="+", default=SIZES)
    made.add_argument("--one", type=int, help="measure this size in this process")
    asked = made.parse_args()
    if asked.one:
        print("{:.1f} {:.1f}".format(*measure(asked.one)))
        return
    found: dict[int, float] = {}
    print(f"{'pairs':>12}{'MiB more':>12}{'seconds':>12}")
    for pairs in asked.pairs:
        command = [sys.executable, __file__, "--one", str(pairs)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[pairs], seconds = map(float, answer.split())
        print(f"{pairs:12,}{found[pairs]:12.1f}{seconds:12.1f}", flush=True)
    grown = (found[max(found)] - found[min(found)]) * 2**20 / 1e6
    print(f"growth from {min(found):,} to {max(found):,} pairs: {grown:.0f} MB (goal: at most {GOAL_MB})")


if __name__ == "__main__":
    main()

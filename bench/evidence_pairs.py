"""What the pairs of the recipe `evidence` prefer: right chains to wrong ones, and working out to jumping.

A chain works out where one of its sentences adds, subtracts, compares or tells odd from even; else it jumps from what
it read to its conclusion.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from evidence_credit import has

from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.prompts import ANSWER_MARK
from seewhy.records.types import Chain, FinishReason, Outcome, Pair, Question, Response
from seewhy.runs.open import open_run
from seewhy.runs.run import OpenRun
from seewhy.testing.oracle import Oracle
from seewhy.testing.truth import is_step, sentences_of

PAIRS = {
    "by outcome (claims 2, 3, 9)": "pairs", "sighted judge, best over worst (6)": "pairs-sighted",
    "blind judge, best over worst (6)": "pairs-blind", "a quarter kept, DropoutNTP (7)": "pairs-dropout-25",
    "half kept (7)": "pairs-dropout-50", "three quarters kept (7)": "pairs-dropout-75",
    "half kept, by ground truth (7)": "pairs-truth", "parting at an error (5)": "pairs-step",
}  # fmt: skip


def pair_table(runs: Sequence[OpenRun]) -> Iterator[str]:
    """One line a kind of pair, over all runs."""
    yield ("| pairs | pairs a seed | right over wrong | wrong over right | chosen works out, rejected jumps | "
           "chosen jumps, rejected works out | chosen says a false sentence |")  # fmt: skip
    yield "|---|---|---|---|---|---|---|"
    for name, ref in PAIRS.items():
        done = [look(run.root, ref) for run in runs if has(run, ref)]
        if not done:
            yield f"| {name} | not run | | | | | |"
            continue
        rows = [row for part in done for row in part]
        shares = [sum(row[place] for row in rows) / len(rows) for place in range(len(rows[0]))]
        counts = ", ".join(f"{len(part):,}" for part in done)
        yield f"| {name} | {counts} | {' | '.join(f'{share:.0%}' for share in shares)} |"


@cache
def look(root: Path, ref: str) -> list[tuple[bool, ...]]:
    """Of each pair what the columns say."""
    run = open_run(root)
    asked = {question.id: question for question in run.questions("questions.train")}
    return [_look(asked[pair.question_id], pair) for pair in run.read(ref, Pair)]


def _look(question: Question, pair: Pair) -> tuple[bool, ...]:
    chosen, rejected = (is_right(question, pair, side) for side in (pair.chosen, pair.rejected))
    worked, other = works_out(pair.chosen.text), works_out(pair.rejected.text)
    spans = Oracle().score_sentences(question, pair.chosen.text)
    return (chosen and not rejected, rejected and not chosen, worked and not other, other and not worked,
            any(span.score < 1.0 for span in spans))  # fmt: skip


def is_right(question: Question, pair: Pair, side: Response) -> bool:
    """Whether a side of a pair ends in the gold answer."""
    chain = Chain(question_id=question.id, index=0, style=pair.style, text=side.text, stop=FinishReason.END,
                  sampler="", seed=0)  # fmt: skip
    return OutcomeJudge().judge(question, (chain,))[0].outcome is Outcome.CORRECT


def works_out(text: str) -> bool:
    """Whether a chain has a step.

    Example:
        >>> works_out("Row 1 reads 2, 3. 2 plus 3 is 5. The sum is 5. ### Answer: 5")
        True
        >>> works_out("Row 1 reads 2, 3. The sum is 5. ### Answer: 5")
        False
    """
    return any(is_step(sentence) for _, sentence in sentences_of(text.partition(ANSWER_MARK)[0]))

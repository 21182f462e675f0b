"""Prefer a chain that was drawn with the pictures to its own beginning continued without them (DropoutNTP).

Source: InternVL MPO (arXiv 2411.10442, eq. 2): no gold answer is needed. The rows are those of stage `continue_blind`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seewhy.pairs.blindness import JUDGE, SEEN
from seewhy.pairs.judged import Choice, Judged
from seewhy.pairs.reasons import ReasonTally
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, FinishReason, Verdict


class BlindnessFate(StrEnum):
    """What became of a prompt's chains."""

    KEPT = "kept"
    CUT_OFF = "cut_off"
    """The token limit cut off every chain or its continuations."""
    SAME_TEXTS = "same_texts"
    """Every continuation says the same without the pictures, or there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByBlindness:
    """A chain over its continuations, at most `most` pairs a prompt, chains in turn; none that was cut off."""

    most: int = 3
    """Pairs a prompt at most."""

    def __post_init__(self) -> None:
        """Refuse a count that leaves none."""
        require_least(self, 1, "most")

    def __call__(self, prompt: Sequence[Judged]) -> tuple[BlindnessFate, tuple[Choice, ...]]:
        """What becomes of one prompt's chains, and the pairs among them: none unless they are KEPT.

        Raises:
            ValueError: the rows are not those of `continue_blind`.
        """
        beside = list(_beside(prompt))
        whole = [pair for pair in beside if all(side.stop is not FinishReason.LENGTH for side in pair)]
        texts_seen: set[tuple[str, str]] = set()
        turns: Counter[int] = Counter()
        found: list[tuple[int, Choice]] = []
        for seen, blind in whole:
            texts = seen.text.strip(), blind.text.strip()
            if texts[0] != texts[1] and texts not in texts_seen:
                texts_seen.add(texts)
                choice = Choice(chosen=seen, rejected=blind, margin=seen.value - blind.value)
                found.append((turns[seen.index], choice))
                turns[seen.index] += 1
        if not found:
            return (BlindnessFate.CUT_OFF if beside and not whole else BlindnessFate.SAME_TEXTS), ()
        # The first continuation of every chain before the second of any.
        taken = sorted(found, key=lambda one: one[0])[: self.most]
        return BlindnessFate.KEPT, tuple(choice for _, choice in taken)

    def new_tally(self) -> ReasonTally:
        """Counters of prompts by what became of them."""
        return ReasonTally(BlindnessFate)

    def explain(self, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> str:
        """What to change where no pair is left."""
        return "raise max_tokens of continue_blind where chains are cut off; keep fewer words where texts are equal"


def _beside(prompt: Sequence[Judged]) -> Iterable[tuple[Judged, Judged]]:
    """Each chain with each of its continuations, which have the indices after it."""
    seen: Judged | None = None
    for one in sorted(prompt, key=lambda one: one.index):
        if one.judge != JUDGE:
            raise ValueError(
                f"question {one.question_id!r}: by_blindness pairs rows of stage continue_blind, and these verdicts "
                f"are by {one.judge}"
            )
        if one.score == SEEN:
            seen = one
        elif seen is not None:
            yield seen, one

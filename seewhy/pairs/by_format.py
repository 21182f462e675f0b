"""Prefer right chains to chains whose answer cannot be read: a stream of its own, which teaches the format alone.

Source: MMPR's format rules (InternVL, arXiv 2411.10442, section 3; `mmpr_data_pipeline_correctness_postprocess.py`),
which cross every right chain with every one that cannot be parsed.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seewhy.pairs.blocks import LOGPROBS, OutcomeCounts
from seewhy.pairs.choosing import Pick, ordered, pair_up, require_pick
from seewhy.pairs.judged import Choice, Judged
from seewhy.pairs.reasons import ReasonTally
from seewhy.pairs.sided import Sides
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Chain, FinishReason, Outcome, Verdict


class FormatFate(StrEnum):
    """What became of a prompt's chains."""

    KEPT = "kept"
    NO_RIGHT_CHAIN = "no_right_chain"
    ALL_READABLE = "all_readable"
    SAME_TEXTS = "same_texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByFormat:
    """A CORRECT chain over one that is NO_ANSWER; wrong answers and UNJUDGED chains are in no pair."""

    most: int = 3
    """Pairs a prompt at most; MMPR takes 15 (3 where a set has above 500,000 rows)."""
    seed: int = 0
    """Seed of the choice among a prompt's chains."""
    cut_off: bool = True
    """Whether a chain that the token limit cut off counts as unreadable, as in MMPR."""
    pick: str = Pick.RANDOM
    """Which chains: `random`, `best_worst` or `hardest`."""

    def __post_init__(self) -> None:
        """Refuse counts and seeds that are none."""
        require_least(self, 1, "most")
        require_seed(self)
        require_pick(self.pick)

    @property
    def reads(self) -> Sequence[str]:
        """Log-probabilities, where the hardest pairs are wanted."""
        return (LOGPROBS,) if self.pick == Pick.HARDEST else ()

    @property
    def sides(self) -> Sides | None:
        """Right and unreadable chains, where they are taken by chance and all of the latter count."""
        return self._sides() if self.cut_off and self.pick == Pick.RANDOM else None

    def _sides(self) -> Sides:
        return Sides(chosen=(Outcome.CORRECT,), rejected=(Outcome.NO_ANSWER,), most=self.most,
                     seed=f"format/{self.seed}", kept=FormatFate.KEPT, alike=FormatFate.SAME_TEXTS)  # fmt: skip

    def screen(self, counts: OutcomeCounts) -> FormatFate | None:
        """Why a prompt is dropped by its outcomes; None where its chains must be looked at."""
        if not counts.correct:
            return FormatFate.NO_RIGHT_CHAIN
        return None if counts.no_answer else FormatFate.ALL_READABLE

    def __call__(self, prompt: Sequence[Judged]) -> tuple[FormatFate, tuple[Choice, ...]]:
        """What becomes of one prompt's chains, and the pairs among them: none unless they are KEPT."""
        dropped = self.screen(OutcomeCounts.of(prompt))
        unreadable = [one for one in prompt if one.outcome is Outcome.NO_ANSWER and self._counts(one)]
        if dropped or not unreadable:
            return dropped or FormatFate.ALL_READABLE, ()
        seed = self._sides().seed_of(prompt[0].question_id, prompt[0].style)
        rng, pick = random.Random(seed), Pick(self.pick)
        right = [one for one in prompt if one.outcome is Outcome.CORRECT]
        choices = pair_up(ordered(right, pick, rng, is_chosen=True), ordered(unreadable, pick, rng, is_chosen=False),
                          self.most)  # fmt: skip
        return (FormatFate.KEPT if choices else FormatFate.SAME_TEXTS), choices

    def new_tally(self) -> ReasonTally:
        """Counters of prompts by what became of them."""
        return ReasonTally(FormatFate)

    def explain(self, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> str:
        """What to change where no pair is left."""
        return "a stream of format negatives needs questions with a right chain and one without a readable answer"

    def _counts(self, one: Judged) -> bool:
        return self.cut_off or one.stop is not FinishReason.LENGTH

"""Prefer the chain that goes on rightly to the one that errs, where both begin with the same words.

Step-DPO (arXiv 2406.18629, section 3.1) prefers a right next step to the first wrong one after a shared beginning. Here
whole chains stand on both sides: the tokens that they share add nothing to a difference of log-ratios.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seewhy.pairs.blocks import SPANS
from seewhy.pairs.choosing import differ
from seewhy.pairs.judged import Choice, Judged, distinct_texts
from seewhy.pairs.reasons import ReasonTally
from seewhy.records.ranges import require_above, require_least, require_share
from seewhy.records.types import Chain, FinishReason, Outcome, Span, Verdict


class StepFate(StrEnum):
    """What became of a prompt's chains."""

    KEPT = "kept"
    UNJUDGED = "unjudged"
    """No chain has values of its steps."""
    NO_ERROR = "no_error"
    NO_SHARED_BEGINNING = "no_shared_beginning"
    """No chain goes on rightly after the words before another one's first error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByStep:
    """A wrong chain beside one that begins with the same words, up to the first error, and has no error there.

    Values of steps or sentences are those of `Verdict.spans`, of judges such as `steps` and `sentences`. A chain that
    is UNJUDGED, has no values or was cut off is in no pair.
    """

    right_at: float = 0.5
    """A step is right from this value on, from 0 to 1; with judge `steps`, 1 / continuations says as VisualPRM does
    (arXiv 2503.10291): right where one continuation is."""
    margin: float = 0.1
    """Least difference of the values of the two steps that differ, above 0."""
    words: int = 1
    """Words that both sides share at least."""
    most: int = 3
    """Pairs a prompt at most."""

    def __post_init__(self) -> None:
        """Refuse values that are no share, and margins that let equals be a pair."""
        require_share(self, "right_at")
        require_above(self, 0, "margin")
        require_least(self, 0, "words")
        require_least(self, 1, "most")

    @property
    def reads(self) -> Sequence[str]:
        """The values of steps."""
        return (SPANS,)

    def __call__(self, prompt: Sequence[Judged]) -> tuple[StepFate, tuple[Choice, ...]]:
        """What becomes of one prompt's chains, and the pairs among them: none unless they are KEPT."""
        fit = [one for one in sorted(prompt, key=lambda one: one.index) if _is_fit(one)]
        valued = distinct_texts(fit)
        if not valued:
            return StepFate.UNJUDGED, ()
        wrong = [(one, place) for one in valued if (place := self._first_error(one)) is not None]
        if not wrong:
            return StepFate.NO_ERROR, ()
        # The longest shared beginning first: there one step alone makes the difference.
        found = [choice for one, place in wrong for choice in self._beside(one, place, valued)]
        found.sort(key=lambda choice: -len(_shared(choice.rejected, self._first_error(choice.rejected) or 0)))
        used: set[int] = set()
        fresh = [choice for choice in found if not (choice.rejected.row in used or used.add(choice.rejected.row))]
        rest = [choice for choice in found if choice not in fresh]
        choices = tuple([*fresh, *rest][: self.most])
        return (StepFate.KEPT if choices else StepFate.NO_SHARED_BEGINNING), choices

    def new_tally(self) -> ReasonTally:
        """Counters of prompts by what became of them."""
        return ReasonTally(StepFate)

    def explain(self, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> str:
        """What to change where no pair is left."""
        return "judge by steps or sentences, which value each of them, and sample more chains of each question"

    def _first_error(self, one: Judged) -> int | None:
        """Which step is the first that is not right."""
        return next((place for place, span in enumerate(one.spans) if not span.score >= self.right_at), None)

    def _beside(self, wrong: Judged, place: int, valued: Sequence[Judged]) -> list[Choice]:
        shared = _shared(wrong, place)
        if len(shared.split()) < self.words:
            return []
        return [
            Choice(chosen=one, rejected=wrong, margin=step.score - wrong.spans[place].score)
            for one in valued
            if (step := self._next_step(one, shared)) and step.score - wrong.spans[place].score >= self.margin
            and differ(one, wrong)
        ]  # fmt: skip

    def _next_step(self, one: Judged, shared: str) -> Span | None:
        """The right step after a shared beginning, before which there is no error; None where there is none."""
        if not one.text.startswith(shared):
            return None
        after = next((place for place, span in enumerate(one.spans) if span.end > len(shared)), None)
        error = self._first_error(one)
        if after is None or one.spans[after].start < len(shared) or (error is not None and error <= after):
            return None
        return one.spans[after]


def _is_fit(one: Judged) -> bool:
    return bool(one.spans) and one.outcome is not Outcome.UNJUDGED and one.stop is not FinishReason.LENGTH


def _shared(one: Judged, place: int) -> str:
    """What a chain says before a step."""
    return one.text[: one.spans[place].start].rstrip()

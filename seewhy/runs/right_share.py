"""How many of the chains that are drawn or bought end in the right answer: said at once where few do, with reasons."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seewhy.records.types import Chain, FinishReason, Outcome, Question
from seewhy.runs.discovery import class_of
from seewhy.runs.hooks import NothingLeftError, OnceAUnit

FEW = 8
"""Chains from which on a share can be estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightShare:
    """Shares of right chains below which a stage says so, or stops."""

    what: str
    """What the chains are called, such as `rationales`."""
    little: float
    """Below this share it is said."""
    floor: float
    """Below this share of at least `FEW` chains the stage stops; 0 never does."""
    remedy: str
    """What to do, as a sentence's begin."""
    counts_unjudged: bool = True
    """Whether chains that no rule can judge count as not right; else they are left out."""

    def look(self, questions: Sequence[Question], chains: Sequence[Chain]) -> str:
        """What to say of these chains, by their final answers; empty where enough are right.

        Raises:
            NothingLeftError: fewer are right than the floor wants.
        """
        asked = {question.id: question for question in questions}
        judge = class_of("judging", "outcome")()
        judged = [
            (chain, verdict) for chain in chains for verdict in judge.judge(asked[chain.question_id], (chain,))
            if self.counts_unjudged or verdict.outcome is not Outcome.UNJUDGED
        ]  # fmt: skip
        found = Counter(str(verdict.outcome.value) for _, verdict in judged)
        right, total = found.pop(Outcome.CORRECT.value, 0), len(judged)
        if not total or right >= self.little * total:
            return ""
        why = next(verdict.why for _, verdict in judged if verdict.outcome is not Outcome.CORRECT)
        others = ", ".join(f"{count} {name}" for name, count in found.most_common(3))
        cut = sum(chain.stop is FinishReason.LENGTH for chain, _ in judged)
        length = f"; {cut} cut at their length limit" if cut else ""
        said = f"{right} of {total} {self.what} end in the right answer ({others}{length}; such as: {why})"
        if total >= FEW and right < self.floor * total:
            raise NothingLeftError(f"{said}; floor wants {self.floor:.1%}. {self.remedy}, or set a lower floor")
        return said


def first_chains(chains: Sequence[Chain]) -> list[Chain]:
    """The first chain of each question."""
    found: dict[str, Chain] = {}
    for chain in chains:
        found.setdefault(chain.question_id, chain)
    return list(found.values())


@dataclass(slots=True, kw_only=True)
class Looking:
    """A share that is looked at block by block, and said once."""

    share: RightShare
    note: Callable[[str], None]
    is_done: bool = False

    def look(self, questions: Sequence[Question], chains: Sequence[Chain]) -> None:
        """By the first chain of each question; later blocks are looked at only where there is a floor.

        Raises:
            NothingLeftError: as of `RightShare.look`.
        """
        if self.is_done and not self.share.floor:
            return
        said = self.share.look(questions, first_chains(chains))
        if said and not self.is_done:
            self.note(OnceAUnit(said))
        self.is_done = True

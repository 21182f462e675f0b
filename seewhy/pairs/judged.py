"""What a rule knows of a chain and its verdict, and when two of them say the same."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from seewhy.records.types import Chain, FinishReason, Outcome, Span, Style, Verdict
from seewhy.records.unknown_logprobs import mean_known

Key = tuple[str, Style, int]
EDGES = " \t\n.,;:!?\"'`*$()[]"
NUMBER_EDGES = EDGES.replace(".", "")
WRAPPED = re.compile(r"\\(?:boxed|text|mathrm|textbf)\{([^{}]*)\}")
NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?")
TokenIds = tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A chain and what one judge says of it, as far as the choice of pairs depends on it.

    Example:
        >>> Judged(row=0, question_id="q", style=Style.REASON, index=0, text="12", stop=FinishReason.END,
        ...        outcome=Outcome.CORRECT, score=None, answer=" 12. ", judge="j").folded_answer
        '12'
    """

    row: int
    """Number of the chain in its block: what else is wanted of it is asked by that."""
    question_id: str
    style: Style
    index: int
    text: str
    stop: FinishReason
    outcome: Outcome
    score: float | None
    """The judge's own, in its own unit."""
    answer: str | None
    judge: str
    spans: tuple[Span, ...] = ()
    """Sentences, steps or facts with their scores, where the rule reads them."""
    logprob: float | None = None
    """Mean log-probability of its tokens as sampled, where the rule reads it; None where it is not known."""

    @property
    def value(self) -> float:
        """The judge's score; 1 for a right and 0 for any other chain where the judge gave none."""
        if self.score is not None:
            return self.score
        return 1.0 if self.outcome is Outcome.CORRECT else 0.0

    @property
    def folded_answer(self) -> str | None:
        """The answer without what changes nothing; None where there is none.

        That is case, spaces, punctuation at the edges, a LaTeX box around it, and how a number is written: 1,200.0 is
        1200, and 5 % is 5, for an answer that differs in its unit alone is too close to be told from a right one.
        """
        return None if self.answer is None else fold_answer(self.answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Two chains of one prompt, the first preferred."""

    chosen: Judged
    rejected: Judged
    margin: float
    """Score of the chosen minus score of the rejected."""


def join_verdicts(chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> list[tuple[Chain, Verdict]]:
    """Each chain with its verdict, in the order of `chains`, whatever that of `verdicts`.

    Raises:
        ValueError: a chain or verdict is without its counterpart or occurs twice; the message names it.
    """
    said: dict[Key, Verdict] = {}
    for verdict in verdicts:
        if _key(verdict) in said:
            raise ValueError(f"{_words(verdict)} has two verdicts; join the verdicts of one judge at a time")
        said[_key(verdict)] = verdict
    joined: list[tuple[Chain, Verdict]] = []
    for chain in chains:
        if _key(chain) not in said:
            raise ValueError(f"{_words(chain)} has no verdict of its own: it was not judged, or occurs twice")
        joined.append((chain, said.pop(_key(chain))))
    if said:
        raise ValueError(f"{_words(next(iter(said.values())))} has a verdict but is not among the chains")
    return joined


def group_by_prompt(judged: Iterable[Judged]) -> list[list[Judged]]:
    """The chains of each prompt."""
    groups: dict[tuple[str, Style], list[Judged]] = {}
    for one in judged:
        groups.setdefault((one.question_id, one.style), []).append(one)
    return list(groups.values())


def distinct_texts(judged: Iterable[Judged]) -> list[Judged]:
    """The first chain of each text."""
    first: dict[str, Judged] = {}
    for one in judged:
        first.setdefault(one.text.strip(), one)
    return list(first.values())


def judged_of(joined: Sequence[tuple[Chain, Verdict]]) -> list[Judged]:
    """What a rule knows of each, `row` being its place in `joined`."""
    return [
        Judged(
            row=row, question_id=chain.question_id, style=chain.style, index=chain.index, text=chain.text,
            stop=chain.stop, outcome=verdict.outcome, score=verdict.score, answer=verdict.answer, judge=verdict.judge,
            spans=verdict.spans, logprob=mean_known(chain.logprobs or ()),
        )
        for row, (chain, verdict) in enumerate(joined)
    ]  # fmt: skip


@lru_cache(maxsize=1 << 14)
def fold_answer(answer: str) -> str:
    """See `Judged.folded_answer`."""
    bare = WRAPPED.sub(r"\1", answer) if "\\" in answer else answer
    folded = " ".join(bare.casefold().split())
    number = _fold_number(folded.strip(NUMBER_EDGES).removesuffix(".")) if any(map(str.isdigit, folded)) else None
    return folded.strip(EDGES) if number is None else number


def _fold_number(text: str) -> str | None:
    """A number in digits, without what changes nothing; None where the text is none."""
    digits = text.lstrip("€£").rstrip("% ")
    if not NUMBER.fullmatch(digits):
        return None
    whole, _, part = digits.replace(",", "").partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole.lstrip("+"))
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    number = f"{whole}.{part}" if part else whole
    return number if number == "0" else sign + number


def _key(row: Chain | Verdict) -> Key:
    return row.question_id, row.style, row.index


def _words(row: Chain | Verdict) -> str:
    return f"chain {row.index} ({row.style}) of question {row.question_id!r}"

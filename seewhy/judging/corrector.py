"""A teacher that corrects chains; a correction is worth imitating only where its answer is the gold one.

Source: ARES (arXiv 2407.00087), step 2, with its seven rules. Unlike its code, a correction is graded by its answer,
and one that only gives the chain back is no correction.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from seewhy.endpoints.chat import ChatModel, ChatResponse, Request
from seewhy.judging.api import Judge
from seewhy.judging.asking.messages import ask_all, message_about, name_judge, request_tag
from seewhy.judging.asking.replies import Unread, read_block
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt, question_slots
from seewhy.model.prompts import ANSWER_MARK
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, FinishReason, Lesson, Outcome, Question, Response, Usage

BLOCK = "final_rationale"
WORDS = re.compile(r"\s+|\S+")


class CorrectionOutcome(StrEnum):
    """What became of a chain that was sent to be corrected."""

    CORRECTED = "corrected"
    ECHO = "echo"
    """The chain came back as it was."""
    BARE = "bare"
    """It says nothing before its answer."""
    WRONG_ANSWER = "wrong answer"
    """Its answer is not the gold one, or it has none, or it cannot be compared."""
    UNREAD = "unread"
    """No reply, or one that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Characters `start` to `end` of the chain make way for other words.

    Example:
        >>> Edit(start=0, end=3, words="Column").words
        'Column'
    """

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A chain, what became of it, and what was changed."""

    chain: Chain
    fate: CorrectionOutcome
    text: str = ""
    """The corrected chain; empty where there is none."""
    edits: tuple[Edit, ...] = ()
    why: str = ""
    usage: Usage
    source: str
    """The corrector's name."""

    @property
    def lesson(self) -> Lesson | None:
        """The correction as something to imitate; None unless it is CORRECTED."""
        if self.fate is not CorrectionOutcome.CORRECTED:
            return None
        return Lesson(
            question_id=self.chain.question_id,
            style=self.chain.style,
            response=Response(text=self.text),
            source=self.source,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrector:
    """Corrects chains by seven rules, given the right answer."""

    chat_model: ChatModel
    template: PromptTemplate = field(default_factory=lambda: builtin_prompt("corrector"))
    grader: Judge = field(default_factory=OutcomeJudge)
    """Says whether a correction ends in the gold answer."""
    max_tokens: int = 1000
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""

    def __post_init__(self) -> None:
        """Refuse a prompt that does not show the chain."""
        self.template.require(("id", "question", "reply"))
        require_least(self, 1, "max_tokens")

    @property
    def name(self) -> str:
        """Kind, model, prompts and settings."""
        return name_judge("corrector", self, self.chat_model, self.template)

    def correct(self, question: Question, chains: Sequence[Chain]) -> tuple[Correction, ...]:
        """One correction a chain, in the chains' order.

        Raises:
            BudgetSpentError: the budget does not reach for all chains.
        """
        answers = ask_all(self.chat_model.chat, [self._request(question, chain) for chain in chains])
        return tuple(self._correction(question, *row) for row in zip(chains, answers, strict=True))

    def _request(self, question: Question, chain: Chain) -> Request:
        slots = question_slots(question, blind=self.blind, show_gold=True)
        text = self.template.fill(**slots, id=request_tag(question, chain.text), reply=chain.text.strip())
        return Request(messages=(message_about(question, text, blind=self.blind),), max_tokens=self.max_tokens)

    def _correction(self, question: Question, chain: Chain, answer: ChatResponse) -> Correction:
        correction = Correction(
            chain=chain, fate=CorrectionOutcome.UNREAD, why=answer.failure, usage=answer.usage, source=self.name
        )
        if answer.failure:
            return correction
        text = read_block(answer.replies[0], BLOCK, request_tag(question, chain.text))
        if isinstance(text, Unread):
            return replace(correction, why=text.why)
        fate, why = self._fate(question, chain, text)
        return replace(correction, fate=fate, why=why, text=text, edits=edits_of(chain.text, text))

    def _fate(self, question: Question, chain: Chain, text: str) -> tuple[CorrectionOutcome, str]:
        if text.split() == chain.text.split():
            return CorrectionOutcome.ECHO, "the chain came back as it was"
        if not text.partition(ANSWER_MARK)[0].strip():
            return CorrectionOutcome.BARE, "there is no text before the answer"
        corrected = replace(chain, text=text, token_ids=None, logprobs=None, stop=FinishReason.END, sampler=self.name)
        (verdict,) = self.grader.judge(question, (corrected,))
        return (
            CorrectionOutcome.CORRECTED if verdict.outcome is Outcome.CORRECT else CorrectionOutcome.WRONG_ANSWER
        ), verdict.why


def edits_of(before: str, after: str) -> tuple[Edit, ...]:
    """What turns one text into another, word by word.

    Example:
        >>> edits_of("Row 2 reads 1, 7.", "Row 2 reads 1, 4.")
        (Edit(start=15, end=17, words='4.'),)
    """
    old, new = WORDS.findall(before), WORDS.findall(after)
    starts = [0]
    for word in old:
        starts.append(starts[-1] + len(word))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Edit(start=starts[i], end=starts[j], words="".join(new[k:m]))
        for kind, i, j, k, m in matcher.get_opcodes()
        if kind != "equal"
    )


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with its edits made."""
    parts: list[str] = []
    at = 0
    for edit in edits:
        parts += [text[at : edit.start], edit.words]
        at = edit.end
    return "".join([*parts, text[at:]])

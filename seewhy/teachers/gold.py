"""The teacher called gold: it says what the questions themselves hold, their gold rationale and answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.prompts import ANSWER_MARK, lesson_text
from seewhy.pairs.lessons import gold_reply, has_gold
from seewhy.records.ranges import require_seed
from seewhy.records.types import Chain, FinishReason, Question, Style

NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldTeacher:
    """Answers as the question's own rationale and gold answer do; a function of the question alone.

    Example:
        >>> from seewhy.records.types import Gold, MatchRule, Split
        >>> question = Question(id="q", benchmark="b", split=Split.TRAIN, text="7 + 5?", facets={},
        ...                     gold=Gold(answers=("12",), rule=MatchRule.EXACT), rationale="7 and 5 are 12.")
        >>> request = GenerateRequest(question=question, style=Style.REASON)
        >>> GoldTeacher().generate([request], SamplingParams())[0][0].text
        '7 and 5 are 12. ### Answer: 12'
    """

    name: str = "gold"
    """Of the teacher in its chains."""
    seed: int = 0
    """Written into the chains; the rationales do not depend on it."""

    def __post_init__(self) -> None:
        """Refuse a seed that is none."""
        require_seed(self)

    @property
    def is_gold(self) -> bool:
        """True: it ends in the gold answer."""
        return True

    def require(self, questions: Sequence[Question]) -> None:
        """ValueError as in `require_rationales`."""
        require_rationales(questions)

    def teach(self, questions: Sequence[Question]) -> Iterator[Chain]:
        """The rationale of each question, with its answer line."""
        asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
        for chains in self.generate(asks, SamplingParams(seed=self.seed)):
            yield from chains

    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """The chains of each ask, all alike; ValueError as in `require_rationales`."""
        require_rationales(ask.question for ask in asks if ask.style is Style.REASON)
        return [tuple(self._reply(ask, ask.first + place, decoding) for place in range(ask.count)) for ask in asks]

    def _reply(self, ask: GenerateRequest, index: int, decoding: SamplingParams) -> Chain:
        answer = gold_reply(ask.question)
        text = answer if ask.style is Style.DIRECT else lesson_text(ask.question.rationale or "", answer)
        return Chain(
            question_id=ask.question.id, index=index, style=ask.style, text=text, stop=FinishReason.END,
            sampler=self.name, seed=decoding.seed,
        )  # fmt: skip


def require_rationales(questions: Iterable[Question]) -> None:
    """Every question has a rationale without an answer line, and a gold answer.

    Raises:
        ValueError: some have not; the message names them.
    """
    asked = list(questions)
    _require(asked, lambda one: bool((one.rationale or "").strip()),
             "have no rationale: write one for each, or choose another teacher")  # fmt: skip
    _require(asked, lambda one: ANSWER_MARK not in (one.rationale or ""),
             f"have {ANSWER_MARK!r} in their rationale: leave the answer line out, it is added")  # fmt: skip
    _require(asked, has_gold,
             "have no gold answer: give one for each, or choose another teacher")  # fmt: skip


def _require(questions: Sequence[Question], holds: Callable[[Question], bool], fault: str) -> None:
    wrong = [question.id for question in questions if not holds(question)]
    if wrong:
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise ValueError(f"teacher gold: {len(wrong)} of {len(questions)} questions ({', '.join(wrong[:NAMED])}{more}) "
                         f"{fault}")  # fmt: skip

"""By rule: whether the response has the form that was asked for."""

import re
from dataclasses import dataclass

from seewhy.model.prompts import ANSWER_MARK
from seewhy.records.types import Chain, FinishReason, Question, Style
from seewhy.rewards.api import Earned


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatReward:
    """1 or 0: it ended by itself, and is a reason, one answer mark and an answer of one line, or fits `pattern`.

    A direct answer has no form of its own: without a pattern the reward does not apply to it.
    """

    pattern: str = ""
    """Regular expression of the whole response; `.` is any character, as in
    `<think>.+</think>\\s*<answer>.+</answer>`."""

    def __post_init__(self) -> None:
        """Refuse a pattern that is none."""
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern {self.pattern!r} is no regular expression ({error})") from error

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return tuple(map(self._earned, chains))

    def _earned(self, chain: Chain) -> Earned:
        if not self.pattern and chain.style is not Style.REASON:
            return Earned(value=None, why=f"style {chain.style} has no form of its own")
        fits = re.fullmatch(self.pattern, chain.text, re.DOTALL) if self.pattern else _is_reasoned(chain.text)
        return Earned(value=float(bool(fits) and chain.stop is FinishReason.END))


def _is_reasoned(text: str) -> bool:
    """Whether a text is a reason, the answer mark once, and an answer of one line.

    Example:
        >>> _is_reasoned("2 and 3 are 5. ### Answer: 5"), _is_reasoned("### Answer: 5"), _is_reasoned("So 5.")
        (True, False, False)
    """
    reason, _, answer = text.partition(ANSWER_MARK)
    return bool(reason.strip() and answer.strip()) and ANSWER_MARK not in answer and "\n" not in answer.strip()

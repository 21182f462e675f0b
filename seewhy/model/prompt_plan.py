"""How a model is asked: system text, chat template, thinking, the words of each style, settings of pictures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from seewhy.model.prompts import DIRECT_LETTER, DIRECT_SHORT, REASON_LETTER, REASON_SHORT

AUTO, ON, OFF = "auto", "on", "off"
INSTRUCTIONS = "seewhy_prompt.json"
"""Next to a model's weights: the words of each style that it is asked in, where they are not the usual ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlan:
    """Settings of a model's prompts; the same in sampling, training and evaluation, and saved with what is trained.

    Example:
        >>> PromptPlan(system="Answer in English.").is_usual
        False
    """

    system: str = ""
    """System text before every question; empty leaves it to the chat template."""
    template: str = ""
    """A file with a Jinja chat template in place of the model's own."""
    thinking: str = AUTO
    """`on` or `off` sets `enable_thinking` of the chat template; `auto` leaves it to the template."""
    processor: Mapping[str, float] = field(default_factory=dict[str, float])
    """Settings of the image processor by name, such as `max_pixels: 1003520` or `size.longest_edge: 768`."""
    direct_letter: str = DIRECT_LETTER
    """Words behind a question with options that is to be answered directly."""
    direct_short: str = DIRECT_SHORT
    """Words behind a question without options that is to be answered directly."""
    reason_letter: str = REASON_LETTER
    """Words behind a question with options that wants a chain of thought, and the form of its answer."""
    reason_short: str = REASON_SHORT
    """Words behind a question without options that wants a chain of thought, and the form of its answer."""

    def __post_init__(self) -> None:
        """Refuse a template that is not there, and settings that are no numbers."""
        wrong = [name for name, value in self.processor.items() if not isfinite(value)]
        if wrong:
            raise ValueError(f"processor.{wrong[0]} must be a finite number, and is {self.processor[wrong[0]]}")
        if self.thinking not in (AUTO, ON, OFF):
            raise ValueError(f"thinking {self.thinking!r}: there are {AUTO}, {ON} and {OFF}")
        if self.template and not Path(self.template).expanduser().is_file():
            raise ValueError(f"template: {self.template} is no file; name one with a Jinja chat template")

    @property
    def is_usual(self) -> bool:
        """Whether nothing is set."""
        return self == PromptPlan()

    @property
    def instructions(self) -> dict[str, str]:
        """The words of each style by kind of question, where they are not the usual ones."""
        usual = {"direct_letter": DIRECT_LETTER, "direct_short": DIRECT_SHORT, "reason_letter": REASON_LETTER,
                 "reason_short": REASON_SHORT}  # fmt: skip
        own = {"direct_letter": self.direct_letter, "direct_short": self.direct_short,
               "reason_letter": self.reason_letter, "reason_short": self.reason_short}  # fmt: skip
        return {name: words for name, words in own.items() if words != usual[name]}


AS_IS = PromptPlan()
"""As the model's own files say."""


def read_instructions(place: str | Path) -> dict[str, str]:
    """The words that were saved with a model; none where it has no such file."""
    path = Path(place) / INSTRUCTIONS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

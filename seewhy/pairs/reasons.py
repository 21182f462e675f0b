"""Counts of a rule that drops prompts for reasons and has no other counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from seewhy.pairs.blocks import Alike
from seewhy.pairs.judged import Choice, Judged
from seewhy.pairs.rule import Tally

KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Prompts by what became of them."""

    prompts: Counter[str] = field(default_factory=Counter[str])

    @property
    def named(self) -> dict[str, int]:
        """The counts by name, as a manifest holds them; the questions seen are the sum of those that follow."""
        dropped = {f"dropped {name.replace('_', ' ')}": count for name, count in self.prompts.items() if name != KEPT}
        return {"questions seen": self.prompts.total(), "questions kept": self.prompts[KEPT], **dropped}

    def __add__(self, other: "Reasons") -> "Reasons":
        """The counts of two parts of the chains."""
        return Reasons(prompts=self.prompts + other.prompts)


class ReasonTally(Tally[Reasons]):
    """Counts prompts by what became of them; each reason of the rule is listed, those without prompts too."""

    def __init__(self, reasons: type[StrEnum]) -> None:
        self._prompts: Counter[str] = Counter({reason.value: 0 for reason in reasons})

    def add(self, prompt: Sequence[Judged], reason: StrEnum, choices: Sequence[Choice]) -> None:
        """Count one prompt."""
        self._prompts[reason.value] += 1

    def add_alike(self, alike: Alike) -> None:
        """Count prompts that were passed in columns."""
        self._prompts[alike.reason.value] += alike.prompts

    def stats(self) -> Reasons:
        """All counts so far."""
        return Reasons(prompts=Counter(self._prompts))

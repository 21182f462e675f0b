"""The served oracle's own account: what it was asked, what it made of it, and what it charges."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from seewhy.testing.served.plan import Fault


@dataclass(slots=True)
class Charge:
    """A sum of answered calls."""

    calls: int = 0
    choices: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, choices: int, usage: Mapping[str, int]) -> None:
        """Count one more answer."""
        self.calls += 1
        self.choices += choices
        self.prompt_tokens += usage["prompt_tokens"]
        self.completion_tokens += usage["completion_tokens"]


@dataclass(slots=True)
class Bill:
    """Counts of everything that came in and went out; one thread alone writes to it.

    Example:
        >>> bill = Bill()
        >>> bill.deliver("3f", 2, {"prompt_tokens": 10, "completion_tokens": 4})
        >>> bill.summary()["billed"]
        {'calls': 1, 'choices': 2, 'prompt_tokens': 10, 'completion_tokens': 4}
    """

    received: int = 0
    """Calls that came in, the lines of batches among them."""
    faults: Counter[Fault] = field(default_factory=Counter[Fault])
    billed: Charge = field(default_factory=Charge)
    """Answers whose body was sent whole."""
    unseen: Charge = field(default_factory=Charge)
    """Answers that were made and never arrived whole: a provider charges them, and no client can know of them."""
    answered: Counter[str] = field(default_factory=Counter[str])
    """How many answers were made of each request, by the hash of its body: above 1 where it was asked again."""

    def deliver(self, digest: str, choices: int, usage: Mapping[str, int]) -> None:
        """Charge an answer that was sent whole."""
        self.answered[digest] += 1
        self.billed.add(choices, usage)

    def lose(self, digest: str, choices: int, usage: Mapping[str, int]) -> None:
        """Note an answer that did not arrive."""
        self.answered[digest] += 1
        self.unseen.add(choices, usage)

    def summary(self) -> dict[str, object]:
        """All counts, plain."""
        return {
            "received": self.received,
            "faults": {fault.value: count for fault, count in sorted(self.faults.items())},
            "billed": asdict(self.billed),
            "unseen": asdict(self.unseen),
            "answered": dict(self.answered),
        }

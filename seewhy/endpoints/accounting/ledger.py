"""What one client has spent and is doing now."""

from dataclasses import dataclass, field

from seewhy.records.types import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Tokens in and out together, and dollars.

    Example:
        >>> Sum(tokens=10, dollars=0.5) + Sum(tokens=1, dollars=0.25)
        Sum(tokens=11, dollars=0.75)
    """

    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(tokens=self.tokens + other.tokens, dollars=self.dollars + other.dollars)

    def __sub__(self, other: "Sum") -> "Sum":
        return Sum(tokens=self.tokens - other.tokens, dollars=self.dollars - other.dollars)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The state of a client, for a progress line.

    Example:
        >>> print(Spending(calls=1200, prompt_tokens=90_000, completion_tokens=8_000, dollars=0.3).line)
        1,200 calls, 98,000 tokens, $0.30
    """

    calls: int = 0
    """Answered, in this process."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0
    in_flight: int = 0
    retries: int = 0
    failed: int = 0
    """Requests that ended without replies."""
    from_cache: int = 0
    """Requests that cost nothing, because all their replies were kept."""
    uncertain_dollars: float = 0.0
    """The most that calls cost which broke off: whether they were charged is unknown."""
    uncertain_calls: int = 0
    is_priced: bool = True
    """Whether anyone knows what a token costs."""

    @property
    def line(self) -> str:
        """One line for people."""
        money = f"${self.dollars:,.2f}" if self.is_priced else "price unknown"
        parts = [f"{self.calls:,} calls, {self.prompt_tokens + self.completion_tokens:,} tokens, {money}"]
        counts = {"in flight": self.in_flight, "retries": self.retries, "failed": self.failed}
        parts += [f"{count:,} {words}" for words, count in counts.items() if count]
        if self.from_cache:
            parts.append(f"{self.from_cache:,} from the cache")
        if self.uncertain_calls:
            parts.append(f"{self.uncertain_calls:,} broke off, at most ${self.uncertain_dollars:,.2f} more")
        return ", ".join(parts)


@dataclass(slots=True)
class Ledger:
    """Counts of one client, for its progress line; written from its event loop, and read from anywhere."""

    is_priced: bool = True
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0
    in_flight: int = 0
    retries: int = 0
    failed: int = 0
    from_cache: int = 0
    uncertain: Sum = field(default_factory=Sum)
    uncertain_calls: int = 0

    def count(self, usage: Usage) -> None:
        """Add what a call cost by the server's own word."""
        self.calls += usage.calls
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.dollars += usage.dollars

    def count_uncertain(self, worst: Sum) -> None:
        """Add what a call may have cost that broke off."""
        self.uncertain += worst
        self.uncertain_calls += 1

    def count_untold(self, worst: Sum) -> None:
        """Add the most that a call cost whose server does not say what it took."""
        self.uncertain += worst

    def read(self) -> Spending:
        """Its state now."""
        return Spending(
            calls=self.calls,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            dollars=self.dollars,
            in_flight=self.in_flight,
            retries=self.retries,
            failed=self.failed,
            from_cache=self.from_cache,
            uncertain_dollars=self.uncertain.dollars,
            uncertain_calls=self.uncertain_calls,
            is_priced=self.is_priced,
        )

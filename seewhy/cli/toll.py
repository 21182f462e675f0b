"""What stages would pay, in words and in sums."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """What requests come to.

    Example:
        >>> (CostEstimate(requests=1, sent=10, back=5, dollars=0.5) + CostEstimate(requests=2, dollars=None)).requests
        3
    """

    requests: int = 0
    """Those that are asked, without those whose replies are kept."""
    sent: int = 0
    """Tokens in, about."""
    back: int = 0
    """Tokens out, at most."""
    dollars: float | None = 0.0
    """None where no price is known."""

    def __add__(self, other: "CostEstimate") -> "CostEstimate":
        dollars = None if self.dollars is None or other.dollars is None else self.dollars + other.dollars
        return CostEstimate(
            requests=self.requests + other.requests, sent=self.sent + other.sent, back=self.back + other.back,
            dollars=dollars,
        )  # fmt: skip

    def times(self, count: int) -> "CostEstimate":
        """So many times as much."""
        dollars = None if self.dollars is None else self.dollars * count
        return CostEstimate(
            requests=self.requests * count, sent=self.sent * count, back=self.back * count, dollars=dollars
        )

    @property
    def summary(self) -> str:
        """In words."""
        money = "no price is known" if self.dollars is None else f"${self.dollars:,.2f}"
        return f"{self.requests:,} requests, about {self.sent:,} tokens in, at most {self.back:,} out, {money}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCost:
    """What a stage would ask, in words, and the most that it comes to as far as that can be known."""

    lines: tuple[str, ...]
    most: CostEstimate = CostEstimate()
    unknown: str = ""
    """What cannot be known of it; empty where nothing is left out."""

"""Estimated API cost of stages: requests, tokens and money, summed over stages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seewhy.endpoints.accounting.forecast import Forecast, forecast_cost
from seewhy.endpoints.chat import Request
from seewhy.endpoints.plan import EndpointPlan, SpendPlan


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

    @classmethod
    def of(cls, forecast: Forecast) -> "CostEstimate":
        """What is not answered yet, each reply as long as it may be."""
        return cls(requests=forecast.requests - forecast.from_cache, sent=forecast.prompt_tokens,
                   back=forecast.completion_tokens, dollars=forecast.dollars)  # fmt: skip

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
class FollowUpCost:
    """What judges may ask after their first replies.

    Example:
        >>> FollowUpCost(likely=CostEstimate(), likely_if="all goes well", most=CostEstimate(), max_if="not").max_if
        'not'
    """

    likely: CostEstimate
    likely_if: str
    """What `likely` takes for granted, in words."""
    most: CostEstimate
    max_if: str
    """When it comes to the most, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCost:
    """What a stage would ask of a server, and what that costs."""

    model: str
    base_url: str
    first: Forecast
    """Of the requests that are known before any reply."""
    follow_ups: FollowUpCost | None = None
    trials: int = 0
    """Pictures of the vision check that comes first."""
    unknown: str = ""
    """What cannot be known of it, in words; empty where nothing is left out."""
    assumed: str = ""
    """What is assumed of rows that are not there yet, in words."""

    @property
    def most(self) -> CostEstimate:
        """The most that it comes to, as far as that can be known."""
        first = CostEstimate.of(self.first)
        return first + self.follow_ups.most if self.follow_ups else first


def price_copies(
    asked: Sequence[tuple[Request, int, int]], endpoint: EndpointPlan, spend: SpendPlan
) -> tuple[CostEstimate, CostEstimate]:
    """What requests come to that are each asked several times.

    Args:
        asked: a request, how often it is likely to be asked, and how often at most.
        endpoint: the model that is asked.
        spend: prices.

    Returns:
        The likely cost and the highest one.
    """
    likely, most = CostEstimate(), CostEstimate()
    for count in sorted({(one[1], one[2]) for one in asked}):
        # Different seeds: equal requests about two chains are two calls, and a cache would count them once.
        requests = [replace(one[0], seed=number) for number, one in enumerate(asked) if (one[1], one[2]) == count]
        cost = CostEstimate.of(forecast_cost(requests, endpoint, spend))
        likely, most = likely + cost.times(count[0]), most + cost.times(count[1])
    return likely, most

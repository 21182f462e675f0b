"""What a job would cost, before its first call: no server is asked, and no key is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seewhy.endpoints.accounting.pricing import worth_of
from seewhy.endpoints.cache import ReplyCache
from seewhy.endpoints.chat import Request
from seewhy.endpoints.payload import prepare_request
from seewhy.endpoints.plan import EndpointPlan, SpendPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The cost of a list of requests.

    Example:
        >>> forecast = Forecast(requests=1000, from_cache=0, replies=1000, pictures=1000, picture_tokens=255_000,
        ...                     prompt_tokens=300_000, completion_tokens=512_000, dollars=5.87, prompt_dollars=0.75)
        >>> print(forecast.line)
        1,000 requests (0 kept already) for 1,000 replies: about 300,000 tokens in (255,000 of 1,000 pictures), at most
        512,000 out; $0.75 for what is sent, $5.87 with replies as long as they may be
    """

    requests: int
    from_cache: int
    """Those whose replies are kept already."""
    replies: int
    """Still to be had."""
    pictures: int
    picture_tokens: int
    prompt_tokens: int
    """Pictures included; each prompt is counted once, as where a server gives several replies in one call."""
    completion_tokens: int
    """At most."""
    dollars: float | None
    """With replies as long as they may be; None where no price is known."""
    prompt_dollars: float | None
    source: str = ""
    """Where the price comes from."""

    @property
    def line(self) -> str:
        """The forecast in words."""
        money = (
            f"${self.prompt_dollars:,.2f} for what is sent, ${self.dollars:,.2f} with replies as long as they may be"
            if self.dollars is not None and self.prompt_dollars is not None
            else "no price is known"
        )
        priced = f" (price: {self.source})" if self.source else ""
        return (
            f"{self.requests:,} requests ({self.from_cache:,} kept already) for {self.replies:,} replies: about "
            f"{self.prompt_tokens:,} tokens in ({self.picture_tokens:,} of {self.pictures:,} pictures), at most\n"
            f"{self.completion_tokens:,} out; {money}{priced}"
        )


def forecast_cost(
    requests: Iterable[Request], endpoint: EndpointPlan, spend: SpendPlan, *, is_batch: bool = False
) -> Forecast:
    """Prices requests without asking anyone; what the cache holds, and what is asked twice, costs nothing.

    Raises:
        ValueError: a picture cannot be read, or money is bounded and the model's price is not known.
    """
    worth = worth_of(endpoint, spend, is_batch=is_batch)
    had: dict[str, int] = {}
    total = from_cache = replies = pictures = picture_tokens = prompt = completion = 0
    cache = ReplyCache(endpoint.cache) if endpoint.cache and Path(endpoint.cache).exists() else None
    for request in requests:
        total += 1
        prepared = prepare_request(request, endpoint)
        kept = had.get(prepared.key)
        if kept is None:
            kept = len(cache.find(prepared.key).replies) if cache else 0
        missing = request.count - kept
        if missing <= 0:
            from_cache += 1
            continue
        had[prepared.key] = request.count
        replies += missing
        pictures += len(prepared.pictures)
        picture_tokens += worth.picture_tokens(prepared)
        prompt += worth.likely_prompt(prepared)
        completion += missing * request.max_tokens
    if cache:
        cache.close()
    is_known = worth.price is not None
    return Forecast(
        requests=total, from_cache=from_cache, replies=replies, pictures=pictures, picture_tokens=picture_tokens,
        prompt_tokens=prompt, completion_tokens=completion,
        dollars=worth.dollars(prompt, completion) if is_known else None,
        prompt_dollars=worth.dollars(prompt, 0) if is_known else None,
        source=worth.price.source if worth.price else "",
    )  # fmt: skip

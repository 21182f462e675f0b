"""What a call costs: by the server's count afterwards; likely, and at most, before it."""

from dataclasses import dataclass

from seewhy.endpoints.accounting.ledger import Sum
from seewhy.endpoints.accounting.picture_tokens import USUAL
from seewhy.endpoints.accounting.prices import FREE, Price, find_price, load_prices
from seewhy.endpoints.payload import Prepared
from seewhy.endpoints.plan import EndpointPlan, SpendPlan
from seewhy.endpoints.reading import Tokens
from seewhy.records.types import Usage

BYTES_A_TOKEN = 4
"""Of English text, by OpenAI's rule of thumb (help.openai.com, "What are tokens"); other text has fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """Prices of one model, for one client.

    Example:
        >>> Pricing(price=Price(input=1.0, output=2.0)).of(Tokens(prompt=1_000_000, completion=500_000)).dollars
        2.0
    """

    price: Price | None
    """None where unknown: money is not counted then."""
    detail: str = "auto"
    is_batch: bool = False

    def most(self, prepared: Prepared, count: int) -> Sum:
        """The most a call for `count` replies can take: a token of text has at least one byte."""
        return self._sum(prepared.text_bytes + self.picture_tokens(prepared), count * prepared.request.max_tokens)

    def likely_prompt(self, prepared: Prepared) -> int:
        """The tokens a prompt probably has."""
        return -(-prepared.text_bytes // BYTES_A_TOKEN) + self.picture_tokens(prepared)

    def likely(self, prepared: Prepared, count: int) -> Sum:
        """What providers count against a limit before a call: the prompt, and replies as long as they may be."""
        return self._sum(self.likely_prompt(prepared), count * prepared.request.max_tokens)

    def picture_tokens(self, prepared: Prepared) -> int:
        """Tokens of all pictures of a request."""
        if not prepared.pictures:
            return 0
        rule = self.price.picture if self.price else USUAL
        return sum(rule.tokens(width, height, self.detail) for width, height in prepared.pictures)

    def dollars(self, prompt: int, completion: int, cached: int = 0) -> float:
        """Money for so many tokens; 0 where no price is known."""
        if self.price is None:
            return 0.0
        whole = self.price.of(prompt=prompt, completion=completion, cached=cached)
        return whole * self.price.batch if self.is_batch else whole

    def of(self, tokens: Tokens | None) -> Usage:
        """What one call cost; tokens that the server does not report are not guessed."""
        if tokens is None:
            return Usage(calls=1)
        return Usage(
            prompt_tokens=tokens.prompt,
            completion_tokens=tokens.completion,
            calls=1,
            dollars=self.dollars(tokens.prompt, tokens.completion, tokens.cached),
        )

    def _sum(self, prompt: int, completion: int) -> Sum:
        return Sum(tokens=prompt + completion, dollars=self.dollars(prompt, completion))


def worth_of(endpoint: EndpointPlan, spend: SpendPlan, *, is_batch: bool = False) -> Pricing:
    """The price of an endpoint's model.

    Raises:
        ValueError: money is bounded and the price of a token is unknown.
    """
    prices = load_prices(spend.prices)
    price = FREE if spend.is_free else find_price(prices, endpoint.model)
    if price is None and spend.dollars:
        raise ValueError(
            f"no price is known of the model {endpoint.model!r}, so {spend.dollars:g} dollars cannot be kept to. "
            "Write its price into a YAML file as prices.yaml does (dollars a million tokens) and name the file in "
            f"`prices`; say `is_free` for a server of your own; or bound `tokens` instead. Known: {', '.join(prices)}"
        )
    return Pricing(price=price, detail=endpoint.detail, is_batch=is_batch)

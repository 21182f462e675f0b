"""What a call costs: by the server's count afterwards, and at most, before it."""

from dataclasses import dataclass

from seewhy.model.remote.ledger import Sum
from seewhy.model.remote.payload import Prepared
from seewhy.model.remote.reading import Tokens
from seewhy.records.types import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Prices of one model, for one client."""

    def most(self, prepared: Prepared, count: int) -> Sum:
        """The most a call for `count` replies can take: a token has at least one byte."""
        return Sum(tokens=prepared.text_bytes + count * prepared.request.max_tokens)

    def of(self, tokens: Tokens | None) -> Usage:
        """What one call cost."""
        if tokens is None:
            return Usage(calls=1)
        return Usage(prompt_tokens=tokens.prompt, completion_tokens=tokens.completion, calls=1)

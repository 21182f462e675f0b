"""What the served oracle says to a prompt."""

from dataclasses import dataclass

from seewhy.model.api import Ask, Decoding
from seewhy.model.prompts import DIRECT_LETTER, DIRECT_SHORT
from seewhy.records.types import Style
from seewhy.testing.oracle import Oracle
from seewhy.testing.served.asked import Asked
from seewhy.testing.served.pages import Pages

UNKNOWN = "I know nothing about this."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """An oracle and the pages it knows; what it says depends on the request alone."""

    oracle: Oracle
    pages: Pages

    def texts(self, asked: Asked, count: int) -> list[str]:
        """`count` replies."""
        found = self.pages.find(asked)
        if found is None:
            return [UNKNOWN] * count
        question, sees = found
        ask = Ask(question=question, style=style_of(asked.text), count=count, blind=not sees)
        (chains,) = self.oracle.generate([ask], Decoding(seed=asked.seed))
        return [chain.text for chain in chains]


def style_of(text: str) -> Style:
    """Whether a prompt asks for the bare answer or for a rationale as well."""
    return Style.DIRECT if DIRECT_LETTER in text or DIRECT_SHORT in text else Style.REASON

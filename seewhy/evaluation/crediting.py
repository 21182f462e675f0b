"""What a kind of credit (`seewhy/evaluation/credits`) is given: all chains of one question, scored, and the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from seewhy.records.types import Chain, Response, ScoredChain, Span

Place = tuple[int, int]
"""Start and end in a chain's text, in characters."""
Values = tuple[float, ...]
"""One number a token of a chain."""


def share_a_character(token: Place, place: Place) -> bool:
    """Whether a token is partly in a place; one without characters is in none.

    Example:
        >>> share_a_character((2, 4), (3, 9)), share_a_character((2, 3), (3, 9)), share_a_character((5, 5), (3, 9))
        (True, False, False)
    """
    return token[0] < min(token[1], place[1]) and place[0] < token[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedChain:
    """A chain, its tokens and sentences by their places in its text, and its tokens' log-probabilities."""

    chain: Chain
    tokens: Sequence[Place]
    sentences: Sequence[Place]
    scored: ScoredChain
    """Under the trained model and under the reference."""
    spans: Sequence[Span] = ()
    """Sentences that a judge scored."""

    def of_sentence(self, place: Place) -> list[int]:
        """Numbers of the tokens that share a character with a sentence."""
        return [at for at, token in enumerate(self.tokens) if share_a_character(token, place)]


class Measures(Protocol):
    """The reference model, asked about responses to the chains' own question."""

    def logps(self, responses: Sequence[Response], *, blind: bool = False) -> Sequence[Values]:
        """Log-probability of each token of each response; `blind` withholds the pictures."""
        ...

    def entropies(self, responses: Sequence[Response]) -> Sequence[Values]:
        """Entropy, in nats, of the distribution that each token was drawn from."""
        ...


class CreditKind(Protocol):
    """A kind of credit: a frozen dataclass, the only public class of its file in `seewhy/evaluation/credits`.

    One that reads what is there of a chain, and calls no method of the model, has `asks_reference: ClassVar[bool] =
    False`; for it no reference is opened.
    """

    @property
    def words(self) -> str:
        """What the credit of a token is, to end a sentence that begins with "The credit of a token is"."""
        ...

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        """Of each chain of a question a number for each token; low where it is doubted."""
        ...


def response_of(chain: Chain) -> Response:
    """A chain as it is scored."""
    return Response(text=chain.text, token_ids=chain.token_ids)

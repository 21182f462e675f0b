"""A chain with its tokens coloured by credit: blue where the trained model likes them more, orange where less.

The scale is diverging and perceptually even: straight lines in Oklab (Ottosson 2020, "A perceptual color space for
image processing") from the colour of the page to a blue and to an orange that are equally far from it (`colours.css`).
Without colour the sign is read from a line above (more) or a broken one below (less), the size from its thickness.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup, escape

from seewhy.records.token_credit import TokenCredit

FULL = 0.95
"""Share of the tokens whose colour is not yet at full strength: one outlier must not pale all others."""
THIN, THICK = 1 / 3, 2 / 3
"""Strengths from which a token has a line, and a thicker one."""


class LogProbs(NamedTuple):
    """Log-probabilities of a token in nats, under the trained model and under the reference."""

    policy: float
    reference: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A stretch of a chain's text with the tokens that share it: several where a character is of several tokens.

    Example:
        >>> Spot(9, 11, ()).credit
        0
    """

    start: int
    end: int
    tokens: tuple[TokenCredit, ...]

    @property
    def credit(self) -> float:
        """The credit of its tokens together, in nats."""
        return sum(token.credit for token in self.tokens)

    @property
    def is_wrong(self) -> bool | None:
        """Whether it is in a sentence known to be wrong."""
        known = [token.wrong for token in self.tokens if token.wrong is not None]
        return any(known) if known else None


def find_scale(tokens: Sequence[TokenCredit]) -> float:
    """The absolute credit, in nats, that gets full colour: the same for all chains shown together."""
    sizes = sorted(abs(token.credit) for token in tokens)
    return sizes[int(FULL * (len(sizes) - 1))] if sizes else 0.0


def colour_chain(
    text: str, tokens: Sequence[TokenCredit], scale: float, logprobs: Mapping[int, LogProbs] | None = None
) -> Markup:
    """The chain as HTML: every character of `text` once and escaped, sentences known to be wrong or right in `<u>`.

    Args:
        text: the chain's.
        tokens: its tokens in order, with offsets into the text; those that share a character are one piece.
        scale: the absolute credit in nats at which the colour is full.
        logprobs: by position of a token, told beside its credit.

    Raises:
        ValueError: a token begins before the one before it, or is outside the text.
    """
    pieces: list[Markup] = []
    end = 0
    for is_wrong, run in groupby(spots_of(text, tokens), key=lambda spot: spot.is_wrong):
        members = list(run)
        pieces.append(escape(text[end : members[0].start]))
        inside = Markup("").join(_colour_run(text, members, scale, logprobs or {}))
        tag = Markup('<u class="{}">{}</u>')
        pieces.append(inside if is_wrong is None else tag.format("wrong" if is_wrong else "right", inside))
        end = members[-1].end
    pieces.append(escape(text[end:]))
    return Markup("").join(pieces)


def spots_of(text: str, tokens: Sequence[TokenCredit]) -> list[Spot]:
    """The stretches of a text that have tokens of their own, in order; errors as `colour_chain`.

    A token without characters, such as the first of two that make a character, belongs to the one that follows there.
    """
    spots: list[Spot] = []
    for token in tokens:
        last = spots[-1] if spots else Spot(0, 0, ())
        if not last.start <= token.start <= token.end <= len(text):
            raise ValueError(
                f"question {token.question_id!r}, chain {token.index}, token {token.position}: its place "
                f"{token.start}-{token.end} is before the one ahead of it or outside the text of {len(text)} "
                "characters; give the tokens in order, with offsets into this text"
            )
        if spots and (token.start < last.end or last.start == last.end == token.start):
            spots[-1] = Spot(last.start, max(last.end, token.end), (*last.tokens, token))
        else:
            spots.append(Spot(token.start, token.end, (token,)))
    return spots


def _colour_run(text: str, spots: Sequence[Spot], scale: float, logprobs: Mapping[int, LogProbs]) -> Iterator[Markup]:
    end = spots[0].start
    for spot in spots:
        yield escape(text[end : spot.start])
        yield _colour_spot(text[spot.start : spot.end], spot, scale, logprobs)
        end = spot.end


def _colour_spot(text: str, spot: Spot, scale: float, logprobs: Mapping[int, LogProbs]) -> Markup:
    strength = min(abs(spot.credit) / scale, 1.0) if scale > 0 else 0.0
    side = "praise" if spot.credit > 0 else "blame"
    size = " thick" if strength >= THICK else " thin" if strength >= THIN else ""
    told = "; ".join(_tell(token, logprobs.get(token.position)) for token in spot.tokens)
    end = "" if text else " end"
    tag = '<span class="token {}" style="--strength:{}" title="{}">{}</span>'
    return Markup(tag).format(f"{side}{size}{end}", f"{strength:.2f}", told, text)


def _tell(token: TokenCredit, logprobs: LogProbs | None) -> str:
    if logprobs is None:
        return f"{token.credit:+.3f} nats"
    difference = logprobs.policy - logprobs.reference
    return (f"credit {token.credit:+.3f} nats: policy {logprobs.policy:.3f}, reference {logprobs.reference:.3f}, "
            f"difference {difference:+.3f}")  # fmt: skip

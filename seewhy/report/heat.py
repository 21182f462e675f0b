"""A chain with its tokens coloured by credit: blue where the trained model likes them more, orange where less."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from markupsafe import Markup, escape

from seewhy.records.token_credit import TokenCredit

FULL = 0.95
"""Share of the tokens whose colour is not yet at full strength: one outlier must not pale all others."""
STRONGEST = 0.72
"""Opacity of a token at full strength: its text must stay readable on top."""


def find_scale(tokens: Sequence[TokenCredit]) -> float:
    """The absolute credit, in nats, that gets full colour: the same for all chains shown together."""
    sizes = sorted(abs(token.credit) for token in tokens)
    return sizes[int(FULL * (len(sizes) - 1))] if sizes else 0.0


def colour_chain(text: str, tokens: Sequence[TokenCredit], scale: float) -> Markup:
    """The chain as HTML: every character of `text` once and escaped, wrong sentences in `<u>`.

    `scale` is the absolute credit in nats at which the colour is full. Raises ValueError where the tokens
    overlap, or are outside the text.
    """
    _check_order(text, tokens)
    pieces: list[Markup] = []
    end = 0
    for is_wrong, run in groupby(tokens, key=lambda token: token.wrong is True):
        members = list(run)
        pieces.append(escape(text[end : members[0].start]))
        inside = Markup("").join(_colour_run(text, members, scale))
        pieces.append(Markup('<u class="wrong">{}</u>').format(inside) if is_wrong else inside)
        end = members[-1].end
    pieces.append(escape(text[end:]))
    return Markup("").join(pieces)


def _colour_run(text: str, tokens: Sequence[TokenCredit], scale: float) -> Iterator[Markup]:
    end = tokens[0].start
    for token in tokens:
        yield escape(text[end : token.start])
        yield _colour_token(text[token.start : token.end], token.credit, scale)
        end = token.end


def _colour_token(text: str, credit: float, scale: float) -> Markup:
    strength = min(abs(credit) / scale, 1.0) * STRONGEST if scale > 0 else 0.0
    side = "praise" if credit > 0 else "blame"
    tag = '<span class="token {}" style="--strength:{}" title="{} nats">{}</span>'
    return Markup(tag).format(side, f"{strength:.2f}", f"{credit:+.3f}", text)


def _check_order(text: str, tokens: Sequence[TokenCredit]) -> None:
    end = 0
    for token in tokens:
        if not end <= token.start <= token.end <= len(text):
            raise ValueError(
                f"question {token.question_id!r}, chain {token.index}, token {token.position}: its place "
                f"{token.start}-{token.end} overlaps the one before it or is outside the text of "
                f"{len(text)} characters; give the tokens in order, with offsets into this text"
            )
        end = token.end

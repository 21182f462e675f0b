"""The page of credit: a question's chains with their tokens coloured, and the log-probabilities behind each colour."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.datastructures import QueryParams

from seewhy.records.token_credit import TokenCredit
from seewhy.report.heat import LogProbs, colour_chain, find_scale
from seewhy.view.contexts import MOST_CHAINS, Context, Looks
from seewhy.view.filters import page_of
from seewhy.view.tables import Row, scan

MOST_NAMES = 500
"""Questions that the page offers."""
MOST_TOKENS = 3_000
"""Tokens of a page: each is a span and a row of a table, some 500 bytes."""
COLOURS = {
    "credit": "credit: log-probability under the trained model less under the reference, less the mean of the chain",
    "difference": "difference: log-probability under the trained model less under the reference",
}
"""What tokens may be coloured by."""


def credit(looks: Looks, ref: str, query: QueryParams) -> Context:
    """A question's chains with their tokens coloured; by the difference of log-probabilities where scores are there."""
    unit = looks.unit(ref, "credit")
    chains, scores = (looks.shelf.origin(ref, kind) for kind in ("chains", "scores"))
    found = looks.tables.rows(f"SELECT DISTINCT question_id FROM {scan(unit)} ORDER BY ALL LIMIT {MOST_NAMES}")
    names = [str(row["question_id"]) for row in found]
    name = query.get("id") or next(iter(names), "")
    colour = query.get("colour") or "credit"
    if colour not in COLOURS:
        raise ValueError(f"colour {colour!r}: there are {', '.join(COLOURS)}")
    tokens: defaultdict[int, list[TokenCredit]] = defaultdict(list)
    for row in looks.tables.of_question(unit, name):
        tokens[int(row["index"])].append(TokenCredit(**dict(row)))
    logprobs = {int(row["index"]): logprobs_of(row) for row in looks.tables.of_question(scores, name)} if scores else {}
    texts = looks.tables.of_question(chains, name, MOST_CHAINS) if chains else []
    questions = looks.shelf.origin(ref, "questions")
    return {
        "title": ref, "unit": unit, "names": names, "name": name, "colour": colour, "colours": COLOURS,
        "has_scores": bool(logprobs), "question": looks.question_of(questions, name),
        **coloured({int(row["index"]): str(row["text"]) for row in texts}, tokens, logprobs, colour, page_of(query)),
    }  # fmt: skip


def logprobs_of(row: Row) -> Mapping[int, LogProbs]:
    """The log-probabilities of a scored chain, by position."""
    return {position: LogProbs(float(one), float(other))
            for position, (one, other) in enumerate(zip(row["policy"], row["reference"], strict=True))}  # fmt: skip


def coloured(
    texts: Mapping[int, str], tokens: Mapping[int, Sequence[TokenCredit]],
    logprobs: Mapping[int, Mapping[int, LogProbs]], colour: str = "credit", page: int = 0,
) -> Context:  # fmt: skip
    """A page of chains in colour, each with the table of its tokens; those without tokens are left out.

    All chains of the question are on one scale. Of a chain longer than a page its first tokens are shown.
    """
    kept = {index: sorted(tokens[index], key=lambda token: token.position) for index in texts if tokens.get(index)}
    scale = find_scale([token for index, some in kept.items() for token in _by(colour, some, logprobs.get(index, {}))])
    pages = pages_of({index: len(some) for index, some in kept.items()})
    page = min(page, len(pages) - 1)
    shown = [_coloured_chain(index, texts[index], kept[index], logprobs.get(index, {}), colour, scale)
             for index in pages[page]]  # fmt: skip
    return {"scale": scale, "chains": shown, "page": page, "last": len(pages) - 1}


def _coloured_chain(
    index: int, text: str, tokens: Sequence[TokenCredit], logprobs: Mapping[int, LogProbs], colour: str, scale: float
) -> Context:
    some = tokens[:MOST_TOKENS]
    end = some[-1].end if len(tokens) > len(some) else len(text)
    return {
        "index": index, "left_out": len(tokens) - len(some),
        "marked": colour_chain(text[:end], _by(colour, some, logprobs), scale, logprobs or None),
        "tokens": [{"token": one, "logprobs": logprobs.get(one.position)} for one in some],
    }  # fmt: skip


def pages_of(lengths: Mapping[int, int]) -> list[list[int]]:
    """Chains in order, as many on a page as have `MOST_TOKENS` tokens together; one that has more is alone.

    Example:
        >>> pages_of({0: 2_000, 1: 1_000, 2: 1, 3: 9_000, 4: 5})
        [[0, 1], [2], [3], [4]]
    """
    pages: list[list[int]] = [[]]
    left = MOST_TOKENS
    for index, length in lengths.items():
        if length > left and pages[-1]:
            pages.append([])
            left = MOST_TOKENS
        pages[-1].append(index)
        left -= length
    return pages


def _by(colour: str, tokens: Sequence[TokenCredit], logprobs: Mapping[int, LogProbs]) -> Sequence[TokenCredit]:
    if colour == "credit":
        return tokens
    return [replace(one, credit=found.policy - found.reference) if (found := logprobs.get(one.position)) else one
            for one in tokens]  # fmt: skip

"""Texts of a page: differences of two replies by words, and a chain with its answer and its sentences marked."""

import difflib
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape

from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Extraction
from seewhy.records.types import MatchRule, Style

WORD = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST = 20_000
"""Characters of a text that are shown, compared or marked."""
TAIL = 4_000
"""Of these, of a text that is longer, those from its end."""


def pieces_of(text: str) -> Markup:
    """A text as it is shown: of a very long one its beginning and its end, and how much was left out."""
    if len(text) <= LONGEST:
        return escape(text)
    between = Markup('<em class="muted">[{} characters are not shown]</em>').format(f"{len(text) - LONGEST:,}")
    return Markup("\n").join([escape(text[: LONGEST - TAIL]), between, escape(text[-TAIL:])])


def differences(chosen: str, rejected: str) -> tuple[Markup, Markup, int]:
    """Both texts, the words that differ in `<ins>` and `<del>`, and how many characters the texts share before them.

    Example:
        >>> one, other, shared = differences("It is 12.", "It is 13.")
        >>> print(one, other, shared)
        It is <ins>12</ins>. It is <del>13</del>. 6
    """
    left, right = WORD.findall(chosen[:LONGEST]), WORD.findall(rejected[:LONGEST])
    one, other = Markup(), Markup()
    for tag, start, end, first, last in difflib.SequenceMatcher(a=left, b=right, autojunk=False).get_opcodes():
        mine, theirs = "".join(left[start:end]), "".join(right[first:last])
        same = tag == "equal"
        one += escape(mine) if same or not mine else Markup("<ins>{}</ins>").format(mine)
        other += escape(theirs) if same or not theirs else Markup("<del>{}</del>").format(theirs)
    shared = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    return one + _rest(chosen), other + _rest(rejected), len("".join(left[:shared]))


def _rest(text: str) -> Markup:
    left = len(text) - LONGEST
    return Markup('<em class="muted">[{} more characters]</em>').format(f"{left:,}") if left > 0 else Markup()


def marked_chain(
    chain: Mapping[str, Any], question: Mapping[str, Any] | None, spans: Sequence[Mapping[str, Any]]
) -> Markup:
    """A chain's text; the answer that is read from it in `<mark>`, judged sentences underlined by their score."""
    text = str(chain["text"])
    if len(text) > LONGEST:
        return pieces_of(text)
    cuts = _answer_place(text, chain, question)
    edges = sorted({0, len(text), *cuts, *(edge for span in spans for edge in (int(span["start"]), int(span["end"])))})
    shown = Markup()
    for start, end in pairwise(edges):
        piece = escape(text[start:end])
        score = next((float(s["score"]) for s in spans if s["start"] <= start and end <= s["end"]), None)
        if score is not None:
            level = "low" if score < 0.35 else "high" if score > 0.65 else "middle"
            piece = Markup('<u class="{}" title="score {}">{}</u>').format(level, f"{score:.2f}", piece)
        shown += Markup("<mark>{}</mark>").format(piece) if cuts and cuts[0] <= start and end <= cuts[1] else piece
    return shown


def answer_of(text: str, chain: Mapping[str, Any], question: Mapping[str, Any] | None) -> str | None:
    """The answer that judges read from a chain; None where there is none, or no question is known."""
    found = _found_answer(text, chain, question)
    return found.answer if found else None


def _answer_place(text: str, chain: Mapping[str, Any], question: Mapping[str, Any] | None) -> tuple[int, ...]:
    found = _found_answer(text, chain, question)
    return (found.start, found.end) if found else ()


def _found_answer(text: str, chain: Mapping[str, Any], question: Mapping[str, Any] | None) -> Extraction | None:
    if question is None:
        return None
    rule = MatchRule(question["gold"]["rule"])
    found = extract_answer(text, tuple(question["options"] or ()), rule=rule, style=Style(chain["style"]))
    return found if isinstance(found, Extraction) else None

"""Texts of a page: differences of two replies by words, and a chain with its answer and its sentences marked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from markupsafe import Markup, escape
from rapidfuzz.distance import LCSseq

from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Extraction
from seewhy.records.types import MatchRule, Style

WORD = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST, LEAST = 20_000, 2_000
"""Characters of a text that are shown: of the only one on a page, and of each of many."""
PAGE_TEXT = 600_000
"""Characters of all texts of a page, so that what a page sends does not grow with the run."""
READ = 200_000
"""Characters of a text in which the answer is marked."""


def length_of(texts: int) -> int:
    """How many characters of each text a page with so many of them shows.

    Example:
        >>> length_of(1), length_of(64), length_of(1000)
        (20000, 9375, 2000)
    """
    return max(LEAST, min(LONGEST, PAGE_TEXT // max(texts, 1)))


def pieces_of(text: str, most: int = LONGEST) -> Markup:
    """A text as it is shown: of a very long one its beginning and its end, and how much was left out."""
    (start, end), *rest = _windows(text, most)
    return Markup().join([escape(text[start:end]), *(_gap(end, one) + escape(text[one:last]) for one, last in rest)])


def _windows(text: str, most: int) -> list[tuple[int, int]]:
    """The parts of a text that are shown: all of it, or its first four fifths of `most` characters and its last."""
    tail = most // 5
    return [(0, len(text))] if len(text) <= most else [(0, most - tail), (len(text) - tail, len(text))]


def _gap(start: int, end: int) -> Markup:
    return Markup('\n<em class="muted">[{} characters are not shown]</em>\n').format(f"{end - start:,}")


def differences(chosen: str, rejected: str, most: int = LONGEST) -> tuple[Markup, Markup, int]:
    """Both texts, the words that differ in `<ins>` and `<del>`, and how many characters the texts share before them.

    What both have between two changes is shown as equal where there is a letter or digit in it.

    Example:
        >>> one, other, shared = differences("It is 12.", "It is 13.")
        >>> print(one, other, shared)
        It is <ins>12</ins>. It is <del>13</del>. 6
    """
    left, right = WORD.findall(chosen[:most]), WORD.findall(rejected[:most])
    one, other = list[str](), list[str]()
    for mine, theirs, same in _changes(left, right):
        one.append(escape(mine) if same or not mine else f"<ins>{escape(mine)}</ins>")
        other.append(escape(theirs) if same or not theirs else f"<del>{escape(theirs)}</del>")
    shared = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    chosen_marked, rejected_marked = (Markup("".join(pieces)) for pieces in (one, other))
    return chosen_marked + _rest(chosen, most), rejected_marked + _rest(rejected, most), len("".join(left[:shared]))


def _changes(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """Equal and differing parts in turn, by the longest common subsequence of words."""
    steps = [(one.tag == "equal", left[one.src_start : one.src_end], right[one.dest_start : one.dest_end])
             for one in LCSseq.opcodes(left, right)]  # fmt: skip
    last = len(steps) - 1
    spoken = [same and (number in {0, last} or any(word[0].isalnum() for word in mine))
              for number, (same, mine, _) in enumerate(steps)]  # fmt: skip
    for same, group in groupby(zip(spoken, steps, strict=True), key=itemgetter(0)):
        parts = [step for _, step in group]
        yield "".join(w for _, mine, _ in parts for w in mine), "".join(w for *_, theirs in parts for w in theirs), same


def _rest(text: str, most: int) -> Markup:
    left = len(text) - most
    return Markup('<em class="muted">[{} more characters]</em>').format(f"{left:,}") if left > 0 else Markup()


def marked_chain(
    chain: Mapping[str, Any], question: Mapping[str, Any] | None, spans: Sequence[Mapping[str, Any]],
    most: int = LONGEST,
) -> Markup:  # fmt: skip
    """A chain's text; the answer that is read from it in `<mark>`, judged sentences underlined by their score."""
    text = str(chain["text"])
    cuts = _answer_place(text, chain, question)
    windows = _windows(text, most)
    edges = {edge for span in spans for edge in (int(span["start"]), int(span["end"]))} | set(cuts)
    shown = Markup()
    for number, (first, last) in enumerate(windows):
        shown += _gap(windows[0][1], first) if number else Markup()
        for start, end in pairwise(sorted({first, last, *(edge for edge in edges if first < edge < last)})):
            shown += _marked_piece(text, start, end, cuts, spans)
    return shown


def _marked_piece(text: str, start: int, end: int, cuts: tuple[int, ...], spans: Sequence[Mapping[str, Any]]) -> Markup:
    piece = escape(text[start:end])
    score = next((float(s["score"]) for s in spans if s["start"] <= start and end <= s["end"]), None)
    if score is not None:
        level = "low" if score < 0.35 else "high" if score > 0.65 else "middle"
        piece = Markup('<u class="{}" title="score {}">{}</u>').format(level, f"{score:.2f}", piece)
    return Markup("<mark>{}</mark>").format(piece) if cuts and cuts[0] <= start and end <= cuts[1] else piece


def answer_of(text: str, chain: Mapping[str, Any], question: Mapping[str, Any] | None) -> str | None:
    """The answer that judges read from a chain; None where there is none, or no question is known."""
    found = _found_answer(text, chain, question)
    return found.answer if found else None


def _answer_place(text: str, chain: Mapping[str, Any], question: Mapping[str, Any] | None) -> tuple[int, ...]:
    found = _found_answer(text, chain, question) if len(text) <= READ else None
    return (found.start, found.end) if found else ()


def _found_answer(text: str, chain: Mapping[str, Any], question: Mapping[str, Any] | None) -> Extraction | None:
    if question is None:
        return None
    rule = MatchRule(question["gold"]["rule"])
    found = extract_answer(text, tuple(question["options"] or ()), rule=rule, style=Style(chain["style"]))
    return found if isinstance(found, Extraction) else None

r"""Cut a chain into sentences or steps at exact character offsets, in linear time.

Decimals, abbreviations, initials, list numbers, LaTeX and code stay whole. A line ends a sentence unless the next goes
on in lower case; the answer line is a sentence of its own.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from seewhy.model.prompts import ANSWER_MARK

WHOLE = re.compile(
    r"```.{0,2000}?```|`[^`\n]{1,200}`"
    r"|\$\$.{1,1000}?\$\$|\\\[.{1,1000}?\\\]|\\\(.{1,400}?\\\)|\\begin\{(\w{1,20}\*?)\}.{0,2000}?\\end\{\1\}"
    r"|(?<![\\\w$])\$(?=[^\s$])[^$\n]{0,400}?(?<=[^\s\\])\$(?![\d$])",
    re.DOTALL,
)
"""What holds no end of a sentence. A dollar before a space, or closing before a digit, is money, as in pandoc."""
END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+(?=\s|$)|[。！？]++[”’」』）]*+|\n++")
WORD_BEFORE = re.compile(r"[\w.\-]*\Z")
LIST_NUMBER = re.compile(r"(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})\Z")
GOES_ON = re.compile(r"\s*[a-z,;:=+*/<>\-−×÷)]")
OPERATOR_AFTER = re.compile(r"\s*[,;:=+*/<>−×÷)]")
INNER_DOTS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]\Z")

TITLES = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "mt", "ft", "jr", "sr", "rev", "gen", "col", "sgt", "capt", "lt", "vs", "cf",
    "ca", "approx", "fig", "figs", "eq", "eqs", "sec", "no", "nos", "vol", "pp", "ref", "refs", "e.g", "i.e", "resp",
})  # fmt: skip
"""Their dot never ends a sentence: something must follow."""
SHORTENED = frozenset({
    "etc", "al", "inc", "ltd", "co", "corp", "a.m", "p.m", "u.s", "u.k", "d.c", "ph.d", "est", "avg", "dept",
})  # fmt: skip
"""Their dot ends a sentence only before a capital letter."""
LABELS = frozenset({
    "option", "options", "choice", "answer", "letter", "label", "case", "point", "row", "column", "cell", "grade",
    "step", "is", "are",
})  # fmt: skip
"""A capital letter after one of these is a label, not an initial."""


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of each sentence, without the space around it; together they hold all but white space.

    Example:
        >>> text = "Dr. Lee read 3.5 cm, e.g. $a. b$. Half is 1.75! ### Answer: 1.75"
        >>> [text[start:end] for start, end in split_sentences(text)]
        ['Dr. Lee read 3.5 cm, e.g. $a. b$.', 'Half is 1.75!', '### Answer: 1.75']
    """
    spans = [(whole.start(), whole.end()) for whole in WHOLE.finditer(text)]
    starts = [start for start, _ in spans]
    cuts = [0, *_marks(text)]
    begin = 0
    for end in END.finditer(text):
        inside = bisect_right(starts, end.start()) - 1
        if inside >= 0 and end.start() < spans[inside][1]:
            continue
        if _ends_here(text, begin, end):
            cuts.append(end.end())
            begin = end.end()
    edges = [*sorted(set(cuts)), len(text)]
    return tuple(_trimmed(text, edges))


def split_steps(text: str, most: int) -> tuple[tuple[int, int], ...]:
    """Start and end of each paragraph, or of each sentence where there is one paragraph; at most `most`.

    Where there are more, neighbours are joined, so that the steps are of equal number of parts to within one.

    Example:
        >>> split_steps("It is. It was. So be it.", 2)
        ((0, 14), (15, 24))
    """
    parts = _paragraphs(text)
    if len(parts) < 2:
        parts = split_sentences(text)
    if len(parts) <= most:
        return parts
    firsts = [len(parts) * number // most for number in range(most)] + [len(parts)]
    # The longer steps come first: the last one, with the answer, is kept as small as it can be.
    sizes = sorted((after - before for before, after in pairwise(firsts)), reverse=True)
    steps: list[tuple[int, int]] = []
    at = 0
    for size in sizes:
        steps.append((parts[at][0], parts[at + size - 1][1]))
        at += size
    return tuple(steps)


def repeats_of(sentences: Sequence[str]) -> tuple[bool, ...]:
    """Whether each sentence has been said before, case and spaces aside.

    Example:
        >>> repeats_of(["It is red.", "So.", "it  is red."])
        (False, False, True)
    """
    seen: set[str] = set()
    repeated: list[bool] = []
    for sentence in sentences:
        folded = " ".join(sentence.casefold().split())
        repeated.append(folded in seen)
        seen.add(folded)
    return tuple(repeated)


def _paragraphs(text: str) -> tuple[tuple[int, int], ...]:
    edges = [0, *(blank.end() for blank in re.finditer(r"\n[ \t]*\n\s*", text)), len(text)]
    return tuple(_trimmed(text, edges))


def _marks(text: str) -> Iterator[int]:
    """Where an answer line begins."""
    return (mark.start() for mark in re.finditer(re.escape(ANSWER_MARK), text))


def _ends_here(text: str, begin: int, end: re.Match[str]) -> bool:
    """Whether a candidate for the end of a sentence that begins at `begin` is one."""
    if end[0][0] == "\n":
        return len(end[0]) > 1 or not GOES_ON.match(text, end.end()) or _is_ended(text, begin, end.start())
    if OPERATOR_AFTER.match(text, end.end()):
        return False
    if end[0][0] != "." or end[0].startswith(".."):
        return end[0][0] not in ".…" or not GOES_ON.match(text, end.end())
    return _stops(text, begin, end)


def _is_ended(text: str, begin: int, at: int) -> bool:
    """Whether a line was already over before its newline: it says nothing, or closes with a stop."""
    said = text[max(begin, at - 8) : at].rstrip()
    return not said or said[-1] in ".!?:"


def _stops(text: str, begin: int, end: re.Match[str]) -> bool:
    """Whether a single full stop ends its sentence, by the word before it."""
    window = text[max(begin, end.start() - 40) : end.start()]
    found = WORD_BEFORE.search(window)
    word = found[0] if found else ""
    before = window[: len(window) - len(word)].split()
    follows = text[end.end() : end.end() + 8].lstrip()[:1]
    if not before and begin + 40 > end.start() and LIST_NUMBER.match(word):
        return False
    folded = word.casefold().strip(".-")
    if folded == "no" and not follows.isdecimal():
        return True
    if folded in TITLES:
        return not follows
    if folded in SHORTENED or INNER_DOTS.match(word):
        return not follows or follows.isupper()
    is_initial = len(word) == 1 and word.isupper() and follows.isupper()
    return not (is_initial and before and before[-1][:1].isupper() and before[-1].casefold() not in LABELS)


def _trimmed(text: str, edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    for start, end in pairwise(edges):
        part = text[start:end]
        if part.strip():
            yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())

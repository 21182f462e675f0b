"""What a report shows of much: its page stays small enough to open, whatever the size of the run."""

import io
import math
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from seewhy.records.measures import Scorecard
from seewhy.records.pictures import PictureError, check_picture, read_pixels
from seewhy.report.inputs import Credit, CreditChain, ReportInput, Sample, TrainingRun

MOST_TEXT, MOST_OPTION = 4_000, 500
"""Characters of a question or chain, and of an option."""
MOST_TOKENS = 1_500
"""Tokens of a coloured chain."""
MOST_CHAINS = 24
"""Sample questions, and coloured chains of a credit."""
MOST_ALARMS = 20
MOST_VALUES = 24
"""Values of a facet: those of most questions."""
MOST_POINTS = 1_000
"""Points of a line."""
MOST_BARS = 32
SMALL = 40_000
"""Bytes up to which a picture is taken as it is."""
SIDE = 480
"""Pixels of a thumbnail's longer side."""
SHOWN = ("PNG", "JPEG", "WEBP", "GIF")
"""Formats that browsers show."""
Point = tuple[int, float]


def bounded(report: ReportInput) -> ReportInput:
    """The report with as many samples, tokens, alarms and characters as a page has room for; the rest is counted."""
    return replace(
        report,
        samples=tuple(_sample(one) for one in report.samples[:MOST_CHAINS]),
        credits=tuple(_credit(one) for one in report.credits),
        training=tuple(_training(one) for one in report.training),
    )


def shorten(text: str, most: int = MOST_TEXT) -> str:
    """A text, or its beginning and how much of it is left out.

    Example:
        >>> shorten("It is 12.", most=5)
        'It is [4 more characters]'
    """
    return text if len(text) <= most else f"{text[:most]} [{len(text) - most:,} more characters]"


def _sample(sample: Sample) -> Sample:
    question = replace(sample.question, text=shorten(sample.question.text),
                       options=tuple(shorten(one, MOST_OPTION) for one in sample.question.options))  # fmt: skip
    return replace(sample, question=question, replies=tuple(replace(one, text=shorten(one.text))
                                                            for one in sample.replies))  # fmt: skip


def _credit(credit: Credit) -> Credit:
    return replace(credit, chains=tuple(_chain(one) for one in credit.chains[:MOST_CHAINS]))


def _chain(chain: CreditChain) -> CreditChain:
    question = replace(chain.question, text=shorten(chain.question.text))
    if len(chain.tokens) <= MOST_TOKENS:
        return replace(chain, question=question)
    tokens = chain.tokens[:MOST_TOKENS]
    left = len(chain.tokens) - MOST_TOKENS
    return replace(chain, question=question, tokens=tokens,
                   text=f"{chain.text[: tokens[-1].end]} [{left:,} more tokens]")  # fmt: skip


def _training(run: TrainingRun) -> TrainingRun:
    left = len(run.alarms) - MOST_ALARMS
    return run if left <= 0 else replace(run, alarms=(*run.alarms[:MOST_ALARMS], f"and {left:,} more"))


def with_most_asked(cards: Sequence[Scorecard], facet: str) -> tuple[list[Scorecard], str]:
    """The cards with the values of a facet that most questions have, and how many of how many these are, in words."""
    asked = Counter[str]()
    for card in cards:
        for row in card.breakdown:
            if row.facet == facet:
                asked[row.value] = max(asked[row.value], row.n)
    if len(asked) <= MOST_VALUES:
        return list(cards), ""
    kept = {value for value, _ in asked.most_common(MOST_VALUES)}
    shown = [replace(card, breakdown=tuple(row for row in card.breakdown if row.facet != facet or row.value in kept))
             for card in cards]  # fmt: skip
    return shown, f"the {MOST_VALUES} most frequent of {len(asked):,} values"


def extremes(points: Sequence[Point]) -> list[Point]:
    """Points of a line as it looks: of each stretch of a long one the lowest and the highest, in order.

    Example:
        >>> len(extremes([(i, float(i % 7)) for i in range(100_000)]))
        1000
    """
    ends = [{min(part, key=_value), max(part, key=_value)} for part in _stretches(points, MOST_POINTS // 2)]
    return [one for pair in ends for one in sorted(pair)]


def averages(points: Sequence[Point]) -> list[Point]:
    """Points of a line, of a long one the mean of each stretch at its middle.

    Example:
        >>> averages([(i, float(i)) for i in range(3_000)])[:2]
        [(1, 1.0), (4, 4.0)]
    """
    parts = _stretches(points, MOST_POINTS)
    return [(part[len(part) // 2][0], math.fsum(value for _, value in part) / len(part)) for part in parts]


def _stretches(points: Sequence[Point], most: int) -> list[Sequence[Point]]:
    """Parts of a long line, `most` at most; of a short one each point."""
    size = math.ceil(len(points) / most) if len(points) > MOST_POINTS else 1
    return [points[start : start + size] for start in range(0, len(points), size)]


def _value(point: Point) -> float:
    return point[1]


def encode_picture(picture: bytes | None) -> str:
    """A picture as a data URI, so that the page needs no other file: a large one, or one in a format that browsers do
    not show, as a thumbnail. Empty where there is none that can be read.
    """
    if not picture:
        return ""
    try:
        kind = check_picture(picture)
        if kind in SHOWN and len(picture) <= SMALL:
            return f"data:image/{kind.lower()};base64,{b64encode(picture).decode()}"
        small = read_pixels(picture)
    except PictureError:
        return ""
    small.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    small.save(file, format="JPEG", quality=80)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"

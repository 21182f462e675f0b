"""Numbers as a reader wants them: percent, points, counts, times, always with their interval."""

import re

from seewhy.records.measured_doubts import Overlap
from seewhy.records.measures import Interval, Selection
from seewhy.records.types import Outcome, Style

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"

MARKED = re.compile(r"([\\`*_\[\]<>#|])")

_SCALES = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


def say_percent(share: float) -> str:
    """A share as percent with one decimal.

    Example:
        >>> say_percent(0.312).replace(SPACE, " ")
        '31.2 %'
    """
    return f"{say_hundredths(share)}{SPACE}%"


def say_hundredths(share: float) -> str:
    """A share times 100, without its unit, for columns and axes that carry the unit once."""
    return f"{100 * share:.1f}"


def say_points(difference: float) -> str:
    """A difference of shares in percentage points, always signed; what rounds to zero has no sign.

    Example:
        >>> say_points(0.328), say_points(-0.0121), say_points(0.0001)
        ('+32.8', '−1.2', '0.0')
    """
    size = say_hundredths(abs(difference))
    if size == "0.0":
        return size
    return f"{'+' if difference > 0 else MINUS}{size}"


def say_percent_range(interval: Interval) -> str:
    """The ends of an interval of shares, times 100."""
    return f"{say_hundredths(interval.low)}–{say_hundredths(interval.high)}"


def say_plain_range(interval: Interval) -> str:
    """The ends of an interval of numbers without a unit, such as an AUROC."""
    return f"{interval.low:.2f} to {interval.high:.2f}"


def say_count(number: int) -> str:
    """A count with thousands apart: 12,345."""
    return f"{number:,}"


def say_amount(number: float) -> str:
    """A large number with three figures and a scale letter.

    Example:
        >>> say_amount(2_134_000).replace(SPACE, " "), say_amount(812)
        ('2.13 M', '812')
    """
    for scale, letter in _SCALES:
        if number >= scale:
            return f"{number / scale:.3g}{SPACE}{letter}"
    return f"{number:.3g}"


def say_seconds(seconds: float) -> str:
    """A time in the unit a person would choose.

    Example:
        >>> [say_seconds(t).replace(SPACE, " ") for t in (4.21, 185, 3720)]
        ['4.2 s', '3 min 05 s', '1 h 02 min']
    """
    if seconds < 59.95:
        return f"{seconds:.1f}{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{SPACE}min{SPACE}{rest:02d}{SPACE}s"
    return f"{minutes // 60}{SPACE}h{SPACE}{minutes % 60:02d}{SPACE}min"


def say_p(p: float) -> str:
    """A p-value with three decimals, or the bound below which none are printed."""
    return f"<{SPACE}0.001" if p < 0.001 else f"{p:.3f}"


def say_style(style: Style) -> str:
    """A prompt style as a heading."""
    match style:
        case Style.DIRECT:
            return "Direct answer"
        case Style.REASON:
            return "Chain of thought"
        case Style.PLAIN:
            return "Question's own words"


def say_asked(style: Style) -> str:
    """How the model was asked, as part of a sentence."""
    match style:
        case Style.DIRECT:
            return "asked directly"
        case Style.REASON:
            return "asked to reason"
        case Style.PLAIN:
            return "asked in the question's own words"


def say_outcome(outcome: Outcome) -> str:
    """A verdict as a badge shows it."""
    match outcome:
        case Outcome.CORRECT:
            return "right"
        case Outcome.INCORRECT:
            return "wrong"
        case Outcome.NO_ANSWER:
            return "no answer"
        case Outcome.UNJUDGED:
            return "unjudged"


def say_selection(method: Selection) -> str:
    """A way to choose among chains, as a legend shows it."""
    match method:
        case Selection.SELF_CONSISTENCY:
            return "Majority vote (self-consistency)"
        case Selection.BEST_OF_N:
            return "Best of N by implicit reward"
        case Selection.WEIGHTED_VOTE:
            return "Vote weighted by implicit reward"
        case Selection.PASS_AT_K:
            return "Any chain right (pass@k)"


def say_plural(number: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 pair, 2,000 pairs, 3 replies."""
    return f"{say_count(number)} {one if number == 1 else many or one + 's'}"


def say_overlap(overlap: Overlap) -> str:
    """How many questions of a measurement were in sight when the model was trained.

    Example:
        >>> say_overlap(Overlap(model="sft", n=100, seen=12, same=3))
        '12 of 100 questions show a picture of a training question or ask the same, 3 of them are that question'
    """
    same = f", {say_count(overlap.same)} of them {'is' if overlap.same == 1 else 'are'} that question"
    asked = f"{say_count(overlap.seen)} of {say_plural(overlap.n, 'question')}"
    return f"{asked} show a picture of a training question or ask the same{same if overlap.same else ''}"


def say_marked(text: str) -> str:
    r"""Text that Markdown shows as it is, on one line.

    Example:
        >>> print(say_marked("a_b | c"))
        a\_b \| c
    """
    return MARKED.sub(r"\\\1", " ".join(text.split()))

"""One difference out of several runs of a recipe that differ in their seeds, and what it says of a claim."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from seewhy.evaluation.compare import paired_difference
from seewhy.records.measures import Comparison
from seewhy.records.types import Outcome, Verdict


class Claim(StrEnum):
    """What is claimed of a difference, second minus first."""

    MORE = "more"
    LESS = "less"
    NOT_LESS = "not less"
    """By more than `MARGIN`."""
    SAME = "same"
    """Within `MARGIN` to either side."""


class Standing(StrEnum):
    """What the runs say of a claim."""

    HELD = "held"
    NOT_HELD = "not held"
    CANNOT_TELL = "cannot tell"


MARGIN = 0.02
"""Share of questions by which two models may differ and still count as about as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledDifference:
    """The difference over all runs together, and of each run.

    Example:
        >>> whole = Comparison(difference=0.05, low=0.03, high=0.07, p_value=0.001, n=2400, gained=200, lost=80,
        ...                    unjudged=0)
        >>> standing_of(PooledDifference(whole=whole, each=(0.06, 0.05, 0.04)), Claim.MORE)
        <Standing.HELD: 'held'>
    """

    whole: Comparison
    each: tuple[float, ...]
    """Of each run, in their order."""


def pooled_difference(
    runs: Sequence[tuple[Iterable[Verdict], Iterable[Verdict]]], clusters: Mapping[str, str]
) -> PooledDifference:
    """Share correct of the second side minus that of the first, over the questions of all runs.

    The interval is that of `paired_difference` with all questions on one picture as one cluster, those of other runs
    among them: it is of these trainings on other questions. How trainings differ is seen in `each`.

    Args:
        runs: of each run both sides' verdicts, one a question.
        clusters: question id to the key of its picture; the same question may be in several runs.

    Raises:
        ValueError: there is no run, or the two sides of one have other questions.
    """
    first: list[Verdict] = []
    second: list[Verdict] = []
    keys: dict[str, str] = {}
    each: list[float] = []
    for number, (before, after) in enumerate(runs):
        sides = [[replace(row, question_id=f"{number}/{row.question_id}") for row in rows] for rows in (before, after)]
        keys |= {f"{number}/{name}": key for name, key in clusters.items()}
        each.append(paired_difference(*sides, clusters=keys).difference)
        first += sides[0]
        second += sides[1]
    return PooledDifference(whole=paired_difference(first, second, clusters=keys), each=tuple(each))


def standing_of(found: PooledDifference, claim: Claim) -> Standing:
    """Held where the interval is inside the claimed range, not held where it is outside; and every run points there."""
    low, high, least, most = found.whole.low, found.whole.high, min(found.each), max(found.each)
    match claim:
        case Claim.MORE:
            return _standing(low > 0 and least > 0, high < 0 and most < 0)
        case Claim.LESS:
            return _standing(high < 0 and most < 0, low > 0 and least > 0)
        case Claim.NOT_LESS:
            return _standing(low > -MARGIN, high < -MARGIN and most < 0)
        case Claim.SAME:
            is_off = (high < -MARGIN and most < 0) or (low > MARGIN and least > 0)
            return _standing(low > -MARGIN and high < MARGIN, is_off)


def together(standings: Iterable[Standing]) -> Standing:
    """Of a claim with several parts: not held where one is not, held where all are."""
    found = set(standings)
    if not found:
        raise ValueError("a claim has one part at least")
    if Standing.NOT_HELD in found:
        return Standing.NOT_HELD
    return Standing.HELD if found == {Standing.HELD} else Standing.CANNOT_TELL


def share_correct(runs: Sequence[Iterable[Verdict]]) -> float:
    """Correct over judged verdicts of all runs."""
    judged = [row for rows in runs for row in rows if row.outcome is not Outcome.UNJUDGED]
    if not judged:
        raise ValueError("no verdict is judged")
    return sum(row.outcome is Outcome.CORRECT for row in judged) / len(judged)


def _standing(is_held: bool, is_refuted: bool) -> Standing:
    if is_held:
        return Standing.HELD
    return Standing.NOT_HELD if is_refuted else Standing.CANNOT_TELL

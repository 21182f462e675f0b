"""The rows that hold results: shares with their intervals, scorecards, comparisons and curves.

Like the nouns of `types.py` they are frozen, slotted, keyword-only, and do no I/O.
"""

from dataclasses import dataclass
from enum import StrEnum

from seewhy.records.types import Split, Style


class Selection(StrEnum):
    """How one answer is chosen among several chains of a question; pass@k is the bound no choice can beat."""

    SELF_CONSISTENCY = "self_consistency"
    BEST_OF_N = "best_of_n"
    WEIGHTED_VOTE = "weighted_vote"
    PASS_AT_K = "pass_at_k"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A share with its confidence interval, all from 0.0 to 1.0.

    Example:
        >>> Interval(value=0.5, low=0.4, high=0.6).value
        0.5
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetScore:
    """The accuracy on the questions that share one value of a facet.

    Example:
        >>> FacetScore(facet="kind", value="row_sum", n=3, unjudged=3, accuracy=None).accuracy is None
        True
    """

    facet: str
    value: str
    n: int
    """Questions with this value, the unjudged ones included."""
    unjudged: int
    accuracy: Interval | None
    """Share correct of the judged questions; None where none was judged."""
    no_answer: int = 0
    """Questions whose reply holds no answer; they count as not correct."""
    score: Interval | None = None
    """Mean score of the judged questions; None where none was judged, or several samples were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """How well one model answers one split of a benchmark with one prompt style.

    Example:
        >>> card = Scorecard(
        ...     model="tiny", benchmark="inkgrid", split=Split.TEST, style=Style.REASON, blind=False, n=4,
        ...     accuracy=Interval(value=0.5, low=0.15, high=0.85), correct=2, incorrect=1, no_answer=1, unjudged=0)
        >>> card.correct + card.incorrect + card.no_answer + card.unjudged == card.n
        True
    """

    model: str
    benchmark: str
    split: Split
    style: Style
    blind: bool
    """Whether the pictures were withheld from the model."""
    n: int
    accuracy: Interval
    """Share correct of the judged questions: correct / (n - unjudged)."""
    correct: int
    incorrect: int
    no_answer: int
    unjudged: int
    breakdown: tuple[FacetScore, ...] = ()
    score: Interval | None = None
    """Mean score of the judged questions; it is above or below the accuracy where a rule knows half-right answers."""
    clusters: int | None = None
    """Pictures (or other clusters) that the judged questions are of; None where each question is its own."""
    detectable: float | None = None
    """Smallest gain in accuracy that a test of this size finds in 4 of 5 cases, from 0.0 to 1.0; None: none at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """Expected accuracy when one answer is chosen among `n` random chains of each question.

    Example:
        >>> CurvePoint(method=Selection.BEST_OF_N, n=8, value=0.6, low=0.55, high=0.65).n
        8
    """

    method: Selection
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PolarScore:
    """How well yes-or-no questions are answered, with "yes" as the positive class (POPE, arXiv 2305.10355).

    Example:
        >>> half = Interval(value=0.5, low=0.1, high=0.9)
        >>> PolarScore(facet="", value="", n=4, no_answer=0, precision=half, recall=half, f1=half, yes_share=half).n
        4
    """

    facet: str
    value: str
    """The kind of question; both are empty for all questions."""
    n: int
    no_answer: int
    """Replies that say neither yes nor no: never a yes, and a miss where the gold answer is yes."""
    precision: Interval | None
    """None where no reply says yes."""
    recall: Interval | None
    """None where no gold answer is yes."""
    f1: Interval | None
    yes_share: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Several samples of one model on the same questions: what one of them scores, and what all of them could.

    Example:
        >>> Repeats(samples=2, n=1, accuracy=Interval(value=0.5, low=0.0, high=1.0), each=(0.0, 1.0), deviation=0.707,
        ...         no_answer=0, unjudged=0, curves=()).each
        (0.0, 1.0)
    """

    samples: int
    """Replies to each question."""
    n: int
    """Questions all of whose replies are judged; the others are left out."""
    accuracy: Interval
    """Mean over questions of the share of correct replies; the interval is over questions."""
    each: tuple[float, ...]
    """Accuracy of the first reply to each question, of the second, and so on."""
    deviation: float
    """Standard deviation of `each`, with n - 1."""
    no_answer: int
    """Replies without an answer, over all samples."""
    unjudged: int
    """Questions left out because a reply to them is unjudged."""
    curves: tuple[CurvePoint, ...]
    """pass@k and majority vote of k."""
    breakdown: tuple[FacetScore, ...] = ()
    """Mean over the questions of one kind of their share of correct replies; counts are of questions and replies."""
    detectable: float | None = None
    """Smallest gain that a test of these samples finds in 4 of 5 cases; None where nothing varies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed from a first set of verdicts to a second on the same questions.

    Example:
        >>> Comparison(difference=0.1, low=0.02, high=0.18, p_value=0.01, n=100, gained=15, lost=5, unjudged=0).gained
        15
    """

    difference: float
    """Share correct of the second minus share correct of the first, from -1.0 to 1.0."""
    low: float
    high: float
    p_value: float
    """Two-sided, of the hypothesis that nothing changed."""
    n: int
    """Questions that both sides have judged."""
    gained: int
    """Questions that only the second has right."""
    lost: int
    """Questions that only the first has right."""
    unjudged: int
    """Questions left out because a side is unjudged."""
    detectable: float | None = None
    """Smallest difference that a test of as many pairs, of which as many change, finds in 4 of 5 cases."""


class Preferred(StrEnum):
    """Which of two replies is better, by the place they were shown at."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A chain against its rival, judged in both orders.

    Example:
        >>> contest = Contest(question_id="q", index=0, style=Style.REASON, ahead=Preferred.FIRST,
        ...                   behind=Preferred.TIE)
        >>> contest.behind
        <Preferred.TIE: 'tie'>
    """

    question_id: str
    index: int
    style: Style
    ahead: Preferred | None
    """What is better where the chain is shown first and its rival second; None where it could not be judged."""
    behind: Preferred | None
    """What is better where the rival is shown first and the chain second; None where it could not be judged."""
    why: str = ""
    """Why it could not be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRate:
    """How often chains beat their rivals, and how far the order in which they were shown decided.

    Example:
        >>> half = Interval(value=0.5, low=0.1, high=0.9)
        >>> WinRate(n=2, wins=1, ties=0, losses=1, unjudged=0, won=half, score=half, first=half, agreement=1.0).wins
        1
    """

    n: int
    """Contests that both orders could judge: wins + ties + losses."""
    wins: int
    """Contests in which the orders together prefer the chain."""
    ties: int
    """Contests that both orders call a tie, or in which they contradict each other."""
    losses: int
    unjudged: int
    won: Interval
    """wins / n: a tie is not won."""
    score: Interval
    """Mean over orders, with a win worth 1 and a tie worth one half; the interval is over questions."""
    first: Interval | None
    """Share of the orders that call no tie in which the reply shown first is preferred: 0.5 where the place does not
    count; None where every order calls a tie."""
    agreement: float
    """Share of contests in which both orders prefer the same reply, or both call a tie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a judge is worth on chains whose truth is known.

    Example:
        >>> all_right = Interval(value=1.0, low=0.5, high=1.0)
        >>> Calibration(judge="j", n=4, unjudged=Interval(value=0.0, low=0.0, high=0.5), accuracy=all_right, kappa=1.0,
        ...             brier=0.0, true_right=2, false_right=0, true_wrong=2, false_wrong=0).kappa
        1.0
    """

    judge: str
    n: int
    """Chains whose truth is known."""
    unjudged: Interval
    """Share of them that the judge could not judge."""
    accuracy: Interval | None
    """Share of the judged chains that it calls rightly; None where it judged none."""
    kappa: float | None
    """Cohen's kappa of its calls and the truth; None where both are all alike, so that chance agrees fully too."""
    brier: float | None
    """Mean squared distance of its belief from the truth, 0.0 best; 0.25 is what a belief of one half always gives."""
    true_right: int
    """Right chains that it calls right."""
    false_right: int
    """Wrong chains that it calls right."""
    true_wrong: int
    false_wrong: int
    """Right chains that it calls wrong."""

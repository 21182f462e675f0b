"""Whether one model is better than another on the same questions."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.stats import binom

from seewhy.evaluation.intervals import Floats, Ints, design_effect, name_ids, number_clusters, student_quantile
from seewhy.evaluation.paired_power import minimal_paired_difference
from seewhy.evaluation.scorecard import is_correct, verdict_by_question
from seewhy.records.measures import Comparison
from seewhy.records.types import Verdict


def paired_difference(
    first: Iterable[Verdict],
    second: Iterable[Verdict],
    *,
    clusters: Mapping[str, str] | None = None,
    confidence: float = 0.95,
) -> Comparison:
    """Share correct of `second` minus that of `first`, paired by question id.

    The interval is the adjusted Wald one of Bonett and Price (2012): one question more is taken as gained and one
    as lost, so that it keeps a width where no answer changed, which a bootstrap does not. The numbers of questions,
    gained, lost and in all, are divided by the design effect of the clusters first (Miller 2024, arXiv 2411.00640,
    eq. 4, over the independent variance; never below 1), and Student's t on clusters - 1 degrees replaces the normal,
    since clusters may be few.
    The p-value is exact: under no change each cluster's gain is as likely as the same loss. Where every question
    is its own cluster that is McNemar's exact test. A question with an UNJUDGED side is left out and counted.

    Args:
        first: one verdict a question.
        second: one verdict a question, of the same questions.
        clusters: question id to the key of its cluster, such as its picture; None takes questions as independent.
        confidence: of the interval.

    Raises:
        ValueError: the two have other questions, two verdicts of one, or no question that both have judged.
    """
    before, after = verdict_by_question(first), verdict_by_question(second)
    changes = _changes(before, after)
    if not changes:
        raise ValueError("no question is judged on both sides: nothing to compare")
    change = np.array(list(changes.values()), dtype=np.int64)
    cluster = number_clusters(list(changes), clusters)
    low, high = _adjusted_wald(change, cluster, confidence)
    return Comparison(
        difference=float(change.mean()),
        low=low,
        high=high,
        p_value=sign_flip_p(np.bincount(cluster, weights=change).astype(np.int64).tolist()),
        n=len(change),
        gained=int((change > 0).sum()),
        lost=int((change < 0).sum()),
        unjudged=len(before) - len(change),
        detectable=_detectable(change, cluster),
    )


def sign_flip_p(gains: Sequence[int]) -> float:
    """Probability of a total at least as far from 0, when each cluster's net gain had its sign by a fair coin.

    Exact, by convolution over the whole numbers; for gains of -1, 0 and 1 it is McNemar's exact test.
    """
    steps, counts = np.unique(np.abs([gain for gain in gains if gain] or [0]), return_counts=True)
    distribution: Floats = np.ones(1)
    for step, count in zip(steps.tolist(), counts.tolist(), strict=True):
        if step == 0:
            continue
        spread: Floats = np.zeros(2 * step * count + 1)
        spread[:: 2 * step] = binom.pmf(np.arange(count + 1), count, 0.5)
        distribution = np.convolve(distribution, spread)
    reach = len(distribution) // 2
    extreme = np.abs(np.arange(-reach, reach + 1)) >= abs(sum(gains))
    return min(1.0, float(distribution[extreme].sum()))


def _detectable(change: Ints, cluster: Ints) -> float | None:
    changed = float((change != 0).mean())
    return minimal_paired_difference(len(change) / design_effect(change, cluster), changed)


def _changes(before: Mapping[str, Verdict], after: Mapping[str, Verdict]) -> dict[str, int]:
    """1 for a question gained, -1 for one lost, 0 for the same; questions with an unjudged side are left out."""
    single = sorted(before.keys() ^ after.keys())
    if single:
        raise ValueError(f"only one side has a verdict of {name_ids(single)}; judge the same questions on both")
    changes: dict[str, int] = {}
    for question_id in sorted(before):
        was, now = is_correct(before[question_id].outcome), is_correct(after[question_id].outcome)
        if was is not None and now is not None:
            changes[question_id] = int(now) - int(was)
    return changes


def _adjusted_wald(change: Ints, cluster: Ints, confidence: float) -> tuple[float, float]:
    clusters, effect = int(cluster.max()) + 1, design_effect(change, cluster)
    if clusters < 2:
        return -1.0, 1.0
    n = len(change) / effect
    gained, lost = (float((change == sign).sum()) / effect for sign in (1, -1))
    gained, lost = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = student_quantile(clusters, confidence) * math.sqrt((gained + lost - (gained - lost) ** 2) / (n + 2))
    return max(-1.0, gained - lost - half), min(1.0, gained - lost + half)

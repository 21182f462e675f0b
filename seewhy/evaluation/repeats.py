"""Several samples of each question: what one of them scores, how far samples differ, pass@k and majority of k."""

import functools
import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import NormalDist, stdev

import numpy as np

from seewhy.evaluation.curves import curve_points, draw_orders, pass_at_k
from seewhy.evaluation.intervals import (
    Bools,
    Floats,
    Ints,
    design_effect,
    mean_interval,
    name_ids,
    number_clusters,
    standard_error,
)
from seewhy.evaluation.power import minimal_detectable_difference
from seewhy.evaluation.rerank import Candidate, vote_within
from seewhy.evaluation.scorecard import PICTURE_FACET, is_correct
from seewhy.records.measures import CurvePoint, FacetScore, Repeats, Selection
from seewhy.records.types import Outcome, Verdict

MOST_SUBSETS = 256
"""Subsets of a question's samples that vote; where there are no more, maj@k is exact."""


def summarise_repeats(
    verdicts: Iterable[Verdict],
    *,
    normalise: Callable[[str], str],
    facets: Mapping[str, Mapping[str, str]] | None = None,
    clusters: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Repeats:
    """What several samples of each question say together; `Verdict.index` numbers the samples.

    Accuracy is the mean over questions of their share of correct samples, which is the mean over samples too; its
    interval is over questions (Miller 2024, arXiv 2411.00640, section 3.1: more samples a question take the
    sampling noise out of it, more questions the rest). pass@k is the unbiased estimator of Chen et al. 2021
    (arXiv 2107.03374, equation 1), maj@k the expected accuracy of the most frequent of k answers.
    A question with an UNJUDGED sample is left out and counted.

    Args:
        verdicts: of every question equally many.
        normalise: makes equal answers equal strings, for the vote.
        facets: question id to the kinds of the question, for the breakdown.
        clusters: question id to the key of its picture.
        seed: of the subsets that vote.

    Raises:
        ValueError: questions have different numbers of samples, one alone, or none is judged throughout.
    """
    groups = _groups(verdicts)
    samples = _samples(groups)
    known = {name: group for name, group in groups.items() if all(is_correct(row.outcome) is not None for row in group)}
    if not known:
        raise ValueError(f"all {len(groups)} questions have an unjudged sample; judge them again")
    ids = sorted(known)
    correct: Floats = np.array([[row.outcome is Outcome.CORRECT for row in known[name]] for name in ids], np.float64)
    each = tuple(float(share) for share in correct.mean(axis=0))
    shares: Floats = correct.mean(axis=1)
    candidates = {name: [_candidate(row, normalise) for row in known[name]] for name in ids}
    return Repeats(
        samples=samples,
        n=len(ids),
        accuracy=mean_interval(shares, number_clusters(ids, clusters)),
        each=each,
        deviation=stdev(each),
        no_answer=sum(row.outcome is Outcome.NO_ANSWER for group in groups.values() for row in group),
        unjudged=len(groups) - len(known),
        curves=_curves(candidates, sizes_of(samples), seed, clusters),
        breakdown=_break_down(groups, dict(zip(ids, shares.tolist(), strict=True)), facets or {}, clusters),
        detectable=_detectable(shares, number_clusters(ids, clusters)),
    )


def sizes_of(samples: int) -> tuple[int, ...]:
    """Powers of two up to `samples`, and `samples` itself.

    Example:
        >>> sizes_of(5)
        (1, 2, 4, 5)
    """
    powers = [2**power for power in range(samples.bit_length()) if 2**power <= samples]
    return tuple(sorted({*powers, samples}))


def _break_down(
    groups: Mapping[str, Sequence[Verdict]],
    shares: Mapping[str, float],
    facets: Mapping[str, Mapping[str, str]],
    clusters: Mapping[str, str] | None,
) -> tuple[FacetScore, ...]:
    kinds = sorted({pair for found in facets.values() for pair in found.items() if pair[0] != PICTURE_FACET})
    return tuple(
        _facet(facet, value, [name for name in groups if facets.get(name, {}).get(facet) == value], groups, shares,
               clusters)
        for facet, value in kinds
    )  # fmt: skip


def _facet(
    facet: str, value: str, names: Sequence[str], groups: Mapping[str, Sequence[Verdict]],
    shares: Mapping[str, float], clusters: Mapping[str, str] | None,
) -> FacetScore:  # fmt: skip
    known = [name for name in names if name in shares]
    means = np.array([shares[name] for name in known], dtype=np.float64)
    return FacetScore(
        facet=facet, value=value, n=len(names), unjudged=len(names) - len(known),
        accuracy=mean_interval(means, number_clusters(known, clusters)) if known else None,
        no_answer=sum(row.outcome is Outcome.NO_ANSWER for name in names for row in groups[name]),
    )  # fmt: skip


def _detectable(shares: Floats, cluster: Ints) -> float | None:
    """(z(0.975) + z(0.8)) sqrt(2) standard errors: two models on separate questions, as in `power.py`.

    Where all questions have one share there is no error to go by, and each counts as a question with one sample.
    """
    if int(cluster.max()) == 0:
        return None
    if np.ptp(shares) == 0:
        return minimal_detectable_difference(len(shares) / design_effect(shares, cluster), float(shares[0]))
    quantiles = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
    return quantiles * math.sqrt(2) * standard_error(shares, cluster)


def _groups(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    groups: defaultdict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.question_id].append(verdict)
    return {name: sorted(group, key=lambda row: row.index) for name, group in groups.items()}


def _samples(groups: Mapping[str, Sequence[Verdict]]) -> int:
    sizes = {name: len(group) for name, group in groups.items()}
    most = max(sizes.values(), default=0)
    if most < 2:
        raise ValueError("several samples of each question are needed; there is one at most")
    fewer = [name for name, size in sizes.items() if size < most]
    if fewer:
        raise ValueError(f"{len(fewer)} questions have fewer than the {most} samples that others have: "
                         f"{name_ids(fewer)}; give each question equally many")  # fmt: skip
    return most


def _candidate(row: Verdict, normalise: Callable[[str], str]) -> Candidate:
    answer = None if row.answer is None else normalise(row.answer)
    return Candidate(answer=answer, outcome=row.outcome, reward=0.0)


def _curves(
    groups: Mapping[str, Sequence[Candidate]], sizes: Sequence[int], seed: int, clusters: Mapping[str, str] | None
) -> tuple[CurvePoint, ...]:
    """Both ways at each size, with 95 % intervals over the questions."""
    points = [(method, size) for method in (Selection.PASS_AT_K, Selection.SELF_CONSISTENCY) for size in sizes]
    values = np.array(
        [[_expected(method, name, group, size, seed) for method, size in points] for name, group in groups.items()]
    )
    return curve_points(points, values, number_clusters(list(groups), clusters))


def _expected(method: Selection, name: str, group: Sequence[Candidate], size: int, seed: int) -> float:
    correct = np.array([candidate.outcome is Outcome.CORRECT for candidate in group], dtype=np.float64)
    if method is Selection.PASS_AT_K:
        return pass_at_k(len(group), int(correct.sum()), size)
    return float(correct[vote_within(group, _subsets(name, len(group), size, seed), math.inf)].mean())


def _subsets(name: str, samples: int, size: int, seed: int) -> Bools:
    """All subsets of that size where they are few, else random ones; shape (subsets, samples)."""
    if math.comb(samples, size) <= MOST_SUBSETS:
        return _all_subsets(samples, size)
    return _membership(draw_orders(name, samples, MOST_SUBSETS, seed)[:, :size], samples)


@functools.cache
def _all_subsets(samples: int, size: int) -> Bools:
    return _membership(np.array(list(itertools.combinations(range(samples), size)), dtype=np.int64), samples)


def _membership(chosen: Ints, samples: int) -> Bools:
    member = np.zeros((len(chosen), samples), dtype=np.bool_)
    np.put_along_axis(member, chosen, True, axis=1)
    return member

"""Choose one of several chains of a question: by majority, by reward, or by a vote that weighs with the reward.

All three choose among the candidates that have an answer, and among all where none has. A tie goes to the earliest.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.evaluation.intervals import Bools, Floats, Ints
from seewhy.records.types import Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One chain of a question, as a re-ranker sees it.

    Example:
        >>> Candidate(answer="12", outcome=Outcome.CORRECT, reward=0.4).answer
        '12'
    """

    answer: str | None
    """Normalised answer: equal strings are one answer in a vote. None when none was found."""
    outcome: Outcome
    reward: float


def self_consistency(candidates: Sequence[Candidate]) -> int:
    """Index of the earliest candidate that gives the most frequent answer (Wang et al. 2022, arXiv 2203.11171)."""
    return weighted_vote(candidates, temperature=math.inf)


def weighted_vote(candidates: Sequence[Candidate], *, temperature: float = 1.0) -> int:
    """Index of the earliest candidate of the answer with the largest sum of softmax(reward / temperature).

    LLaVA-Reasoner, section 5.2, names the vote and not the weights. Raw log-ratios can be negative, so their sum
    would punish a frequent answer; softmax weights are positive, become equal as the temperature grows
    (infinity is self-consistency) and become best-of-N as it falls.
    """
    return int(vote_within(candidates, _everyone(candidates), temperature)[0])


def best_of_n(candidates: Sequence[Candidate]) -> int:
    """Index of the earliest candidate with the highest reward among those that have an answer."""
    return int(best_within(candidates, _everyone(candidates))[0])


def vote_within(candidates: Sequence[Candidate], subsets: Bools, temperature: float) -> Ints:
    """The index that `weighted_vote` chooses in each subset.

    Args:
        candidates: of one question.
        subsets: membership, shape (subsets, candidates).
        temperature: unit of the rewards, above 0; infinity counts heads.

    Returns:
        Chosen candidates, shape (subsets,).

    Raises:
        ValueError: a temperature of 0 or below, a reward that is not finite, or an empty subset.
    """
    if not temperature > 0:
        raise ValueError(f"the vote's temperature must be above 0, got {temperature}; best_of_n is its limit at 0")
    eligible = _eligible(candidates, subsets)
    rewards = np.where(eligible, _rewards(candidates), -np.inf)
    # Softmax up to a factor that is the same for all answers; the largest weight is 1, so none overflows.
    behind = np.where(eligible, rewards - rewards.max(axis=1, keepdims=True), 0.0)
    weights = np.where(eligible, np.exp(behind / temperature), 0.0)
    votes = weights @ _same_answer(candidates)
    return np.where(eligible, votes, -1.0).argmax(axis=1)


def best_within(candidates: Sequence[Candidate], subsets: Bools) -> Ints:
    """The index that `best_of_n` chooses in each subset; shapes and errors as `vote_within`."""
    return np.where(_eligible(candidates, subsets), _rewards(candidates), -np.inf).argmax(axis=1)


def gather_candidates(
    verdicts: Iterable[Verdict],
    rewards: Mapping[tuple[str, int], float],
    normalise: Callable[[str], str],
) -> dict[str, tuple[Candidate, ...]]:
    """The candidates of each question in the order of their index, from verdicts of one style and one judge.

    Args:
        verdicts: one of each chain.
        rewards: (question id, index) to the reward of that chain.
        normalise: makes equal answers equal strings.

    Raises:
        ValueError: a chain with two verdicts, or without a reward.
    """
    found: defaultdict[str, dict[int, Candidate]] = defaultdict(dict)
    for verdict in verdicts:
        key = (verdict.question_id, verdict.index)
        if key not in rewards:
            raise ValueError(f"chain {key} has a verdict and no reward; score it, or leave the verdict out")
        if verdict.index in found[verdict.question_id]:
            raise ValueError(f"chain {key} has two verdicts; re-rank one style with one judge at a time")
        answer = None if verdict.answer is None else normalise(verdict.answer)
        found[verdict.question_id][verdict.index] = Candidate(
            answer=answer, outcome=verdict.outcome, reward=rewards[key]
        )
    return {name: tuple(chains[index] for index in sorted(chains)) for name, chains in found.items()}


def _everyone(candidates: Sequence[Candidate]) -> Bools:
    return np.ones((1, len(candidates)), dtype=np.bool_)


def _eligible(candidates: Sequence[Candidate], subsets: Bools) -> Bools:
    if not candidates or not subsets.any(axis=1).all():
        raise ValueError("there is nothing to choose from: a set of candidates is empty")
    answered = np.array([candidate.answer is not None for candidate in candidates])
    able = subsets & answered
    return np.where(able.any(axis=1, keepdims=True), able, subsets)


def _rewards(candidates: Sequence[Candidate]) -> Floats:
    rewards = np.array([candidate.reward for candidate in candidates], dtype=np.float64)
    if not np.isfinite(rewards).all():
        raise ValueError("a candidate's reward is not finite; score the chain again")
    return rewards


def _same_answer(candidates: Sequence[Candidate]) -> Floats:
    """1 where two candidates give one answer, shape (candidates, candidates)."""
    answers = [candidate.answer for candidate in candidates]
    return np.array([[float(one == other) for other in answers] for one in answers])

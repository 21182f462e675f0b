"""The three ways to choose a chain, against hand-worked votes and an independent majority count."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.evaluation.rerank import Candidate, best_of_n, gather_candidates, self_consistency, weighted_vote
from seewhy.evaluation.rewards import Pooling, chain_reward
from seewhy.records.types import Outcome, ScoredChain, Style, Verdict

candidate_lists = st.lists(
    st.builds(
        Candidate,
        answer=st.sampled_from([None, "1", "2", "3"]),
        outcome=st.just(Outcome.INCORRECT),
        reward=st.floats(-5, 5),
    ),
    min_size=1,
    max_size=12,
)


def line_up(*found: tuple[str | None, float]) -> list[Candidate]:
    return [Candidate(answer=answer, outcome=Outcome.INCORRECT, reward=reward) for answer, reward in found]


def test_the_majority_wins_and_its_earliest_chain_speaks_for_it() -> None:
    assert self_consistency(line_up(("7", 9.0), ("12", 0.0), ("12", 0.0))) == 1


def test_a_tied_vote_goes_to_the_earliest_candidate() -> None:
    assert self_consistency(line_up((None, 0.0), ("7", 0.0), ("12", 5.0), ("12", 5.0), ("7", 0.0))) == 1


def test_chains_without_an_answer_do_not_outvote_one_that_has_one() -> None:
    candidates = line_up((None, 3.0), (None, 3.0), ("12", -3.0))
    assert self_consistency(candidates) == weighted_vote(candidates) == best_of_n(candidates) == 2


def test_where_no_chain_has_an_answer_the_usual_order_decides() -> None:
    candidates = line_up((None, 1.0), (None, 3.0), (None, 3.0))
    assert self_consistency(candidates) == weighted_vote(candidates) == 0
    assert best_of_n(candidates) == 1


def test_the_best_of_n_has_the_highest_reward() -> None:
    assert best_of_n(line_up(("1", -2.0), ("2", -1.0), ("3", -1.0), ("1", -3.0))) == 1


def test_the_weighted_vote_sums_softmax_weights_of_each_answer() -> None:
    """Rewards ln 5, ln 3, ln 3 weigh 5 : 3 : 3, so two chains of 3 beat one of 5; at half the unit 25 : 9 : 9."""
    candidates = line_up(("7", math.log(5)), ("12", math.log(3)), ("12", math.log(3)))
    assert weighted_vote(candidates) == 1
    assert weighted_vote(candidates, temperature=0.5) == 0


def test_huge_rewards_do_not_overflow() -> None:
    assert weighted_vote(line_up(("1", -1e6), ("2", 1e6), ("1", -1e6)), temperature=1e-3) == 1


@given(candidate_lists)
def test_self_consistency_is_the_most_common_answer(candidates: list[Candidate]) -> None:
    votes: Counter[str | None] = Counter(candidate.answer for candidate in candidates if candidate.answer is not None)
    chosen = candidates[self_consistency(candidates)]
    assert votes[chosen.answer] == max(votes.values(), default=0)
    earlier = candidates[: self_consistency(candidates)]
    assert all(votes[candidate.answer] < votes[chosen.answer] for candidate in earlier if candidate.answer)


@given(candidate_lists)
def test_a_hot_vote_elects_an_answer_with_the_most_heads_and_the_hottest_is_self_consistency(
    candidates: list[Candidate],
) -> None:
    votes: Counter[str | None] = Counter(candidate.answer for candidate in candidates if candidate.answer is not None)
    elected = candidates[weighted_vote(candidates, temperature=1e6)].answer
    assert votes[elected] == max(votes.values(), default=0)
    assert weighted_vote(candidates, temperature=math.inf) == self_consistency(candidates)


@given(candidate_lists)
def test_a_cold_vote_elects_the_answer_of_the_highest_reward(candidates: list[Candidate]) -> None:
    spaced = [
        Candidate(answer=candidate.answer, outcome=candidate.outcome, reward=float((7 * number) % 13))
        for number, candidate in enumerate(candidates)
    ]
    answers = {candidate.answer for candidate in spaced}
    if answers != {None}:
        assert spaced[weighted_vote(spaced, temperature=1e-3)].answer == spaced[best_of_n(spaced)].answer


@given(candidate_lists, st.floats(-3, 3))
def test_a_constant_added_to_all_rewards_changes_no_vote(candidates: list[Candidate], shift: float) -> None:
    rounded = [
        Candidate(answer=candidate.answer, outcome=candidate.outcome, reward=float(round(candidate.reward)))
        for candidate in candidates
    ]
    moved = [
        Candidate(answer=candidate.answer, outcome=candidate.outcome, reward=candidate.reward + round(shift))
        for candidate in rounded
    ]
    assert weighted_vote(moved) == weighted_vote(rounded)


def test_a_temperature_of_zero_an_empty_set_and_an_infinite_reward_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0, got 0"):
        weighted_vote(line_up(("1", 0.0)), temperature=0.0)
    with pytest.raises(ValueError, match="nothing to choose from"):
        best_of_n([])
    with pytest.raises(ValueError, match="not finite"):
        best_of_n(line_up(("1", math.inf)))


def scored(policy: tuple[float, ...], reference: tuple[float, ...]) -> ScoredChain:
    return ScoredChain(question_id="q", index=0, style=Style.REASON, policy=policy, reference=reference)


def test_the_reward_is_beta_times_the_sum_or_the_mean_of_the_log_ratios() -> None:
    """Ratios 0.5 and -0.1: sum 0.4, mean 0.2, times 0.1."""
    chain = scored((-0.5, -0.4), (-1.0, -0.3))
    assert chain_reward(chain) == pytest.approx(0.04)
    assert chain_reward(chain, pooling=Pooling.MEAN) == pytest.approx(0.02)
    assert chain_reward(chain, beta=1.0) == pytest.approx(0.4)


def test_a_chain_scored_by_halves_has_no_reward() -> None:
    with pytest.raises(ValueError, match="chain q reason 0: 2 policy and 1 reference"):
        chain_reward(scored((-0.5, -0.4), (-1.0,)))
    with pytest.raises(ValueError, match="0 policy and 0 reference"):
        chain_reward(scored((), ()))
    with pytest.raises(ValueError, match="not finite"):
        chain_reward(scored((-math.inf,), (-1.0,)))


def judged(index: int, answer: str | None) -> Verdict:
    return Verdict(
        question_id="q", index=index, style=Style.REASON, judge="outcome", outcome=Outcome.INCORRECT, answer=answer
    )


def test_candidates_stand_in_the_order_of_their_index_with_normalised_answers() -> None:
    rewards = {("q", 0): 0.5, ("q", 1): 0.1}
    found = gather_candidates([judged(1, None), judged(0, " Cat ")], rewards, lambda text: text.strip().lower())
    assert found == {"q": tuple(line_up(("cat", 0.5), (None, 0.1)))}


def test_a_chain_without_a_reward_or_with_two_verdicts_is_named() -> None:
    with pytest.raises(ValueError, match=r"\('q', 1\) has a verdict and no reward"):
        gather_candidates([judged(1, "1")], {("q", 0): 0.5}, str)
    with pytest.raises(ValueError, match=r"\('q', 0\) has two verdicts"):
        gather_candidates([judged(0, "1"), judged(0, "2")], {("q", 0): 0.5}, str)

"""Ranked groups of chains and verdicts, and the pairs drawn among them: never against a score, never of a tie."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.pairs.judged import Judged
from seewhy.pairs.ranked import Picking, PickOrder, rank
from seewhy.records.ranked import RankedGroup, RankedResponse, pair_of, require_ranks
from seewhy.records.types import FinishReason, Outcome, Response, Style

SCORES = st.sampled_from([0.0, 0.5, 1.0, 1.0000000001, 2.0, 5.0])
GROUPS = st.lists(st.tuples(st.sampled_from("abcdefgh"), SCORES, st.sampled_from(["rubric", "person"])), max_size=8)
PICKINGS = st.builds(
    Picking, margin=st.sampled_from([0.0, 0.5, 1.0]), most=st.integers(1, 30), order=st.sampled_from(PickOrder),
    seed=st.integers(0, 3),
)  # fmt: skip
JUDGED = Judged(
    row=0, question_id="q", style=Style.REASON, index=0, text="12", stop=FinishReason.END, outcome=Outcome.CORRECT,
    score=None, answer="12", judge="outcome",
)  # fmt: skip


def group_of(rows: list[tuple[str, float, str]]) -> RankedGroup:
    responses = tuple(
        RankedResponse(response=Response(text=text), score=score, scorer=scorer, index=number)
        for number, (text, score, scorer) in enumerate(rows)
    )
    return RankedGroup(question_id="q", style=Style.REASON, responses=responses, source="rubric")


def contents(group: RankedGroup) -> Counter[tuple[str, str, float]]:
    pairs = [pair_of(group, pick) for pick in group.picks]
    return Counter((pair.chosen.text, pair.rejected.text, pair.margin) for pair in pairs)


@given(GROUPS, PICKINGS)
def test_no_pair_goes_against_the_scores_or_is_a_tie(rows: list[tuple[str, float, str]], picking: Picking) -> None:
    group = picking.draw(group_of(rows))
    require_ranks(group)
    assert len(group.picks) <= picking.most
    for pick in group.picks:
        high, low = group.responses[pick.chosen], group.responses[pick.rejected]
        assert high.score > low.score
        assert high.score - low.score >= picking.margin - 1e-8
        assert high.scorer == low.scorer
        assert high.response.text != low.response.text
    fitting = sum(
        one.score > other.score
        and one.score - other.score >= picking.margin - 1e-9
        and one.scorer == other.scorer
        and one.response.text != other.response.text
        for one in group.responses
        for other in group.responses
    )
    assert len(group.picks) == min(picking.most, fitting)


@given(GROUPS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), PICKINGS)
def test_the_order_of_responses_changes_no_pair(
    orders: tuple[list[tuple[str, float, str]], list[tuple[str, float, str]]], picking: Picking
) -> None:
    one, other = (picking.draw(group_of(list(rows))) for rows in orders)
    assert contents(one) == contents(other)


def test_widest_and_closest_pairs_come_first() -> None:
    group = group_of([("a", 3.0, "r"), ("b", 2.5, "r"), ("c", 0.0, "r")])
    assert contents(Picking(most=1).draw(group)) == {("a", "c", 3.0): 1}
    assert contents(Picking(most=1, order=PickOrder.CLOSEST).draw(group)) == {("a", "b", 0.5): 1}
    drawn = {tuple(contents(Picking(most=1, order=PickOrder.RANDOM, seed=seed).draw(group))) for seed in range(30)}
    assert len(drawn) == 3


def test_chains_without_a_verdict_on_them_are_in_no_group() -> None:
    prompt = [
        JUDGED,
        replace(JUDGED, index=1, text="11", outcome=Outcome.INCORRECT),
        replace(JUDGED, index=2, text="?", outcome=Outcome.NO_ANSWER),
        replace(JUDGED, index=3, text="13", outcome=Outcome.UNJUDGED, score=4.0),
        replace(JUDGED, index=4, text="14", stop=FinishReason.LENGTH),
        replace(JUDGED, index=5, text="12"),
        replace(JUDGED, index=6, text="9", outcome=Outcome.NO_ANSWER, score=0.25),
    ]
    group = rank(prompt, [(number,) for number in range(len(prompt))])
    assert [(one.index, one.score) for one in group.responses] == [(0, 1.0), (1, 0.0), (6, 0.25)]
    assert group.responses[1].response.token_ids == (1,)
    assert {one.scorer for one in group.responses} == {"outcome"}


@pytest.mark.parametrize("changes", [{"margin": -1.0}, {"most": 0}, {"seed": -1}, {"margin": float("nan")}])
def test_settings_that_nobody_can_mean_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        Picking(**changes)

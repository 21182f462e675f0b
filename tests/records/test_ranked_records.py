"""Ranked groups hold picks that follow their scores, and say which pick does not."""

import math
from dataclasses import replace

import pytest

from seewhy.records.ranked import PairPick, RankedGroup, RankedResponse, require_ranks
from seewhy.records.shards import read_shard, write_shard
from seewhy.records.types import Response, Style

GROUP = RankedGroup(
    question_id="q",
    style=Style.REASON,
    responses=tuple(
        RankedResponse(response=Response(text=str(score)), score=score, scorer=scorer, index=number)
        for number, (score, scorer) in enumerate([(2.0, "rubric"), (1.0, "rubric"), (1.0, "rubric"), (0.5, "a person")])
    ),
    source="rubric",
    picks=(PairPick(chosen=0, rejected=1), PairPick(chosen=0, rejected=2, weight=0.5)),
)


def test_a_group_comes_back_from_disk_as_it_was(tmp_path):
    require_ranks(GROUP)
    rows = [GROUP, replace(GROUP, picks=()), replace(GROUP, stream="rubric")]
    assert read_shard(write_shard(tmp_path, 0, rows, RankedGroup), RankedGroup) == rows


@pytest.mark.parametrize(
    ("pick", "said"),
    [
        (PairPick(chosen=1, rejected=0), "score 1.0, the rejected one 2.0"),
        (PairPick(chosen=1, rejected=2), "score 1.0, the rejected one 1.0"),
        (PairPick(chosen=0, rejected=4), "no response 4"),
        (PairPick(chosen=-1, rejected=0), "no response -1"),
        (PairPick(chosen=0, rejected=3), "'rubric' scored the chosen response and 'a person'"),
        (PairPick(chosen=0, rejected=1, weight=0.0), "weight 0.0"),
    ],
)
def test_a_pick_against_the_scores_is_refused_with_its_number(pick, said):
    with pytest.raises(ValueError, match=said) as caught:
        require_ranks(replace(GROUP, picks=(*GROUP.picks, pick)))
    assert "question q, pick 2" in str(caught.value)


def test_a_score_that_is_no_number_is_not_written(tmp_path):
    responses = (replace(GROUP.responses[0], score=math.nan),)
    with pytest.raises(ValueError, match="'responses'"):
        write_shard(tmp_path, 0, [replace(GROUP, responses=responses, picks=())], RankedGroup)

"""Questions and their chains come from files one question at a time, in order."""

import pytest

from seewhy.records.asked import asked_by_question, chains_by_question
from seewhy.records.rows import RowReader
from seewhy.records.shards import shard_path, write_shard
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style


def question(name):
    return Question(
        id=name, benchmark="b", split=Split.TEST, text="?", gold=Gold(answers=("1",), rule=MatchRule.EXACT), facets={}
    )


def chains_at(place, names):
    """Three shards; `names` has a question once for each of its chains."""
    rows = [
        Chain(question_id=name, index=n, style=Style.REASON, text="1", stop=FinishReason.END, sampler="s", seed=0)
        for n, name in enumerate(names)
    ]
    third = -(-len(rows) // 3)
    for number in range(3):
        write_shard(place, number, rows[number * third : (number + 1) * third], Chain)
    return rows, RowReader(place, Chain)


def test_each_question_that_has_chains_comes_with_all_of_them(tmp_path):
    rows, chains = chains_at(tmp_path, "aabbbdddd")
    assert list(chains_by_question(chains)) == [tuple(rows[:2]), tuple(rows[2:5]), tuple(rows[5:])]
    read = list(asked_by_question(map(question, "abcde"), chains))
    assert [(one.id, len(group)) for one, group in read] == [("a", 2), ("b", 3), ("d", 4)]
    assert list(asked_by_question(map(question, "bcd"), chains, 2, 5)) == [(question("b"), tuple(rows[2:5]))]


def test_questions_are_read_no_further_than_the_chains_that_were_asked_for(tmp_path):
    _, chains = chains_at(tmp_path, "aabb")
    left = map(question, "abcd")
    assert next(asked_by_question(left, chains))[0].id == "a"
    assert next(left).id == "b"


@pytest.mark.parametrize(("names", "row"), [("bcd", (2, 0)), ("ab", (2, 0)), ("", (0, 0)), ("cd", (0, 0))])
def test_a_chain_whose_question_is_missing_or_lies_elsewhere_is_named_by_its_place(names, row, tmp_path):
    _, chains = chains_at(tmp_path, "bba")
    with pytest.raises(ValueError, match=r"belongs to question '[ab]', which is not among") as caught:
        list(asked_by_question(map(question, names), chains))
    assert str(caught.value).startswith(f"{shard_path(tmp_path, row[0])}, row {row[1]}:")

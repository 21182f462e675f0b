"""Rows of predictions, judges' replies, labels and other tools are refused with file, row, field and remedy."""

import json
import shlex

import pytest
from three_lines import cases, refused

from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Outcome, Question, Split, Style, Verdict

TABLE = """
grade pairs-twice.jsonl --judge.replies judge.jsonl
    pairs-twice.jsonl, line 2: id 'p0' is there twice
    keep one
grade pairs-one.jsonl --judge.replies judge.jsonl
    pairs-one.jsonl, line 1: field 'response' must be a list of two texts, and is ['a red bus']
    correct it there
grade pairs-number.jsonl --judge.replies judge.jsonl
    pairs-number.jsonl, line 1: field 'response' must be a list of two texts, and is ['a red bus', 3]
    correct it there
grade pairs-words.jsonl --judge.replies judge.jsonl
    pairs-words.jsonl, line 1: field 'human_ranking' must be [0, 1] or [1, 0], and is ['a', 1]
    correct it there
grade pairs-none.jsonl --judge.replies judge.jsonl
    pairs-none.jsonl, line 1: field 'human_ranking' must be [0, 1] or [1, 0], and is [None, 1]
    correct it there
grade pairs.jsonl --judge.replies judge-order.jsonl
    judge-order.jsonl, line 1: field 'order' must be [0, 1] or [1, 0], and is [1, 1]
    correct it there
grade pairs.jsonl --judge.replies judge-twice.jsonl
    judge-twice.jsonl, line 2: the same order of 'p0' stands there twice
    keep one reply of each order
grade pairs.jsonl --judge.replies judge-other.jsonl
    judge-other.jsonl, line 1: field 'id': 'p9' is no pair's id
    correct it there
grade replies.jsonl --questions questions-twice.jsonl
    questions-twice.jsonl:2: field 'id': 'a' is there twice
    keep one
grade replies.jsonl --benchmark scienceqa --root release --split test
    release holds no question of ScienceQA's test split
    lists what it takes
calibrate outcome --labels alone --questions plain
    --labels alone: alone-seen holds no rows
    name a folder of the viewer's annotations
calibrate outcome --labels marks --questions nowhere
    --labels marks: nowhere holds no rows
    as --questions that of their questions
calibrate outcome --labels marks --questions release
    release holds no part-*.parquet
    Run the stage that writes it first
calibrate outcome --labels unsure --questions plain
    --labels unsure calls no chain right or wrong
    mark some as one of them
calibrate outcome --labels marks --questions other
    --labels marks: '1' is no question of other
    name the folder of its chains' questions as --questions
calibrate outcome --labels labels-list.jsonl --questions questions.jsonl
    labels-list.jsonl:1: field 'id' must be text (or a number), and is ['x']
    correct it there
calibrate outcome --labels labels-number.jsonl --questions questions.jsonl
    labels-number.jsonl:1: field 'reply' must be text, and is 7
    correct it there
data convert trl.jsonl out --to trl --pictures nowhere
    --pictures nowhere: no such file or folder
    check the path
data convert trl.jsonl out --to trll
    'trll' is no format
    did you mean 'trl'
data convert trl.jsonl out.parquet --to seewhy
    out.parquet: seewhy's own rows go into a folder of shards
    give one, without an ending
data convert trl.jsonl out.json --to trl
    out.json: trl is written as .parquet
    name such a file, or a folder
data convert trl.jsonl out.csv --to trl
    out.csv: trl is written as .parquet
    name such a file, or a folder
data convert plain out --to seewhy
    plain holds seewhy's own rows already
    name another format with --to
"""
PAIR = {"id": "p0", "query": "What?", "response": ["a red bus", "a blue car"], "human_ranking": [0, 1]}
SAID = {"id": "p0", "judgement": "8 9"}
QUESTION = {"id": "a", "question": "?", "answer": "7", "split": "test"}
FILES = {
    "pairs": [PAIR], "pairs-twice": [PAIR, PAIR], "pairs-one": [{**PAIR, "response": ["a red bus"]}],
    "pairs-number": [{**PAIR, "response": ["a red bus", 3]}], "pairs-words": [{**PAIR, "human_ranking": ["a", 1]}],
    "pairs-none": [{**PAIR, "human_ranking": [None, 1]}], "judge": [SAID], "judge-order": [{**SAID, "order": [1, 1]}],
    "judge-twice": [SAID, SAID], "judge-other": [{**SAID, "id": "p9"}], "replies": [{"id": "a", "prediction": "7"}],
    "questions": [QUESTION], "questions-twice": [QUESTION, QUESTION],
    "labels-list": [{"id": ["x"], "reply": "7", "is_right": True}],
    "labels-number": [{"id": "a", "reply": 7, "is_right": True}],
    "trl": [{"prompt": "What?", "chosen": "a", "rejected": "b", "images": []}],
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with each wrong file, and a person's annotations that lack one of their parts each."""
    place = tmp_path_factory.mktemp("rows")
    for name, rows in FILES.items():
        (place / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (place / "release").mkdir()
    (place / "release" / "problems.json").write_text("{}")
    gold = Gold(answers=("7",), rule=MatchRule.EXACT)
    for name, ids in {"plain": "12", "other": "5"}.items():
        asked = [Question(id=one, benchmark="b", split=Split.TRAIN, text="?", gold=gold, facets={}) for one in ids]
        write_shard(place / name, 0, asked, Question)
    chain = Chain(question_id="1", index=0, style=Style.REASON, text="### Answer: 8", sampler="m", seed=0,
                  stop=FinishReason.END)  # fmt: skip
    for name, outcome in {"marks": Outcome.CORRECT, "alone": Outcome.CORRECT, "unsure": Outcome.UNJUDGED}.items():
        verdict = Verdict(question_id="1", index=0, style=Style.REASON, judge="human:me", outcome=outcome)
        write_shard(place / name, 0, [verdict], Verdict)
        if name != "alone":
            write_shard(place / f"{name}-seen", 0, [chain], Chain)
    return place


@pytest.mark.parametrize(("line", "fact", "remedy"), cases(TABLE))
def test_a_wrong_row_is_told_with_its_place_and_what_to_do(line, fact, remedy, place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    before = {path.name for path in place.iterdir()}
    assert refused(shlex.split(line), fact, remedy, capsys)[1] == ""
    assert {path.name for path in place.iterdir()} == before

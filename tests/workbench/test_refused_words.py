"""What cannot be begun from the questions that are there, or cannot be sent, is refused before anything is written."""

import json
import shlex

import pytest
from three_lines import cases, refused

TABLE = """
init new.yaml --yes --questions tests.jsonl
    --questions: tests.jsonl has no training questions (it has 1 test)
    name the split of each row as train or test
init new.yaml --yes --questions mine.jsonl --teacher gold
    --teacher gold gives the rationales of the questions, and the training questions have none
    name a server as NAME@URL, or none
data push rows me/x
    1 rows are bad; first rows/x.jsonl:2: field 'chosen' must be a list of messages, and is 3
    Nothing was sent
push rows me/x
    1 rows are bad; first rows/x.jsonl:2: field 'chosen' must be a list of messages, and is 3
    Nothing was sent
push whole me/x --layout peft
    whole has no folder 'adapter': it was trained without an adapter
    leave --layout peft away
push thin me/x
    thin has no folder 'model', and has an adapter
    send that with --layout peft
push thin me/x --layout merged
    thin has no folder 'model', and has an adapter
    send that with --layout peft
"""


def rows(*given):
    return "".join(json.dumps(one) + "\n" for one in given)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("words")
    question = {"question": "?", "answer": "7"}
    test = {"id": "a", "split": "test", **question}
    (place / "tests.jsonl").write_text(rows(test))
    (place / "mine.jsonl").write_text(rows(test, {"id": "b", "split": "train", **question}))
    for name in ("rows", "whole/model", "thin/adapter"):
        (place / name).mkdir(parents=True)
    pair = {"prompt": "What?", "chosen": "a", "rejected": "b", "images": []}
    (place / "rows" / "x.jsonl").write_text(rows(pair, {**pair, "chosen": 3}))
    (place / "whole" / "model" / "config.json").write_text("{}")
    (place / "thin" / "adapter" / "adapter_config.json").write_text("{}")
    return place


@pytest.mark.parametrize(("line", "fact", "remedy"), cases(TABLE))
def test_what_cannot_be_begun_or_sent_is_refused(line, fact, remedy, place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    assert refused(shlex.split(line), fact, remedy, capsys)[1] == ""
    assert not (place / "new.yaml").exists()

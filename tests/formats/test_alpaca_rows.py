"""LLaMA-Factory's alpaca ranking rows: by their registration, and refused with the field."""

import json
import re

import pytest
from formats.made_sets import FORMATS, KNOWN, PAIRS, examples_in, faults_in, plain, write_list

from seewhy.formats.converting.convert import Target, convert
from seewhy.formats.converting.reading import ReadPlan
from seewhy.formats.converting.sources import Known, sources_of


def test_alpaca_rows_are_read_by_their_registration_and_hold_earlier_turns(tmp_path):
    row = {"question": "What is <image>?", "more": "Be brief.", "good": "A cat.", "bad": "A dog.", "sys": "You see.",
           "before": [["Hello <image>", "Hi."]], "pic": ["images/1.png", "images/0.png"]}  # fmt: skip
    write_list(tmp_path / "rows.json", [row])
    columns = {"prompt": "question", "query": "more", "history": "before", "system": "sys", "chosen": "good",
               "rejected": "bad", "images": "pic"}  # fmt: skip
    ours, theirs = tmp_path / "dataset_info.json", {"file_name": "rows.json", "ranking": True, "columns": columns}
    write_list(tmp_path / "pairs.json", [PAIRS["llamafactory"][1][0]])
    talks = {"file_name": "pairs.json", "formatting": "sharegpt", "ranking": True, "columns": {"images": "images"}}
    ours.write_text(json.dumps({"mine": theirs, "talks": talks}))
    with pytest.raises(ValueError, match=r"llamafactory or llamafactory_alpaca; say which with --from"):
        sources_of(tmp_path, KNOWN)
    (one,) = sources_of(tmp_path, Known(formats=FORMATS, forced="llamafactory"))
    assert one.path.name == "pairs.json"
    ours.write_text(json.dumps({"mine": theirs}))
    (example,) = examples_in(tmp_path)
    assert [(turn.role, turn.text) for turn in example.prompt] == [
        ("system", "You see."), ("user", "Hello "), ("assistant", "Hi."), ("user", "What is ?\nBe brief."),
    ]  # fmt: skip
    assert [len(turn.pictures) for turn in example.prompt] == [0, 1, 0, 1]
    assert [reply.text for reply in example.replies] == ["A cat.", "A dog."]
    target = Target(format=FORMATS["llamafactory_alpaca"], folder=tmp_path / "out", name="set")
    convert(sources_of(tmp_path, KNOWN), ReadPlan(), target)
    assert json.loads((tmp_path / "out" / "dataset_info.json").read_text())["set"]["formatting"] == "alpaca"
    assert [plain(one) for one in examples_in(tmp_path / "out")] == [plain(example)]


@pytest.mark.parametrize(("more", "said"), [
    ({"history": [["Hello"]]}, r"history\[0\]"), ({"history": "Hello"}, r"history\[0\]"),
    ({"history": [["Hello", 3]]}, r"history\[0\]"), ({"instruction": "", "input": ""}, "instruction"),
    ({"chosen": "<image>"}, "a reply holds <image>"), ({"videos": ["a.mp4"]}, "videos"),
    ({"rejected": ["x"]}, "rejected"),
])  # fmt: skip
def test_alpaca_rows_that_are_not_so_are_refused_with_the_field(tmp_path, more, said):
    (row,) = PAIRS["llamafactory_alpaca"][1]
    (fault,) = faults_in(write_list(tmp_path / "rows.json", [row, {**row, **more}]))
    assert re.search(said, fault)
    assert ":2: " in fault


@pytest.mark.parametrize(
    ("forced", "entry", "said"),
    [
        ("llamafactory", {"ranking": True}, "lists files of llamafactory_alpaca and none of llamafactory; say --from"),
        ("llamafactory_alpaca", {"ranking": True, "formatting": "sharegpt"}, "lists files of llamafactory and none"),
        ("llamafactory", {}, "only pairs are read by a registration; name the file of a set with conversations, or"),
    ],
)
def test_a_registration_of_other_rows_than_were_asked_for_says_which_it_has(tmp_path, forced, entry, said):
    write_list(tmp_path / "rows.json", [{"instruction": "What?", "chosen": "A cat.", "rejected": "A dog."}])
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": {"file_name": "rows.json", **entry}}))
    with pytest.raises(ValueError, match=said):
        sources_of(tmp_path, Known(formats=KNOWN.formats, forced=forced))

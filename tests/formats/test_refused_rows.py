"""Rows that say what no row can mean: each is refused with file, row, field and remedy."""

import json

import pytest
from formats.made_sets import (
    IMAGE,
    LESSONS,
    PAIRS,
    QUESTIONS,
    RLAIFV,
    SWIFT,
    write_lines,
    write_list,
    write_table,
)
from formats.refusals import refusal

from seewhy.cli.main import main


def user(text):
    return {"role": "user", "content": text}


def said(text):
    return {"role": "assistant", "content": text}


def talk(*messages, **more):
    return {**SWIFT, "images": [], "messages": list(messages), **more}


def part(held):
    return talk({"role": "user", "content": [held]}, said("A cat."))


def trl(*prompt):
    return {"prompt": list(prompt), "chosen": [said("A cat.")], "rejected": [said("A dog.")]}


def logps(held):
    return {**RLAIFV, "logps": json.dumps(held)}


SIX = [-1.75, -1.75 / 3, [-0.5, -0.25, -1.0], -2.5, -1.25, [-2.0, -0.5]]
BATCH, VERL, COT = QUESTIONS["openai_batch"][1][0], QUESTIONS["verl"][1][0], PAIRS["mmcot"][1][0]
BOTH = {**SWIFT, "rejected_messages": [user("What?"), said("A cow.")], "rejected_images": []}
TURN = "put them in turn, after at most one system text"

LINES = [
    (talk("Hello", said("A cat.")), "field 'messages[0]' must be a message, {'role', 'content'}, and is 'Hello'; mend"),
    (part(5), "field 'messages[0].content[0]' must be a part with a 'type', and is 5; mend it"),
    (part({"type": "video"}), "field 'messages[0].content[0].type' is 'video', and parts are text and image; mend"),
    (part({"text": "What?"}), "field 'messages[0].content[0].type' is None, and parts are"),
    (talk({"role": {}, "content": "?"}), "field 'messages[0].role' is {}, and roles are 'system', 'user'"),
    (talk(said("A cat.")), "field 'messages' has no turn of the user; begin it with one, or take"),
    (talk(user("What?")), "field 'messages' ends with the user, so it has no reply; end it with an assistant's turn"),
    (talk(said("A cat."), images=[IMAGE]), "it has pictures and no turn of the user that could show them; take"),
    (talk(user("a"), user("b"), said("c")), f"turn 1 of the prompt is the user's where the assistant speaks; {TURN}"),
    (talk(said("a"), user("b"), said("c")), f"turn 0 of the prompt is the assistant's where the user speaks; {TURN}"),
    (talk(user(" "), said("A cat.")), "the last turn of the prompt is blank; give it a text"),
    (trl(user("What?"), said("Yes.")), "the prompt does not end with the user; end it with one"),
    (trl({"role": "system", "content": "Be brief."}), "the prompt does not end with the user; end it with one"),
    (BOTH, "fields 'rejected_messages' and 'rejected_response' are both there; keep one"),
    ({**SWIFT, "seewhy": 5}, "field 'seewhy' must be an object, and is 5; mend it"),
    ({**SWIFT, "seewhy": "{x"}, "field 'seewhy' is no JSON (Expecting property name"),
    ({**SWIFT, "seewhy": "[1]"}, "field 'seewhy' must be an object, and is [1]; mend it"),
    ({**BATCH, "url": "/v1/responses"}, "field 'url' is '/v1/responses', and requests to /v1/chat/completions are"),
    ({**BATCH, "url": 5}, "field 'url' is '5', and requests to /v1/chat/completions are read; take the row out"),
    ({**PAIRS["oumi"][1][0], "chosen": [said("a"), said("b")]}, "field 'chosen' has 2 messages, of which oumi uses the "
     "last alone; keep that one"),
    ({**SWIFT, "images": ["http://127.0.0.1:x/a.png"]}, "is a URL, and URLs are fetched with --fetch alone; give it"),
]  # fmt: skip
TABLES = [
    ({**COT, "best_response_score": 1.0, "worst_response_score": 2.0}, "field 'best_response_score' is 1.0, below the "
     "worst's 2.0; swap the sides"),
    (logps([*SIX[:2], 3, *SIX[3:]]), "it is '[-1.75, -0.58333"),
    (logps({"values": SIX}), "field 'logps' must be JSON of six"),
    ({**VERL, "reward_model": "cat"}, "field 'reward_model' must be an object, and is 'cat'; mend it"),
]  # fmt: skip


@pytest.mark.parametrize(("write", "row", "fact"), [
    *((write_lines, *one) for one in LINES), *((write_table, *one) for one in TABLES)
])  # fmt: skip
def test_a_row_that_no_tool_means_is_refused_with_field_and_remedy(tmp_path, capsys, write, row, fact):
    place = write(tmp_path / ("set.parquet" if write is write_table else "set.jsonl"), [row])
    to = "swift" if row in (VERL, BATCH) or "custom_id" in row or "reward_model" in row else "trl"
    assert fact in refusal(capsys, place, to)


def test_a_talk_of_sharegpt_that_has_no_question_is_refused(tmp_path, capsys):
    row = {**LESSONS["llava"][1][0], "conversations": [{"from": "gpt", "value": "A cat."}], "image": None}
    place = write_list(tmp_path / "set.json", [row])
    assert "field 'conversations' has no turn of the user; begin" in refusal(capsys, place, "trl_completion")


def test_an_element_of_a_list_that_is_no_object_is_refused(tmp_path, capsys):
    place = write_list(tmp_path / "set.json", [[1], PAIRS["mdpo"][1][0]])
    assert "a row is a JSON object, and this is [1]; take it out" in refusal(capsys, place, "trl")


def test_a_field_that_ms_swift_calls_otherwise_is_named(tmp_path, capsys):
    place = write_lines(tmp_path / "set.jsonl", [SWIFT, {**SWIFT, "rejected": "A cow."}])
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "trl"]) == 2
    told = capsys.readouterr().err
    assert f"{place}:2: field 'rejected' is none of ms-swift's; call it 'rejected_response'" in told


def test_a_file_that_two_formats_know_and_a_folder_of_two_formats_are_told(tmp_path, capsys):
    row = {**LESSONS["llava"][1][0], "messages": SWIFT["messages"]}
    place = write_lines(tmp_path / "set.jsonl", [row])
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "trl_completion"]) == 2
    told = capsys.readouterr().err
    assert f"{place}:1 could be llava or swift (it has id, image, conversations, messages)" in told
    assert "remedy: say which with --from NAME" in told
    words = ["data", "convert", str(place), str(tmp_path / "out"), "--to", "trl_completion", "--from", "llava"]
    assert main(words) == 0
    (tmp_path / "in").mkdir()
    write_list(tmp_path / "in" / "a.json", PAIRS["mdpo"][1])
    write_lines(tmp_path / "in" / "b.jsonl", [SWIFT])
    capsys.readouterr()
    assert main(["data", "convert", str(tmp_path / "in"), str(tmp_path / "no"), "--to", "trl"]) == 2
    told = capsys.readouterr().err
    assert "a.json is mDPO" in told
    assert "b.jsonl is ms-swift messages" in told
    assert "remedy: convert each by itself" in told

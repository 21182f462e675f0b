"""Results of an OpenAI batch: joined to their requests by `custom_id`, and each that is missing or failed is told."""

import json

import pytest
from formats.made_sets import convert_to, pictures_in, plain, write_lines, write_table

from seewhy.cli.main import main
from seewhy.formats.converting.convert import BAD, Target, convert
from seewhy.formats.converting.reading import ReadPlan, Tally, read_sources
from seewhy.formats.openai_batch import OpenAIBatch
from seewhy.formats.rows.example import Kind
from seewhy.workbench.converting import sources_at


def request(name, text="What is it?"):
    shown = {"type": "image_url", "image_url": {"url": "images/0.png"}}
    talk = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [shown, text_part(text)]}]
    return {
        "custom_id": name,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": talk},
    }


def text_part(text):
    return {"type": "text", "text": text}


def choice(text, end="stop", **more):
    return {"index": 0, "message": {"role": "assistant", "content": text, **more}, "finish_reason": end}


def result(name, *choices, status=200, error=None):
    body = {"model": "gpt", "choices": [one if isinstance(one, dict) else choice(one) for one in choices]}
    return {"id": "batch_req_1", "custom_id": name, "response": {"status_code": status, "body": body}, "error": error}


def failed(name, code="batch_expired"):
    return {"id": "batch_req_1", "custom_id": name, "response": None, "error": {"code": code, "message": "too late"}}


def batch(folder, names, **files):
    pictures_in(folder)
    write_lines(folder / "requests.jsonl", [request(name) for name in names])
    for name, rows in files.items():
        (folder / f"{name}.jsonl").write_text("".join(
            (row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows
        ))  # fmt: skip
    return folder


def found_at(place, questions=None):
    return list(read_sources(sources_at(place, questions=questions), ReadPlan(), Tally()))


def test_shuffled_results_are_joined_by_their_id_and_a_later_success_counts(tmp_path):
    parts = choice([text_part("sec"), text_part("ond")])
    place = batch(
        tmp_path, "abc", output=[result("c", "third"), result("a", "first")], error=[failed("b"), failed("a")],
        again=[result("b", parts)],
    )  # fmt: skip
    found = found_at(place)
    assert [str(one.fault) for one in found if one.fault] == []
    examples = [one.example for one in found]
    assert [(one.question, one.replies[0].text, one.source) for one in examples] == [
        ("a", "first", "gpt"), ("b", "second", "gpt"), ("c", "third", "gpt"),
    ]  # fmt: skip
    assert all(one.kind is Kind.LESSON and len(one.pictures) == 1 for one in examples)
    assert [turn.role.value for turn in examples[0].prompt] == ["system", "user"]
    apart = found_at(place / "output.jsonl", place / "requests.jsonl")
    assert [one.example.replies[0].text for one in apart if one.example] == ["first", "third"]


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        ([result("b", "x")], "requests.jsonl:1", ["request 'a' has no reply", "output.jsonl", "ask it again"]),
        ([failed("a")], "requests.jsonl:1", ["output.jsonl:1", "batch_expired, too late"]),
        ([result("a", status=429)], "requests.jsonl:1", ["output.jsonl:1", "status 429"]),
        ([result("a", choice("cut", "length"))], "requests.jsonl:1", ["choices[0].finish_reason", "limit of tokens"]),
        ([result("a", choice(None, "tool_calls"))], "requests.jsonl:1", ["calls a tool"]),
        ([result("a", choice(None, refusal="No."))], "requests.jsonl:1", ["refusal", "the model refused"]),
        ([result("a", choice(None))], "requests.jsonl:1", ["content", "said nothing"]),
        ([result("a", choice(" "))], "requests.jsonl:1", ["content", "blank"]),
        ([result("a")], "requests.jsonl:1", ["response.body.choices", "empty"]),
        ([result("a", "x"), result("a", "y")], "requests.jsonl:1", ["output.jsonl:1 and", "different things"]),
        ([result("a", "x"), result("a", "x")], "output.jsonl:2", ["output.jsonl:1 too", "take one out"]),
        ([result("a", "x"), result("z", "x")], "output.jsonl:2", ["no request has 'z'"]),
        ([result("a", "x"), result(None, "x")], "output.jsonl:2", ["field 'custom_id' must be the text"]),
        ([result("a", "x"), '{"custom_id": "a", "resp'], "output.jsonl:2", ["not JSON"]),
        ([result("a", "x", choice("y", "length"))], "output.jsonl:1", ["choices[1].finish_reason"]),
    ],
)  # fmt: skip
def test_missing_failed_and_repeated_results_are_told_by_row(tmp_path, lines, place, words):
    batch(tmp_path, "a", output=lines)
    fault, *others = [f"{one.raw.place}: {one.fault}" for one in found_at(tmp_path) if one.fault]
    assert all("no request has 'b'" in other for other in others)
    assert fault.startswith(f"{tmp_path / place}: ")
    for word in words:
        assert word in fault


def test_results_in_a_table_are_joined_like_those_in_lines(tmp_path):
    batch(tmp_path, "ab")
    write_table(tmp_path / "output.parquet", [result("b", "second"), result("a", "first"), result("z", "x")])
    found = found_at(tmp_path)
    assert [one.example.replies[0].text for one in found if one.example] == ["first", "second"]
    assert ["no request has 'z'" in str(one.fault) for one in found if one.fault] == [True]


def test_bad_requests_are_kept_to_be_asked_again_and_replies_alone_name_the_option(tmp_path, capsys):
    place = batch(tmp_path / "in", "abc", output=[result("a", "x")], error=[failed("b")])
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "seewhy", "--skip-bad"]) == 0
    bad = [json.loads(json.loads(line)["row"]) for line in (tmp_path / "out" / BAD).read_text().splitlines()]
    assert bad == [request("b"), request("c")]
    assert main(["data", "convert", str(place / "output.jsonl"), str(tmp_path / "no"), "--to", "seewhy"]) == 2
    assert "--questions FILE" in capsys.readouterr().err


def test_several_replies_are_a_group_whose_replies_become_sft_examples(tmp_path):
    place = batch(tmp_path / "in", "ab", output=[result("b", "u", "v"), result("a", "x", "y")])
    assert [one.example.kind for one in found_at(place)] == [Kind.GROUP, Kind.GROUP]
    words = ["data", "convert", str(place), str(tmp_path / "out"), "--to", "swift"]
    assert main(words) == 2
    assert main([*words, "--take", "replies"]) == 0
    told = [one.example for one in found_at(tmp_path / "out")]
    assert [one.replies[0].text for one in told] == ["x", "y", "u", "v"]
    assert plain(told[0])[0] == plain(told[1])[0]


def test_a_question_of_several_rows_is_asked_once_and_two_of_one_id_are_refused(tmp_path):
    rows = [request("a"), request("a"), request("b")]
    pictures_in(tmp_path)
    place = write_lines(tmp_path / "requests.jsonl", rows)
    target = Target(format=OpenAIBatch(model="m"), folder=tmp_path / "out", name="set")
    done = convert(sources_at(place), ReadPlan(), target)
    assert (done.tally.read, done.tally.written) == (3, 2)
    ids = [json.loads(line)["custom_id"] for line in (tmp_path / "out" / "set.jsonl").read_text().splitlines()]
    assert ids == ["a", "b"]
    write_lines(place, [request("a"), request("a", "Another?")])
    with pytest.raises(ValueError, match=r"requests.jsonl:2: the id 'a' is that of .*requests.jsonl:1 too"):
        convert_to(place, tmp_path / "other", "seewhy")

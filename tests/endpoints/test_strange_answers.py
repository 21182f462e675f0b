"""What a server may answer: each strange thing is a fault with a name, or a reply without it, and nothing is lost."""

import gzip
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import Answer, LoopServer, as_json, choices, echo
from talking import FAST, ask_once, first_then, say, teacher_at

from seewhy.endpoints.chat import Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.faults import Fault
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.reading import ParsedReply, read_answer
from seewhy.endpoints.transport.api import HttpResponse
from seewhy.records.types import FinishReason

HALF = "\ud83d"
"""Half of an emoji; `json.dumps` writes it as servers do that cut text in UTF-16."""
DEEP = b"[" * 100_000 + b"]" * 100_000


def read(body: bytes | object, status: int = 200) -> ParsedReply:
    whole = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_answer(HttpResponse(status=status, headers={}, body=whole))


def one(content: object = "fine", end: object = "stop", usage: object = None, **message: object) -> dict:
    told = {"finish_reason": end, "message": {"content": content, **message}}
    return {"model": "m", "choices": [told], "usage": usage or {"prompt_tokens": 5, "completion_tokens": 3}}


def fault_of(came: ParsedReply) -> Fault:
    assert came.fault is not None
    assert came.replies == ()
    return came.fault


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud83d", 10**400, -7]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["error", "choices", "usage", "model", "message", "content", "refusal", "finish_reason", "logprobs", "token",
         "logprob", "top_logprobs", "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens",
         "completion_tokens_details", "reasoning_tokens", "tool_calls", "text", "innererror", "code"]  # fmt: skip
STRANGE = st.recursive(
    JSON, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner | st.lists(inner, max_size=2), max_size=6)
)


@given(
    STRANGE | st.fixed_dictionaries({"choices": st.lists(STRANGE, max_size=2), "usage": STRANGE}),
    st.sampled_from([200, 400, 500]),
)
def test_whatever_is_answered_is_read_as_replies_or_a_fault_that_can_be_kept(told, status):
    came = read(told, status)
    assert came.replies or came.fault
    texts = [came.model, came.fault.words if came.fault else ""]
    for reply in came.replies:
        texts += [reply.text, *reply.first_token]
        assert all(math.isfinite(value) for value in reply.first_token.values())
    for text in texts:
        text.encode()
    if came.tokens:
        counts = (came.tokens.prompt, came.tokens.completion, came.tokens.cached)
        assert all(0 <= count < 2**62 for count in counts)


@pytest.mark.parametrize("end", ["length", "stop"])
def test_half_characters_are_replaced_wherever_they_stand(end):
    came = read({**one(f"All right {HALF}", end), "model": f"m{HALF}"})
    assert came.replies[0].text == "All right \ufffd"
    assert came.model == "m\ufffd"
    whole = read(b'{"choices": [{"message": {"content": "\\ud83d\\ude00"}}]}').replies[0].text
    assert whole == "\U0001f600", "a whole pair is one character"
    refused = read(one(None, refusal=f"I cannot {HALF}"))
    assert "I cannot \ufffd" in fault_of(refused).words


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", [DEEP, b'{"choices": ' + DEEP + b"}", b'{"error": ' + DEEP + b"}"])
def test_json_nested_without_an_end_is_a_fault(body, status):
    assert str(status) in fault_of(read(body, status)).words


@pytest.mark.parametrize(
    "value", ["7", True, None, math.nan, math.inf, -math.inf, 10**400, 3.0, [], {}], ids=lambda value: str(value)[:9]
)
def test_a_log_probability_that_is_none_is_left_out_and_the_reply_is_kept(value):
    good = {"token": "a", "logprob": -0.5}
    for strange in ({"token": "b", "logprob": value}, {"token": 7, "logprob": -1}, value):
        told = one()
        told["choices"][0]["logprobs"] = {"content": [{**good, "top_logprobs": [strange, good]}]}
        [reply] = read(told).replies
        assert reply.first_token == {"a": -0.5}
        told["choices"][0]["logprobs"] = {"content": [{**good, "top_logprobs": value}]}
        assert read(told).replies[0].first_token == {"a": -0.5}


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": 3},
        {"prompt_tokens": 5, "completion_tokens": -3},
        {"prompt_tokens": 10**20, "completion_tokens": 1},
        {"prompt_tokens": 5, "completion_tokens": 10**9},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": "5", "completion_tokens": 1},
        {"prompt_tokens": 5, "completion_tokens": 1.5},
    ],
    ids=str,
)
def test_usage_that_cannot_be_is_no_bill_and_our_own_estimate_counts(usage, tmp_path):
    assert read(one(usage=usage)).tokens is None
    with LoopServer(lambda _: as_json(one(usage=usage))) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(tmp_path / "replies.sqlite"))
        for _ in range(2):
            with Teacher(endpoint, PacePlan(tries=1), SpendPlan(tokens=100)) as teacher:
                [answered] = teacher.chat([say("x", max_tokens=40)])
                assert answered.replies[0].text == "fine"
                assert (teacher.spending.prompt_tokens, teacher.spending.completion_tokens) == (0, 0)
        with Teacher(endpoint, PacePlan(tries=1), SpendPlan(tokens=100)) as teacher, pytest.raises(RuntimeError):
            teacher.chat([say("y", max_tokens=40)])


def test_cached_tokens_are_never_more_than_the_prompt():
    usage = {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 10**6}}
    came = read(one(usage=usage))
    assert came.tokens
    assert came.tokens.cached == 5


LOST = {
    "an error in the choice": {"choices": [{**one("Row 1 reads")["choices"][0], "error": {"code": 502}}]},
    "nothing said, and an error": one("", "error"),
    "finish_reason error": one("Row 1 reads 5 and", "error"),
    "finish_reason abort": one("Row 1 reads 5 and", "abort"),
    "an error beside the choices": {**one("Row 1 reads 5 and", None), "error": {"code": 504, "message": "timed out"}},
}  # fmt: skip


@pytest.mark.parametrize("told", LOST.values(), ids=LOST)
def test_half_a_reply_of_a_server_that_lost_its_model_is_asked_again_and_not_kept(told):
    answered, asked = ask_once(first_then(as_json(told), choices("Row 1 reads 5 and 7.")))
    assert [reply.text for reply in answered.replies] == ["Row 1 reads 5 and 7."]
    assert len(asked) == 2


SILENT = {
    "reasoning_content": (one("", reasoning_content="So 12."), "reason"),
    "null, reasoning": (one(None, reasoning="So 12."), "reason"),
    "white space, reasoning": (one(" \n", reasoning_content="So 12."), "reason"),
    "hidden reasoning": (
        one("", usage={"prompt_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}}),
        "reason",
    ),
    "no tokens left": (one("", "length"), "max_tokens"),
    "null, no tokens left": (one(None, "length"), "max_tokens"),
    "a tool": (one(None, "tool_calls", tool_calls=[{"id": "1"}]), "tool"),
    "a function": (one(None, "function_call", function_call={"name": "f"}), "tool"),
}  # fmt: skip


@pytest.mark.parametrize(("told", "cause"), SILENT.values(), ids=SILENT)
def test_a_model_that_says_nothing_is_a_failure_that_names_the_cause_and_is_not_paid_again(told, cause):
    answered, asked = ask_once(lambda _: as_json(told))
    assert answered.replies == ()
    assert cause in answered.failure
    assert len(asked) == 1


def test_an_empty_reply_without_a_cause_is_asked_again():
    answered, asked = ask_once(first_then(as_json(one("")), choices("yes")))
    assert [reply.text for reply in answered.replies] == ["yes"]
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("end", "stop"),
    [
        ("length", FinishReason.LENGTH),
        ("model_length", FinishReason.LENGTH),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("stop", FinishReason.END),
        ("eos", FinishReason.END),
        (None, FinishReason.END),
    ],
)
def test_a_reply_is_cut_where_its_tokens_or_the_models_context_ended(end, stop):
    assert read(one("Row 1", end)).replies[0].stop is stop


@pytest.mark.parametrize("end", ["content_filter", "SAFETY", "recitation"])
def test_a_withheld_reply_is_kept_as_the_answer(end):
    assert fault_of(read(one("half", end))).is_reply


FILTERS = [
    {"message": "The response was filtered.", "code": "content_filter", "innererror": {"code": "X"}},
    {"message": "Blocked.", "code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}},
    {"message": "Your request was rejected.", "code": "content_policy_violation"},
    {"message": "Input data may contain inappropriate content.", "code": "data_inspection_failed"},
]


@pytest.mark.parametrize("told", FILTERS, ids=lambda told: str(told["code"]))
def test_a_prompt_that_a_filter_refuses_is_not_asked_again_by_the_next_run(told, tmp_path):
    with LoopServer(lambda _: as_json({"error": told}, 400)) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(tmp_path / "replies.sqlite"))
        for _ in range(2):
            with Teacher(endpoint, FAST) as teacher:
                [answered] = teacher.chat([say("x")])
                assert "filter refused the prompt" in answered.failure
                assert answered.usage.dollars == 0
        assert len(server.asked) == 1


def test_words_about_a_filter_are_no_refusal_by_one():
    assert not fault_of(read({"error": {"message": "content_filter must be a list"}}, 400)).is_reply


def test_one_strange_answer_costs_no_other_reply():
    strange = {
        "3": Answer(body=b'{"choices": ' + DEEP + b"}"),
        "5": as_json(one("", reasoning="So")),
        "7": Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-6\r\n"),
    }
    requests: list[Request] = [say(str(number)) for number in range(10)]
    with LoopServer(lambda asked: strange.get(asked.text) or echo(asked)) as server, teacher_at(server) as teacher:
        answers = teacher.chat(requests)
    assert [number for number, answer in enumerate(answers) if answer.failure] == [3, 5, 7]
    assert all(answer.replies[0].text == str(number) for number, answer in enumerate(answers) if answer.replies)


def raw(head: bytes, body: bytes = b"") -> Answer:
    return Answer(raw=b"HTTP/1.1 " + head + b"\r\n" + body)


FINE = json.dumps(one()).encode()
SIZE = b"Content-Length: %d\r\n" % len(FINE)
BOMB = gzip.compress(b"0" * 70_000_000, compresslevel=1)
NEVER_READ = {
    "nothing": Answer(body=b""), "a page": Answer(body=b"<html>Login</html>"), "null": Answer(body=b"null"),
    "a list": Answer(body=b"[]"), "Latin-1": Answer(body=FINE.replace(b"fine", b"\xe9")), "two": Answer(body=FINE * 2),
    "a stream": Answer(body=b"data: " + FINE + b"\n\n"), "choices by name": as_json({"choices": {"0": {}}}),
    "a number": as_json(one(7)), "no words": as_json(one([{"type": "image"}, 7, None])),
    "a shorter body": raw(b"200 OK\r\nContent-Length: -5\r\n", FINE), "no status": raw(b"abc OK\r\n", FINE),
    "two sizes": raw(b"200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n", FINE),
    "204": raw(b"204 No Content\r\n"), "304": raw(b"304 Not Modified\r\n"), "999": raw(b"999 Odd\r\n" + SIZE, FINE),
    "no gzip": raw(b"200 OK\r\nContent-Encoding: gzip\r\n" + SIZE, FINE), "ssh": Answer(raw=b"SSH-2.0-OpenSSH_9\r\n"),
    "a bomb": raw(b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n" % len(BOMB), BOMB),
    "a chunk of 10^21": raw(b"200 OK\r\nTransfer-Encoding: chunked\r\n", b"FFFFFFFFFFFFFFFFFF\r\nabc"),
    "a long head": raw(b"200 OK\r\nX: " + b"a" * 100_000 + b"\r\n" + SIZE, FINE),
    "a year": Answer(status=429, body=b"{}", headers={"Retry-After": "99999999"}), "true": as_json({"error": True}),
}  # fmt: skip
READ = {
    "a mark": Answer(body=b"\xef\xbb\xbf" + FINE), "UTF-16": Answer(body=FINE.decode().encode("utf-16")),
    "no count": Answer(body=FINE.replace(b"5", b"NaN")), "a float": as_json(one(usage={"prompt_tokens": 1e300})),
    "an end of 3": as_json(one(end=3)), "names": as_json({**one(), "model": ["m"]}),
    "a list of usage": as_json(one(usage=[1])),
}  # fmt: skip


def test_what_no_server_should_send_is_one_failure_or_the_reply_in_it_and_all_others_come():
    told = {**NEVER_READ, **READ}
    names = [name for odd in told for name in (odd, f"after {odd}")]
    with LoopServer(lambda asked: told.get(asked.text) or echo(asked)) as server, teacher_at(server) as teacher:
        answers = dict(zip(names, teacher.chat([say(name) for name in names]), strict=True))
    assert {name for name, answer in answers.items() if answer.failure} == NEVER_READ.keys()
    assert {answers[name].replies[0].text for name in READ} == {"fine"}

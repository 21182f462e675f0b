"""A teacher behind a real server: what it asks, what it keeps, and what it makes of every fault."""

import threading

import pytest
from loopback import Answer, Asked, LoopServer, as_json, choices, echo, error
from talking import ask_once, first_then, say, teacher_at

from seewhy.endpoints.chat import ChatModel, Reply
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.records.types import FinishReason


def test_a_teacher_is_a_talker():
    with LoopServer(echo) as server, teacher_at(server) as teacher:
        assert isinstance(teacher, ChatModel)


def test_answers_stand_in_the_order_of_the_requests_though_they_come_in_another():
    def later_first(asked: Asked) -> Answer:
        reply = echo(asked)
        return Answer(body=reply.body, wait_s=0.1 if asked.text == "0" else 0.0)

    with LoopServer(later_first) as server, teacher_at(server) as teacher:
        answers = teacher.chat([say(str(number)) for number in range(20)])
    assert [answer.replies[0].text for answer in answers] == [str(number) for number in range(20)]


def test_what_a_call_cost_and_the_model_are_told_as_the_server_names_them():
    answered, _ = ask_once(lambda _: choices("yes", prompt=120, completion=3, model="m-2026-01-01"))
    assert (answered.model, answered.usage.prompt_tokens, answered.usage.completion_tokens) == ("m-2026-01-01", 120, 3)
    assert answered.usage.calls == 1


def test_a_reply_that_met_the_token_limit_says_so():
    answered, _ = ask_once(lambda _: choices("1 + 1 =", finish_reason="length"))
    assert answered.replies == (Reply(text="1 + 1 =", stop=FinishReason.LENGTH),)


def test_the_first_token_comes_with_the_log_probabilities_of_its_alternatives():
    told = {"content": [{"token": "yes", "logprob": -0.1, "top_logprobs": [
        {"token": "yes", "logprob": -0.1}, {"token": "no", "logprob": -2.4}]}]}  # fmt: skip
    answered, asked = ask_once(lambda _: choices("yes", logprobs=told), say("?", top_logprobs=2))
    assert answered.replies[0].first_token == {"yes": -0.1, "no": -2.4}
    assert (asked[0].body["logprobs"], asked[0].body["top_logprobs"]) == (True, 2)


def test_several_replies_are_one_call_where_the_server_gives_them():
    answered, asked = ask_once(echo, say("x", count=4))
    assert len(answered.replies) == 4
    assert [call.body.get("n") for call in asked] == [4]


def test_a_server_that_gives_one_choice_without_a_word_is_asked_for_the_rest_and_known_from_then_on():
    with LoopServer(lambda asked: choices(f"reply {asked.number}")) as server, teacher_at(server) as teacher:
        first, second = (teacher.chat([say(text, count=3, seed=7)])[0] for text in ("a", "b"))
        counts = [asked.body.get("n", 1) for asked in server.asked]
        seeds = [asked.body["seed"] for asked in server.asked]
    assert sorted(reply.text for reply in first.replies) == ["reply 0", "reply 1", "reply 2"]
    assert len(second.replies) == 3
    assert counts == [3, 1, 1, 1, 1, 1]
    assert len(set(seeds[:3])) == 3, "the same seed again would bring the same reply"


def test_more_replies_than_before_cost_only_the_difference():
    with LoopServer(echo) as server, teacher_at(server) as teacher:
        teacher.chat([say("x", count=2)])
        [answered] = teacher.chat([say("x", count=5)])
        assert len(answered.replies) == 5
        assert [asked.body["n"] for asked in server.asked] == [2, 3]
        assert teacher.chat([say("x", count=3)])[0].usage.calls == 0


def test_equal_requests_at_once_are_paid_for_once():
    with LoopServer(echo) as server, teacher_at(server) as teacher:
        answers = teacher.chat([say("x")] * 12)
        assert [answer.replies for answer in answers] == [(Reply(text="x"),)] * 12
        assert (len(server.asked), sum(answer.usage.calls for answer in answers)) == (1, 1)


def test_no_more_calls_are_under_way_than_the_pace_allows():
    def slow(asked: Asked) -> Answer:
        return Answer(body=echo(asked).body, wait_s=0.02)

    with LoopServer(slow) as server, teacher_at(server, PacePlan(concurrency=3)) as teacher:
        threads = [
            threading.Thread(target=teacher.chat, args=([say(f"{name} {number}") for number in range(8)],))
            for name in "abc"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(server.asked), server.max_at_once) == (24, 3)


@pytest.mark.parametrize(
    "fault",
    [
        error(429, "slow down"),
        error(500, "oops"),
        error(503, "overloaded", retry_after="0"),
        Answer(status=502, body=b"<html>Bad gateway</html>", kind="text/html"),
        Answer(body=b"<html><body>Log in</body></html>", kind="text/html"),
        Answer(body=choices("yes").body[:60]),
        Answer(body=choices("yes").body, cut_at=60),
        Answer(body=b""),
        Answer(body=b"null"),
        as_json({"choices": []}),
        as_json({"choices": [{"index": 0}]}),
        as_json({"choices": "none"}),
        as_json({"result": "yes"}),
        as_json({"error": {"message": "upstream is gone"}}),
        choices(None),
    ],
    ids=lambda fault: f"{fault.status} {fault.body[:30].decode()}",
)
def test_a_fault_that_may_pass_is_tried_again_and_the_reply_is_whole(fault):
    answered, asked = ask_once(first_then(fault, choices("yes")))
    assert (answered.failure, [reply.text for reply in answered.replies]) == ("", ["yes"])
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (error(401, "bad key"), "401: bad key"),
        (error(404, "no such model"), "404: no such model"),
        (error(400, "too long"), "400: too long"),
        (Answer(status=413, body=b"", kind="text/plain"), "413"),
        (as_json({"choices": [{"message": {"refusal": "I cannot"}}]}), "refused: I cannot"),
        (choices("...", finish_reason="content_filter"), "content filter"),
        (error(429, "you exceeded your quota; insufficient_quota"), "insufficient_quota"),
    ],
    ids=lambda told: told if isinstance(told, str) else "",
)
def test_a_fault_that_stays_is_a_failure_with_its_name_after_one_call(fault, words):
    answered, asked = ask_once(lambda _: fault)
    assert words in answered.failure
    assert (answered.replies, len(asked)) == ((), 1)


def test_a_fault_that_never_passes_ends_after_the_tries_of_the_plan():
    answered, asked = ask_once(lambda _: error(500, "oops"))
    assert answered.failure == "the server answered 500: oops (after 3 tries)"
    assert len(asked) == 3


@pytest.mark.parametrize("slow", [Answer(wait_s=60), Answer(body=b"x" * 1000, drip_s=0.05)], ids=["hang", "slow drip"])
def test_an_answer_that_does_not_end_is_given_up_at_the_deadline(slow):
    pace = PacePlan(deadline_s=0.3, first_wait_s=0.01, tries=2)
    answered, asked = ask_once(first_then(slow, choices("yes")), pace=pace)
    assert (answered.failure, len(asked)) == ("", 2)


def test_one_failure_loses_none_of_the_others():
    def refuse_one(asked: Asked) -> Answer:
        return error(400, "too long") if asked.text == "3" else echo(asked)

    with LoopServer(refuse_one) as server, teacher_at(server) as teacher:
        answers = teacher.chat([say(str(number)) for number in range(6)])
    assert [len(answer.replies) for answer in answers] == [1, 1, 1, 0, 1, 1]


def test_replies_that_came_before_a_failure_are_kept_and_only_the_rest_is_asked_again():
    def two_then_fail(asked: Asked) -> Answer:
        return choices("a", "b") if asked.number == 0 else error(400, "broken") if asked.number < 4 else choices("c")

    with LoopServer(two_then_fail) as server, teacher_at(server, PacePlan(concurrency=1)) as teacher:
        request = say("x", count=5)
        assert "broken" in teacher.chat([request])[0].failure
        asked_before = len(server.asked)
        [answered] = teacher.chat([request])
        assert [reply.text for reply in answered.replies] == ["a", "b", "c", "c", "c"]
        assert (len(server.asked) - asked_before, answered.usage.calls) == (3, 3)


def test_a_server_that_is_not_there_is_a_failure_that_says_so():
    with LoopServer(echo) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m")
    with Teacher(endpoint, PacePlan(tries=2, first_wait_s=0.01)) as teacher:
        assert "connection" in teacher.chat([say("x")])[0].failure

"""Every fault of the served oracle looks to a client as it does in the wild, and stands in the bill."""

import json
import socket
import struct
import threading
import time

import pytest
from served_oracle import BROKEN, ask, bill_of, body_of, draw, serve

from seewhy.testing.served.faults import fault_of, spoil
from seewhy.testing.served.plan import Fault, FaultPlan, ServedPlan

REPLY = json.dumps({"id": "a", "overall": 3})
NOTHING = {"calls": 0, "choices": 0, "prompt_tokens": 0, "completion_tokens": 0}


@pytest.fixture(scope="module")
def question(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("pages"), 1)[0]


def always(fault: Fault, **more: float) -> FaultPlan:
    return FaultPlan(rate=1.0, kinds=(fault,), **more)


@pytest.mark.parametrize(
    ("fault", "status", "wait"),
    [(Fault.RATE_LIMIT, 429, None), (Fault.RATE_LIMIT_TOLD, 429, "7"), (Fault.SERVER_ERROR, 500, None)],
)
def test_a_refused_call_has_its_status_and_costs_nothing(fault, status, wait, question, tmp_path):
    with serve([question], tmp_path, faults=always(fault, retry_after_s=7)) as server:
        answer = ask(server, question)
        bill = bill_of(server)
    assert answer.status == status
    assert answer.headers.get("retry-after") == wait
    assert "message" in answer.json["error"]
    assert (bill["received"], bill["faults"], bill["billed"], bill["unseen"]) == (1, {fault: 1}, NOTHING, NOTHING)


def test_a_hanging_call_gets_no_byte_and_a_closed_connection(question, tmp_path):
    with serve([question], tmp_path, faults=always(Fault.HANG, hang_s=0.3)) as server:
        began = time.monotonic()
        with pytest.raises(BROKEN):
            ask(server, question)
        assert 0.3 <= time.monotonic() - began < 5
        assert (bill_of(server)["billed"], bill_of(server)["unseen"]) == (NOTHING, NOTHING)


def test_a_dripping_answer_is_whole_for_who_waits_and_unseen_for_who_does_not(question, tmp_path):
    with serve([question], tmp_path, faults=always(Fault.DRIP, drip_s=0.6)) as server:
        began = time.monotonic()
        assert ask(server, question).json["choices"]
        assert time.monotonic() - began >= 0.5
        assert bill_of(server)["billed"]["calls"] == 1
        hang_up(server.port, question, after=0.1)
        await_bill(server, unseen=1)
        assert bill_of(server)["billed"]["calls"] == 1


def test_a_slow_answer_that_nobody_waited_for_is_unseen(question, tmp_path):
    with serve([question], tmp_path, ServedPlan(latency_s=1.0)) as server:
        hang_up(server.port, question, after=0.1)
        await_bill(server, unseen=1)
        assert bill_of(server)["billed"] == NOTHING


def test_a_reset_connection_breaks_in_the_body(question, tmp_path):
    with serve([question], tmp_path, faults=always(Fault.RESET)) as server:
        with pytest.raises(BROKEN):
            ask(server, question)
        got, is_reset = read_until_end(server.port, question)
        bill = bill_of(server)
    assert is_reset
    assert b"200 OK" in got
    assert bill["unseen"]["calls"] == 2
    assert bill["billed"] == NOTHING


def test_a_cut_answer_is_http_that_is_whole_and_json_that_is_not(question, tmp_path):
    with serve([question], tmp_path, faults=always(Fault.CUT)) as server:
        answer = ask(server, question)
        bill = bill_of(server)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        answer.json  # noqa: B018
    assert (bill["billed"], bill["unseen"]["calls"]) == (NOTHING, 1)


def test_a_page_of_html_has_status_200(question, tmp_path):
    with serve([question], tmp_path, faults=always(Fault.PAGE)) as server:
        answer = ask(server, question)
        assert bill_of(server)["billed"] == NOTHING
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.startswith(b"<!doctype html>")


def test_no_choices_and_a_refusal_are_answers_and_are_charged(question, tmp_path):
    for fault, choices in [(Fault.NO_CHOICES, 0), (Fault.REFUSAL, 3)]:
        with serve([question], tmp_path, faults=always(fault)) as server:
            answer = ask(server, question, n=3).json
            bill = bill_of(server)
        assert len(answer["choices"]) == choices
        assert all(c["message"]["content"] is None and c["message"]["refusal"] for c in answer["choices"])
        assert (bill["billed"]["calls"], bill["billed"]["choices"]) == (1, choices)


def test_json_in_prose_still_holds_the_json_and_wrong_ids_are_none_of_those_asked_about():
    prose = spoil(REPLY, Fault.PROSE)
    assert REPLY in prose
    with pytest.raises(json.JSONDecodeError):
        json.loads(prose)
    assert json.loads(spoil(REPLY, Fault.WRONG_IDS)) == {"id": "other-a", "overall": 3}
    assert spoil('<final_rationale id="a">\nSo.\n</final_rationale>', Fault.WRONG_IDS).startswith(
        '<final_rationale id="other-a">'
    )


def test_faults_come_at_their_rate_all_alike_and_the_same_in_every_run():
    plan = FaultPlan(rate=0.3)
    drawn = [fault_of(plan, f"{number}", 1, [REPLY]) for number in range(4000)]
    assert drawn == [fault_of(plan, f"{number}", 1, [REPLY]) for number in range(4000)]
    # Four standard deviations of a binomial share: of 4,000 calls, and of one kind among 12.
    assert abs(sum(fault is not None for fault in drawn) / 4000 - 0.3) < 4 * (0.3 * 0.7 / 4000) ** 0.5
    for kind in Fault:
        assert abs(drawn.count(kind) / 4000 - 0.025) < 4 * (0.025 * 0.975 / 4000) ** 0.5


def test_a_call_made_again_has_a_fate_of_its_own():
    plan = FaultPlan(rate=0.5)
    fates = {tuple(fault_of(plan, f"{number}", time, ["no json"]) for time in range(6)) for number in range(50)}
    assert len(fates) == 50


def test_a_fault_of_json_never_befalls_a_reply_that_is_none():
    plan = FaultPlan(rate=1.0, kinds=(Fault.PROSE, Fault.WRONG_IDS))
    assert fault_of(plan, "a", 1, ["no json"]) is None
    assert fault_of(plan, "a", 1, [REPLY]) is not None


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [({"rate": 1.5}, "faults.rate is 1.5; it is a share"), ({"rate": 0.1, "kinds": ()}, "faults.kinds names none")],
)
def test_a_plan_of_faults_that_makes_no_sense_is_refused(fields, complaint):
    with pytest.raises(ValueError, match=complaint):
        FaultPlan(**fields)


def test_two_hundred_calls_at_once_are_answered_each_as_if_alone(tmp_path_factory, tmp_path):
    questions = draw(tmp_path_factory.mktemp("many"), 200)
    answers: dict[str, list[str]] = {}
    with serve(questions, tmp_path, ServedPlan(latency_s=0.2)) as server:

        def one(place: int) -> None:
            answers[questions[place].id] = ask(server, questions[place]).texts

        threads = [threading.Thread(target=one, args=(place,)) for place in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert bill_of(server)["billed"]["calls"] == 200
        assert all(answers[question.id] == ask(server, question).texts for question in questions[:10])


def post(port: int, question) -> socket.socket:
    """A connection on which the question was asked."""
    payload = json.dumps(body_of(question)).encode()
    line = socket.create_connection(("127.0.0.1", port))
    line.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload
    )
    return line


def hang_up(port: int, question, after: float) -> None:
    """Ask, and close the connection some seconds later without having read the answer."""
    with post(port, question) as line:
        time.sleep(after)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_until_end(port: int, question) -> tuple[bytes, bool]:
    """All bytes of an answer, and whether the connection was reset rather than closed."""
    got = b""
    with post(port, question) as line:
        while True:
            try:
                piece = line.recv(1 << 16)
            except ConnectionResetError:
                return got, True
            if not piece:
                return got, False
            got += piece


def await_bill(server, unseen: int) -> None:
    deadline = time.monotonic() + 10
    while bill_of(server)["unseen"]["calls"] < unseen:
        assert time.monotonic() < deadline
        time.sleep(0.02)

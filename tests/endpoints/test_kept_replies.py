"""What came back is never paid for twice, and never taken for the answer to anything else."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from loopback import Answer, Asked, LoopServer, choices, echo
from PIL import Image
from talking import say, teacher_at

from seewhy.endpoints.cache import CallRow, ReplyCache
from seewhy.endpoints.chat import Message, Reply, Request, ResponseFormat
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.payload import prepare_request
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.records.turns import Role
from seewhy.records.types import FinishReason, ImageRef, Usage

ENDPOINT = EndpointPlan(base_url="https://api.example.com/v1", model="m")


@pytest.fixture
def shown(tmp_path) -> Request:
    for name, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"{name}.png")
    return Request(messages=(Message(text="Which colour?", images=(ImageRef(sha256="", path=f"{tmp_path}/red.png"),)),))


def test_every_change_of_a_request_is_another_key(shown, tmp_path):
    message = shown.messages[0]
    blue = ImageRef(sha256="", path=f"{tmp_path}/blue.png")
    asked = [
        replace(shown, messages=(replace(message, text="Which colour? "),)),
        replace(shown, messages=(replace(message, images=(blue,)),)),
        replace(shown, messages=(replace(message, images=()),)),
        replace(shown, messages=(replace(message, images=(*message.images, blue)),)),
        replace(shown, messages=(replace(message, role=Role.SYSTEM),)),
        replace(shown, messages=(message, Message(text="Say it in one word."))),
        replace(shown, temperature=0.7),
        replace(shown, top_p=0.9),
        replace(shown, max_tokens=513),
        replace(shown, seed=1),
        replace(shown, top_logprobs=5),
        replace(shown, form=ResponseFormat(name="score", schema="{}")),
    ]
    endpoints = [
        replace(ENDPOINT, model="m-2"),
        replace(ENDPOINT, base_url="https://api.example.org/v1"),
        replace(ENDPOINT, detail="low"),
        replace(ENDPOINT, max_pixels=600),
        replace(ENDPOINT, cache_salt="after the update"),
    ]
    keys = [prepare_request(request, ENDPOINT).key for request in (shown, *asked)]
    keys += [prepare_request(shown, endpoint).key for endpoint in endpoints]
    assert len(set(keys)) == 1 + len(asked) + len(endpoints)


def test_replies_that_the_first_version_kept_are_found_again():
    """The keys below are those of 0.1.0: where one changes, KEY_VERSION must, and users pay for all replies anew."""
    text = 'Is "é" a letter?\n'
    plain = Request(messages=(Message(text=text),))
    every = Request(
        messages=(Message(role=Role.SYSTEM, text="Be brief."), Message(text=text)),
        temperature=0.7,
        top_p=1,
        max_tokens=64,
        seed=7,
        form=ResponseFormat(name="score", schema='{"type": "object"}'),
        top_logprobs=5,
    )
    assert [prepare_request(request, ENDPOINT).key for request in (plain, every)] == [
        "0aa146b7829ea5ff65f5d908517cf7e476c30efca863d30cea0409d9575c8a4b",
        "e386fd908f78cd60de7dc804c2122b225e8d2d48f7984d92b3e9294c87f528c4",
    ]


def test_what_changes_no_reply_changes_no_key(shown):
    same = [
        prepare_request(request, endpoint).key
        for request, endpoint in (
            (shown, ENDPOINT),
            (replace(shown, count=5), ENDPOINT),
            (shown, replace(ENDPOINT, key_variable="OTHER_KEY")),
            (shown, replace(ENDPOINT, base_url="https://api.example.com:443/v1")),
        )
    ]
    assert len(set(same)) == 1
    local = (replace(ENDPOINT, base_url=url) for url in ("http://127.0.0.1:8000/v1", "http://localhost:9000/v1"))
    assert len({prepare_request(shown, endpoint).key for endpoint in local}) == 1


def test_a_picture_that_changed_under_its_name_is_asked_anew(shown, tmp_path):
    with LoopServer(lambda asked: choices(f"reply {asked.number}")) as server, teacher_at(server) as teacher:
        first = teacher.chat([shown])[0]
        Image.new("RGB", (40, 30), (0, 255, 0)).save(tmp_path / "red.png")
        second = teacher.chat([shown])[0]
    assert (first.replies[0].text, second.replies[0].text) == ("reply 0", "reply 1")


def test_a_second_process_pays_nothing(tmp_path):
    place = str(tmp_path / "replies.sqlite")
    with LoopServer(echo) as server:
        for run in range(2):
            with Teacher(EndpointPlan(base_url=server.url, model="m", cache=place)) as teacher:
                answers = teacher.chat([say(str(number), count=2) for number in range(5)])
                assert sum(answer.usage.calls for answer in answers) == (5 if run == 0 else 0)
                assert teacher.spending.from_cache == (0 if run == 0 else 5)


def test_a_refusal_is_kept_too_and_a_fault_is_not(tmp_path):
    place = str(tmp_path / "replies.sqlite")
    refused = choices("...", finish_reason="content_filter")
    rules = {"refuse": lambda _: refused, "fail": lambda _: Answer(status=400, body=b"{}")}
    with LoopServer(lambda asked: rules[asked.text](asked)) as server:
        for _ in range(2):
            with Teacher(EndpointPlan(base_url=server.url, model="m", cache=place)) as teacher:
                answers = teacher.chat([say("refuse"), say("fail")])
            assert "content filter" in answers[0].failure
            assert "400" in answers[1].failure
        assert sorted(asked.text for asked in server.asked) == ["fail", "fail", "refuse"]


def test_every_field_of_a_reply_comes_back_as_it_was(tmp_path):
    cache = ReplyCache(str(tmp_path / "replies.sqlite"))
    replies = (
        Reply(text='{"a": "ü\n"}', stop=FinishReason.LENGTH, first_token={"yes": -0.1, " no": -2.5}),
        Reply(text=""),
    )
    usage = Usage(prompt_tokens=7, completion_tokens=3, calls=1, dollars=0.25)
    cache.add([CallRow(key="k", model="m-1", replies=replies, declined="", usage=usage)] * 2)
    assert (cache.find("k").replies, cache.find("k").model) == (replies * 2, "m-1")
    assert cache.paid() == Usage(prompt_tokens=14, completion_tokens=6, calls=2, dollars=0.5)
    assert cache.find("other").replies == ()
    cache.close()


def test_only_what_memory_alone_keeps_is_forgotten(tmp_path):
    row = CallRow(key="k", model="m", replies=(Reply(text="a"),), declined="", usage=Usage(calls=1))
    for place, left in (("", 0), (str(tmp_path / "kept.sqlite"), 1)):
        cache = ReplyCache(place)
        cache.add([row])
        cache.forget()
        assert (len(cache.find("k").replies), cache.paid().calls) == (left, 1)
        cache.close()


def test_calls_of_one_origin_are_kept_once(tmp_path):
    cache = ReplyCache(str(tmp_path / "replies.sqlite"))
    row = CallRow(key="k", model="m", replies=(Reply(text="a"),), declined="", usage=Usage(calls=1), origin="batch/1")
    cache.add([row])
    cache.add([row, replace(row, origin="batch/2"), replace(row, origin="")])
    assert len(cache.find("k").replies) == 3
    cache.close()


def test_a_file_that_is_no_cache_is_an_error_and_stays_as_it_is(tmp_path):
    place = tmp_path / "notes.txt"
    place.write_text("not a database, but something dear to its owner\n" * 40)
    with pytest.raises(ValueError, match=r"notes\.txt cannot be used as a cache"):
        ReplyCache(str(place))
    assert place.read_text().startswith("not a database")


def test_an_append_that_was_cut_off_leaves_all_before_it_whole(tmp_path):
    place = tmp_path / "replies.sqlite"
    row = CallRow(key="k", model="m", replies=(Reply(text="a" * 5000),), declined="", usage=Usage(calls=1))
    cache = ReplyCache(str(place))
    for _ in range(5):
        cache.add([row])
    log = place.with_name("replies.sqlite-wal")
    whole, base = log.read_bytes(), place.read_bytes()
    for cut in range(1, 8000, 1337):
        copy = tmp_path / f"cut-{cut}.sqlite"
        copy.write_bytes(base)
        copy.with_name(f"{copy.name}-wal").write_bytes(whole[:-cut])
        again = ReplyCache(str(copy))
        kept = len(again.find("k").replies)
        assert 3 <= kept <= 4
        again.add([row])
        assert len(again.find("k").replies) == kept + 1
        again.close()
        assert sqlite3.connect(copy).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    cache.close()


def test_several_teachers_on_one_file_lose_nothing(tmp_path):
    place = str(tmp_path / "replies.sqlite")

    def ask(url: str, name: str) -> None:
        with Teacher(EndpointPlan(base_url=url, model="m", cache=place), PacePlan(concurrency=4)) as teacher:
            teacher.chat([say(f"{name} {number}") for number in range(30)])

    with LoopServer(echo) as server:
        threads = [threading.Thread(target=ask, args=(server.url, name)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.asked) == 90
    cache = ReplyCache(place)
    assert cache.paid().calls == 90
    cache.close()


RUN = """
import sys
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
url, cache = sys.argv[1:]
with Teacher(EndpointPlan(base_url=url, model="m", cache=cache), PacePlan(concurrency=8)) as teacher:
    answers = teacher.chat([Request(messages=(Message(text=f"question {number}"),)) for number in range(120)])
    print(sum(answer.replies[0].text == f"question {number}" for number, answer in enumerate(answers)))
"""


def test_after_a_kill_only_what_was_in_flight_is_asked_twice(tmp_path):
    place = str(tmp_path / "replies.sqlite")
    answered: list[str] = []

    def slowly(asked: Asked) -> Answer:
        answered.append(asked.text)
        return Answer(body=echo(asked).body, wait_s=0.02)

    with LoopServer(slowly) as server:
        command = [sys.executable, "-c", RUN, server.url, place]
        for stop_at in (30, 80):
            process = subprocess.Popen(command)
            while len(answered) < stop_at:
                assert process.poll() is None
                time.sleep(0.001)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "120\n"
    assert len(set(answered)) == 120
    assert len(answered) - 120 <= 2 * 8


def test_the_cache_holds_no_key_and_no_address_of_one(tmp_path):
    place = tmp_path / "replies.sqlite"
    with LoopServer(echo) as server:
        os.environ["SEEWHY_TEST_KEY"] = "sk-0123456789abcdef"
        try:
            endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(place), key_variable="SEEWHY_TEST_KEY")
            with Teacher(endpoint) as teacher:
                teacher.chat([say("my key is sk-0123456789abcdef")])
        finally:
            del os.environ["SEEWHY_TEST_KEY"]
        assert server.asked[0].headers["authorization"] == "Bearer sk-0123456789abcdef"
    files = list(tmp_path.glob("replies.sqlite*"))
    assert files
    assert not any(re.search(rb"0123456789abcdef", path.read_bytes()) for path in files)

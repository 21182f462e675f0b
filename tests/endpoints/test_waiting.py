"""How long a client waits before it asks again, and how evenly it asks at all."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from loopback import Answer, Asked, LoopServer, choices, echo, error
from talking import ask_once, first_then, say

from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.endpoints.transport.http import HttpTransport
from seewhy.endpoints.transport.waiting import asked_wait, next_wait

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("Sun, 22 Nov 2026 12:00:10", 10.0),
        ("-3", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header, seconds):
    assert asked_wait({"retry-after": header}, NOW) == seconds


def test_waits_double_up_to_the_longest_and_differ_between_calls():
    for tries, whole in ((1, 0.5), (2, 1.0), (3, 2.0), (9, 60.0)):
        waits = {next_wait(tries, None, 0.5, 60.0) for _ in range(50)}
        assert whole / 2 <= min(waits) <= max(waits) <= whole
        assert len(waits) > 40


def test_a_told_wait_is_never_cut_short():
    assert all(3.0 <= next_wait(1, 3.0, 0.5, 60.0) <= 3.5 for _ in range(50))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_next_try_comes_after_the_time_the_server_names(status, form):
    # A date has whole seconds, so up to one of the two may be over when it is read.
    when = {"seconds": "0.6", "date": format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)}[form]
    began = time.monotonic()
    answered, asked = ask_once(first_then(error(status, "slow down", retry_after=when), choices("yes")))
    assert answered.replies[0].text == "yes"
    assert len(asked) == 2
    assert time.monotonic() - began >= 0.6


def test_a_wait_longer_than_the_plan_allows_is_a_failure_that_says_so():
    answered, asked = ask_once(lambda _: error(429, "come back tomorrow", retry_after="86400"))
    assert "86,400 s, longer than we wait" in answered.failure
    assert len(asked) == 1


@pytest.mark.parametrize("pace", [PacePlan(requests_per_minute=600), PacePlan(tokens_per_minute=600 * 15)])
def test_calls_go_out_no_faster_than_the_limit_of_a_minute(pace):
    # Ten a second: by calls, or by tokens, of which a call takes 15 in the end and up to 25 before.
    with LoopServer(echo) as server, Teacher(EndpointPlan(base_url=server.url, model="m"), pace) as teacher:
        began = time.monotonic()
        teacher.chat([say(str(number), max_tokens=16) for number in range(12)])
        seconds = time.monotonic() - began
    assert 1.0 <= seconds <= 3.5


def test_each_call_is_given_up_at_its_own_deadline_and_no_other_is():
    def hang_or_wait(asked: Asked) -> Answer:
        return Answer(body=asked.content, wait_s={b"hang": 60.0, b"wait": 0.6, b"ask": 0.0}[asked.content])

    async def post(transport: HttpTransport, text: bytes, due_s: float) -> tuple[bytes, float]:
        began = time.monotonic()
        try:
            told = (await transport.post("/x", text, due_s)).body
        except TimeoutError:
            told = b"given up"
        return told, time.monotonic() - began

    async def post_all(url: str) -> list[tuple[bytes, float]]:
        transport = HttpTransport(url, {})
        ends = await asyncio.gather(
            post(transport, b"hang", 1.2), post(transport, b"wait", 5.0), post(transport, b"hang", 0.2)
        )
        again = await post(transport, b"ask", 5.0)
        await transport.close()
        return [*ends, again]

    with LoopServer(hang_or_wait) as server:
        late, answered, soon, again = asyncio.run(post_all(server.url))
    assert (late[0], answered[0], soon[0]) == (b"given up", b"wait", b"given up")
    assert 0.2 <= soon[1] < 1.2 <= late[1] < 4
    assert again[0] == b"ask", "a connection that was given up answers nobody else"

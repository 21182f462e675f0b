"""A bound of money or tokens holds against the server's own count, whatever happens between."""

import subprocess
import sys
import time

import pytest
from loopback import Answer, Asked, LoopServer, as_json, choices, error
from talking import say

from seewhy.endpoints.chat import BudgetSpentError
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan

PRICES = "m: {input: 1000, output: 10000}\n"
"""Dollars a million: a prompt's token is a tenth of a cent, a reply's a cent."""


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    return str(path)


def bill_of(server: LoopServer) -> float:
    """What the server would charge for every call it answered: 10 tokens in, 5 out."""
    return len(server.asked) * (10 * 0.001 + 5 * 0.01)


def answer_cheaply(asked: Asked) -> Answer:
    return choices("yes", prompt=10, completion=5)


@pytest.mark.parametrize("concurrency", [1, 8, 40])
def test_money_is_never_overspent_and_is_spent_as_far_as_it_reaches(prices, tmp_path, concurrency):
    # At most a call costs 2 bytes and 32 around them, 0.034, and 10 tokens out, 0.1; in the end it costs 0.06.
    spend = SpendPlan(dollars=1.0, prices=prices)
    requests = [say(f"{number:>2}", max_tokens=10) for number in range(40)]
    with LoopServer(answer_cheaply) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(tmp_path / "replies.sqlite"))
        with Teacher(endpoint, PacePlan(concurrency=concurrency), spend) as teacher:
            with pytest.raises(BudgetSpentError, match=r"of \$1\.00 are spent"):
                teacher.chat(requests)
            spent = teacher.spending.dollars
        assert spent == pytest.approx(bill_of(server))
        assert 0.86 <= spent <= 1.0
        paid_for = len(server.asked)
        with Teacher(endpoint, PacePlan(), SpendPlan(dollars=5.0, prices=prices)) as teacher:
            answers = teacher.chat(requests)
        assert len(server.asked) == 40, "what was paid for is not asked again"
        assert sum(answer.usage.calls == 0 for answer in answers) == paid_for


def test_a_second_run_on_the_same_cache_spends_what_the_first_left(prices, tmp_path):
    spend = SpendPlan(dollars=0.5, prices=prices)
    with LoopServer(answer_cheaply) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(tmp_path / "replies.sqlite"))
        for run in range(3):
            with Teacher(endpoint, PacePlan(), spend) as teacher, pytest.raises(BudgetSpentError):
                teacher.chat([say(f"{run} {number}", max_tokens=10) for number in range(20)])
        assert bill_of(server) <= 0.5


def test_tokens_are_bounded_where_money_is_none():
    with LoopServer(answer_cheaply) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m")
        with Teacher(endpoint, PacePlan(concurrency=4), SpendPlan(tokens=300)) as teacher:
            with pytest.raises(BudgetSpentError, match="of 300 tokens"):
                teacher.chat([say(str(number), max_tokens=20) for number in range(50)])
            assert teacher.spending.prompt_tokens + teacher.spending.completion_tokens <= 300
            assert len(server.asked) >= 15


def test_a_call_that_alone_is_over_the_bound_is_not_made(prices):
    with LoopServer(answer_cheaply) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m")
        spend = SpendPlan(dollars=0.05, prices=prices)
        with Teacher(endpoint, PacePlan(), spend) as teacher, pytest.raises(BudgetSpentError):
            teacher.chat([say("x", max_tokens=1000)])
        assert server.asked == []


def test_the_bill_is_the_servers_own_count_though_calls_fail(prices):
    charged = []

    def now_and_then(asked: Asked) -> Answer:
        kind = asked.number % 4
        if kind == 0:
            return error(500, "oops")
        if kind == 1:
            return error(429, "slow", retry_after="0")
        told = {"prompt_tokens": 10, "completion_tokens": 5}
        charged.append(asked)
        return as_json({"choices": [], "usage": told}) if kind == 2 else choices("yes", prompt=10, completion=5)

    with LoopServer(now_and_then) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m")
        pace = PacePlan(concurrency=4, tries=100, first_wait_s=0.001, longest_wait_s=0.01)
        with Teacher(endpoint, pace, SpendPlan(dollars=50.0, prices=prices)) as teacher:
            answers = teacher.chat([say(str(number), max_tokens=5) for number in range(30)])
            spending = teacher.spending
    assert all(answer.replies for answer in answers)
    assert spending.dollars == pytest.approx(len(charged) * 0.06)
    assert sum(answer.usage.dollars for answer in answers) == pytest.approx(len(charged) * 0.06)
    assert (spending.calls, spending.in_flight, spending.failed) == (len(charged), 0, 0)
    assert spending.retries == len(server.asked) - 30


def test_a_call_that_broke_off_counts_against_the_bound_but_not_as_paid(prices):
    with LoopServer(lambda _: Answer(body=b"{" * 50, cut_at=10)) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m")
        with Teacher(endpoint, PacePlan(tries=1), SpendPlan(dollars=1.0, prices=prices)) as teacher:
            teacher.chat([say("x", max_tokens=50)])
            spending = teacher.spending
            assert (spending.dollars, spending.uncertain_calls) == (0.0, 1)
            assert spending.uncertain_dollars == pytest.approx(0.033 + 0.5)
            with pytest.raises(BudgetSpentError):
                teacher.chat([say("y", max_tokens=50)])


RUN = """
import sys
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
url, cache, prices = sys.argv[1:]
spend = SpendPlan(dollars=3.0, prices=prices)
with Teacher(EndpointPlan(base_url=url, model="m", cache=cache), PacePlan(concurrency=4), spend) as teacher:
    teacher.chat([Request(messages=(Message(text=f"{number:>2}"),), max_tokens=10) for number in range(60)])
"""


def test_calls_in_flight_at_a_kill_count_against_the_bound_of_the_next_run(prices, tmp_path):
    place = str(tmp_path / "replies.sqlite")
    charged: list[Asked] = []

    def slowly(asked: Asked) -> Answer:
        charged.append(asked)
        return Answer(body=answer_cheaply(asked).body, wait_s=0.02)

    with LoopServer(slowly) as server:
        for _ in range(3):
            so_far = len(charged)
            process = subprocess.Popen([sys.executable, "-c", RUN, server.url, place, prices])
            while len(charged) < so_far + 9:
                assert process.poll() is None
                time.sleep(0.001)
            process.kill()
            process.wait()
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=place)
        with (
            Teacher(endpoint, PacePlan(), SpendPlan(dollars=3.0, prices=prices)) as teacher,
            pytest.raises(BudgetSpentError),
        ):
            teacher.chat([say(f"more {number}", max_tokens=10) for number in range(60)])
    assert len(charged) * 0.06 <= 3.0


def test_kept_tokens_of_a_prompt_cost_what_the_table_says(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("m: {input: 1000, cached: 100, output: 10000}\n")
    usage = {"prompt_tokens": 10, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 8}}
    told = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}], "usage": usage}
    with LoopServer(lambda _: as_json(told)) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m")
        with Teacher(endpoint, spend=SpendPlan(prices=str(path))) as teacher:
            [answered] = teacher.chat([say("x")])
    assert answered.usage.dollars == pytest.approx((2 * 1000 + 8 * 100) / 1e6)

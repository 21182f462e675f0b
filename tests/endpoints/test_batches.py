"""The batch API behind the same protocol, against a real server that keeps files and batches as OpenAI's does."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loopback import Answer, Asked, LoopServer, as_json, choices, error
from talking import say

from seewhy.endpoints.chat import BudgetSpentError, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import BatchPlan, EndpointPlan, SpendPlan

QUICK = BatchPlan(poll_s=0.02)


class Provider:
    """Files and batches; a batch is done at its `looks`-th look. Answers come in reversed order."""

    def __init__(self, looks: int = 2) -> None:
        self.looks = looks
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict] = {}
        self.answered: list[str] = []
        self.rule = lambda body: choices(*[body["messages"][-1]["content"]] * body.get("n", 1))

    def __call__(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/v1").partition("?")[0]
        if (asked.method, path) == ("POST", "/files"):
            content = re.search(rb"\r\n\r\n(\{.*?\n)\r\n--", asked.content, re.DOTALL)
            return as_json(self._keep(content[1]))
        if (asked.method, path) == ("POST", "/batches"):
            return as_json(self._order(asked.body))
        if path == "/batches":
            return as_json({"object": "list", "data": list(self.batches.values()), "has_more": False})
        if path.startswith("/batches/"):
            return as_json(self._look(path.rpartition("/")[2]))
        return Answer(body=self.files[path.split("/")[2]], kind="application/octet-stream")

    def _keep(self, content: bytes) -> dict:
        name = f"file-{len(self.files)}"
        self.files[name] = content
        told = {"id": name, "object": "file", "bytes": len(content), "created_at": 1, "filename": "f"}
        return {**told, "purpose": "batch", "status": "processed"}

    def _order(self, told: dict) -> dict:
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {
            "id": name, "object": "batch", "endpoint": told["endpoint"], "input_file_id": told["input_file_id"],
            "completion_window": told["completion_window"], "status": "validating", "created_at": 1,
            "metadata": told["metadata"], "looks": 0,
        }  # fmt: skip
        return self.batches[name]

    def _look(self, name: str) -> dict:
        batch = self.batches[name]
        batch["looks"] += 1
        if batch["looks"] >= self.looks and batch["status"] != "completed":
            batch |= {"status": "completed", **self._run(self.files[batch["input_file_id"]])}
        return batch

    def _run(self, content: bytes) -> dict:
        good, bad = [], []
        for text in reversed(content.splitlines()):
            line = json.loads(text)
            self.answered.append(line["body"]["messages"][-1]["content"])
            answer = self.rule(line["body"])
            response = {"status_code": answer.status, "body": json.loads(answer.body)}
            told = {"id": "r", "custom_id": line["custom_id"], "response": response, "error": None}
            (good if answer.status == 200 else bad).append(json.dumps(told).encode())
        files = {"output_file_id": good, "error_file_id": bad}
        return {name: self._keep(b"\n".join(lines))["id"] for name, lines in files.items() if lines}


def endpoint_at(server: LoopServer, folder: Path) -> EndpointPlan:
    return EndpointPlan(base_url=server.url, model="m", cache=str(folder / "replies.sqlite"))


def talk(endpoint: EndpointPlan, requests: list[Request], spend: SpendPlan | None = None, plan: BatchPlan = QUICK):
    with Teacher(endpoint, spend=spend, batch=plan) as teacher:
        return teacher.chat(requests)


def test_answers_are_joined_by_id_and_cost_half(tmp_path):
    prices = tmp_path / "prices.yaml"
    prices.write_text("m: {input: 1000, output: 10000, batch: 0.5}\n")
    with LoopServer(Provider()) as server:
        answers = talk(endpoint_at(server, tmp_path), [say(str(n)) for n in range(9)], SpendPlan(prices=str(prices)))
    assert [answer.replies[0].text for answer in answers] == [str(n) for n in range(9)]
    assert answers[0].usage.dollars == pytest.approx((10 * 0.001 + 5 * 0.01) / 2)
    assert not list(tmp_path.glob("*.json")), "nothing is under way"


def test_what_a_batch_brought_is_not_ordered_again_and_serves_live_calls_too(tmp_path):
    provider = Provider()
    with LoopServer(provider) as server:
        endpoint = endpoint_at(server, tmp_path)
        talk(endpoint, [say("a"), say("b")])
        [_, more] = talk(endpoint, [say("a"), say("c")])
        with Teacher(endpoint) as teacher:
            assert teacher.chat([say("b")])[0].usage.calls == 0
    assert (more.replies[0].text, sorted(provider.answered)) == ("c", ["a", "b", "c"])


def test_many_lines_are_several_batches(tmp_path):
    provider = Provider()
    with LoopServer(provider) as server:
        answers = talk(
            endpoint_at(server, tmp_path), [say(str(n)) for n in range(7)], plan=BatchPlan(poll_s=0.01, lines=3)
        )
    assert len(provider.batches) == 3
    assert all(answer.replies for answer in answers)


def test_what_comes_short_or_fails_is_ordered_again_and_what_stays_is_a_failure(tmp_path):
    provider = Provider(looks=1)
    provider.rule = lambda body: {
        "short": choices(f"reply {len(provider.answered)}"),
        "broken": error(400, "too long"),
        "shaky": error(500, "oops") if provider.answered.count("shaky") < 2 else choices("well"),
    }[body["messages"][-1]["content"]]
    with LoopServer(provider) as server:
        short, broken, shaky = talk(endpoint_at(server, tmp_path), [say("short", count=3), say("broken"), say("shaky")])
    assert len({reply.text for reply in short.replies}) == 3
    assert (broken.failure, broken.replies) == ("the server answered 400: too long", ())
    assert shaky.replies[0].text == "well"
    assert (provider.answered.count("broken"), provider.answered.count("short")) == (1, 3)


def test_a_batch_that_could_cost_too_much_is_not_ordered(tmp_path):
    prices = tmp_path / "prices.yaml"
    prices.write_text("m: {input: 1000, output: 10000}\n")
    provider = Provider()
    spend = SpendPlan(dollars=1.0, prices=str(prices))
    with LoopServer(provider) as server, pytest.raises(BudgetSpentError):
        talk(endpoint_at(server, tmp_path), [say(str(n), max_tokens=10) for n in range(30)], spend)
    assert not provider.batches


RUN = """
import sys
from seewhy.endpoints.plan import BatchPlan, EndpointPlan
from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
url, cache, poll = sys.argv[1:]
with Teacher(EndpointPlan(base_url=url, model="m", cache=cache), batch=BatchPlan(poll_s=float(poll))) as teacher:
    answers = teacher.chat([Request(messages=(Message(text=str(number)),)) for number in range(5)])
    print([answer.replies[0].text for answer in answers], sum(answer.usage.calls for answer in answers))
"""


@pytest.mark.parametrize("moment", ["ordered", "between order and note"])
def test_a_killed_process_collects_the_batch_it_had_ordered(tmp_path, moment):
    provider = Provider(looks=3)
    with LoopServer(provider) as server:
        cache = tmp_path / "replies.sqlite"
        command = [sys.executable, "-c", RUN, server.url, str(cache)]
        first = subprocess.Popen([*command, "60"])
        while not any(batch["looks"] for batch in provider.batches.values()):
            assert first.poll() is None
            time.sleep(0.01)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        [place] = tmp_path.glob("*.json")
        if moment != "ordered":
            # As if the kill had come when the provider knew of the batch and the file did not.
            [job] = json.loads(place.read_text())
            place.write_text(json.dumps([{**job, "batch_id": ""}]))
        second = subprocess.run([*command, "0.02"], capture_output=True, text=True, check=True)
    assert second.stdout == "['0', '1', '2', '3', '4'] 5\n"
    assert (len(provider.batches), len(provider.answered)) == (1, 5)
    assert not list(tmp_path.glob("*.json"))

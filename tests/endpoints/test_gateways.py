"""Gateways and Azure: extra headers with values from the environment, and parameters in every address."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, SpendPlan
from seewhy.endpoints.probe import Probe

SECRET = "s3cret-of-a-gateway"
REPLY = {"choices": [{"message": {"content": "12"}, "finish_reason": "stop"}], "model": "m",
         "usage": {"prompt_tokens": 1, "completion_tokens": 1}}  # fmt: skip


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """A server that notes path, key and tenant of each request."""
    seen: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, found: object) -> None:
            seen.append((self.path, self.headers.get("api-key", ""), self.headers.get("X-Tenant", "")))
            body = json.dumps(found).encode()
            self.send_response(200 if self.headers.get("api-key") == SECRET else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer({"data": [{"id": "m"}]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(REPLY)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/openai/deployments/m", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def plan(url: str) -> EndpointPlan:
    return EndpointPlan(base_url=url, model="m", headers={"api-key": "GATE_KEY", "X-Tenant": "GATE_TENANT"},
                        query={"api-version": "2024-10-21"})  # fmt: skip


def test_headers_and_parameters_are_sent_with_every_call_and_visit(gateway, monkeypatch):
    url, seen = gateway
    monkeypatch.setenv("GATE_KEY", SECRET)
    monkeypatch.setenv("GATE_TENANT", "lab")
    with closing(Probe(plan(url))) as probe:
        assert probe.models().names == ("m",)
    with Teacher(plan(url), spend=SpendPlan(is_free=True)) as teacher:
        (answer,) = teacher.chat([Request(messages=(Message(text="7 + 5?"),), max_tokens=8)])
    assert answer.replies[0].text == "12"
    query = "?api-version=2024-10-21"
    assert seen == [(f"/openai/deployments/m/models{query}", SECRET, "lab"),
                    (f"/openai/deployments/m/chat/completions{query}", SECRET, "lab")]  # fmt: skip


def test_a_refused_key_is_told_without_its_value_and_an_empty_variable_by_name(gateway, monkeypatch):
    url, _ = gateway
    monkeypatch.setenv("GATE_KEY", "another-secret")
    monkeypatch.setenv("GATE_TENANT", "lab")
    with closing(Probe(plan(url))) as probe, pytest.raises(ValueError, match="refuses the key") as refused:
        probe.models()
    assert "another-secret" not in str(refused.value)
    monkeypatch.delenv("GATE_KEY")
    with pytest.raises(ValueError, match="GATE_KEY"):
        Probe(plan(url))

"""Calls a second of a teacher, many at once, to a server that answers each after a fixed time; a table and a ratio.

The ideal rate is concurrency / latency. The server is a process of its own that does nothing but wait; what it and the
machine can do at most is measured in the same run by a client of a few lines, which sends the same bytes and parses the
same JSON. The last line is the best teacher's share of the ideal rate. Memory is the process's own, at its peak, after
each run: it must not grow with the number of calls.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from seewhy.model.remote.manners import manners_for
from seewhy.model.remote.payload import payload_of, prepare_request
from seewhy.model.remote.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.model.talk import Message, Request
from seewhy.model.teacher import LibraryWire, Teacher, open_desk

REPLY = "The sum of the first row is 12, for 3 + 4 + 5 = 12. ### Answer: 12"
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": REPLY}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 30, "total_tokens": 130},
}  # fmt: skip


class Waiting(asyncio.Protocol):
    """Reads a request, waits, answers."""

    def __init__(self, latency: float) -> None:
        body = json.dumps(ANSWER).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        self.answer, self.latency, self.held = head + body, latency, b""

    def connection_made(self, transport):
        """Called by the loop."""
        self.transport = transport

    def data_received(self, data):
        """Called by the loop."""
        self.held += data
        head, end, body = self.held.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]) if end else 0
        if end and len(body) >= length:
            self.held = body[length:]
            asyncio.get_running_loop().call_later(self.latency, self.send)

    def send(self):
        """Send the answer."""
        if not self.transport.is_closing():
            self.transport.write(self.answer)


async def serve(latency: float) -> None:
    """Print the port and wait for ever."""
    server = await asyncio.get_running_loop().create_server(lambda: Waiting(latency), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def say(number: int) -> Request:
    return Request(messages=(Message(text="What is the sum of the first row? " * 12 + str(number)),), max_tokens=64)


async def call_barely(port: int, concurrency: int, calls: int) -> None:
    """The least that can be done."""
    endpoint = EndpointPlan(base_url=f"http://127.0.0.1:{port}/v1", model="m")
    payload = payload_of(prepare_request(say(0), endpoint), "m", manners_for("none"), 1, 0)
    asked = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload
    )

    async def work(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            json.loads(await reader.readexactly(int(head.partition(b"content-length: ")[2])))
        writer.close()

    await asyncio.gather(*(work(calls // concurrency) for _ in range(concurrency)))


async def call_by_library(port: int, concurrency: int, calls: int, first: int) -> None:
    """The same desk, with the openai library's own requests."""
    endpoint = EndpointPlan(base_url=f"http://127.0.0.1:{port}/v1", model="m")
    desk = await open_desk(endpoint, PacePlan(concurrency=concurrency), SpendPlan())
    desk.wire = LibraryWire(endpoint.base_url, "", concurrency)
    answers = await desk.answer_all([say(first + number) for number in range(calls)])
    await desk.close()
    if any(answer.failure for answer in answers):
        raise RuntimeError("calls failed")


def measure(name: str, work: Callable[[], None], calls: int, ideal: float) -> float:
    """Calls a second; prints a row."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    rate, peak = calls / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:34}{calls:8,}{rate:10,.0f}{rate / ideal:8.2f}{busy / calls * 1e3:12.3f}{peak:12,.0f}", flush=True)
    return rate


def measure_all(port: int, asked: argparse.Namespace) -> float:
    """The best rate of the teacher."""
    concurrency, calls = asked.concurrency, asked.calls
    ideal = concurrency / asked.latency
    print(f"{concurrency} at once, {asked.latency * 1e3:g} ms each: ideal {ideal:,.0f} calls a second")
    print(f"{'':34}{'calls':>8}{'calls/s':>10}{'ratio':>8}{'core ms':>12}{'peak MiB':>12}")
    measure("bare client", lambda: asyncio.run(call_barely(port, concurrency, calls)), calls, ideal)
    rates: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        endpoint = EndpointPlan(
            base_url=f"http://127.0.0.1:{port}/v1", model="m", cache=str(Path(folder) / "replies.sqlite")
        )
        with Teacher(endpoint, PacePlan(concurrency=concurrency)) as teacher:
            for run in range(asked.runs):

                def work(first: int = run * calls) -> None:
                    answers = teacher.talk([say(first + number) for number in range(calls)])
                    if any(answer.failure for answer in answers):
                        raise RuntimeError("calls failed")

                rates.append(measure(f"teacher, run {run + 1}", work, calls, ideal))
            measure("teacher, all from the cache", work, calls, ideal)
    fewer = max(concurrency, calls // 4)
    measure(
        "teacher over openai's requests",
        lambda: asyncio.run(call_by_library(port, concurrency, fewer, 0)),
        fewer,
        ideal,
    )
    return max(rates) / ideal


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, default=500)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help="be the server")
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(asked.latency))
        return
    command = [sys.executable, __file__, "--serve", "--latency", str(asked.latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            ratio = measure_all(int(server.stdout.readline()), asked)
        finally:
            server.kill()
    print(f"ratio: {ratio:.3f}")


if __name__ == "__main__":
    main()

"""Calls a second of a teacher, many at once, to a server that answers each after a fixed time; a table and a ratio.

The ideal rate is concurrency / latency. The server is a process of its own that does nothing but wait; what it and the
machine can do at most is measured in the same run by a client of a few lines, which sends the same bytes and parses the
same JSON. The last line is the best teacher's share of the ideal rate; a run is one call of `chat`, the making of its
requests and its first and last answers included. Memory is the process's own, at its peak, after each run. Whether
it grows with the number of calls is seen with --memory, where answers are let go block by block, as a stage does it.
"""

import argparse
import asyncio
import gc
import json
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from seewhy.endpoints.capabilities import capabilities_for
from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.payload import payload_of, prepare_request
from seewhy.endpoints.plan import EndpointPlan, PacePlan

BLOCK = 1_000
REPLY = "The sum of the first row is 12, for 3 + 4 + 5 = 12. ### Answer: 12"
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": REPLY}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 30, "total_tokens": 130},
}  # fmt: skip


class WaitingServer:
    """Reads requests, waits, answers; on bare sockets, so that it takes little of the machine and is late by little."""

    def __init__(self, latency: float) -> None:
        body = json.dumps(ANSWER).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        self.answer, self.latency = head + body, latency
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.listener, select.EPOLLIN)
        self.open: dict[int, socket.socket] = {}
        self.held: dict[int, bytes] = {}
        self.due: deque[tuple[float, int]] = deque()

    def run(self) -> None:
        """For ever."""
        while True:
            wait_s = max(0.0, self.due[0][0] - time.monotonic()) if self.due else -1
            for number, _ in self.poll.poll(wait_s):
                self.accept() if number == self.listener.fileno() else self.read(number)
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                client = self.open.get(self.due.popleft()[1])
                if client is not None:
                    client.send(self.answer)

    def accept(self) -> None:
        """A new connection."""
        client, _ = self.listener.accept()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open[client.fileno()], self.held[client.fileno()] = client, b""
        self.poll.register(client, select.EPOLLIN)

    def read(self, number: int) -> None:
        """A piece of a request, or the end of a connection."""
        piece = self.open[number].recv(1 << 16)
        if not piece:
            self.poll.unregister(number)
            self.open.pop(number).close()
            return
        self.held[number] += piece
        head, end, body = self.held[number].partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]) if end else 0
        if end and len(body) >= length:
            self.held[number] = body[length:]
            self.due.append((time.monotonic() + self.latency, number))


def say(number: int) -> Request:
    return Request(messages=(Message(text="What is the sum of the first row? " * 12 + str(number)),), max_tokens=64)


async def call_barely(port: int, concurrency: int, calls: int) -> None:
    """The least that can be done."""
    endpoint = EndpointPlan(base_url=f"http://127.0.0.1:{port}/v1", model="m")
    payload = payload_of(prepare_request(say(0), endpoint), "m", capabilities_for("none"), 1, 0)
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


def measure(name: str, work: Callable[[], None], calls: int, ideal: float) -> float:
    """Calls a second; prints a row."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    rate, peak = calls / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:34}{calls:8,}{rate:10,.0f}{rate / ideal:8.2f}{busy / calls * 1e3:12.3f}{peak:12,.0f}", flush=True)
    return rate


def held_mib() -> float:
    """What the process holds now: the second figure of /proc/self/statm, in pages."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def measure_memory(port: int, concurrency: int, block: int, marks: list[int]) -> None:
    """Blocks of calls whose answers are let go; prints what is held when so many calls were made."""
    with tempfile.TemporaryDirectory() as folder:
        endpoint = EndpointPlan(
            base_url=f"http://127.0.0.1:{port}/v1", model="m", cache=str(Path(folder) / "replies.sqlite")
        )
        with Teacher(endpoint, PacePlan(concurrency=concurrency)) as teacher:
            for made in range(block, max(marks) + 1, block):
                talk_all(teacher, [say(made + number) for number in range(block)])
                if made in marks:
                    print(f"{f'held after blocks of {block:,}':34}{made:8,}{held_mib():42,.1f}", flush=True)


def talk_all(teacher: Teacher, requests: list[Request]) -> None:
    """All answers, none a failure."""
    if any(answer.failure for answer in teacher.chat(requests)):
        raise RuntimeError("calls failed")


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
                    talk_all(teacher, [say(first + number) for number in range(calls)])

                rates.append(measure(f"teacher, run {run + 1}", work, calls, ideal))
            measure("teacher, all from the cache", work, calls, ideal)
    return max(rates) / ideal


def options(about: str) -> argparse.ArgumentParser:
    """What every bench with a waiting server is asked."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--concurrency", type=int, default=500)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help="be the server")
    return parser


def with_server(asked: argparse.Namespace, measure: Callable[[int], None]) -> None:
    """Measure at the port of a waiting server in a process of its own; or be that server."""
    if asked.serve:
        server = WaitingServer(asked.latency)
        print(server.listener.getsockname()[1], flush=True)
        server.run()
        return
    command = [sys.executable, __file__, "--serve", "--latency", str(asked.latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            measure(int(server.stdout.readline()))
        finally:
            server.kill()


def main() -> None:
    """Measure, print."""
    parser = options(__doc__)
    parser.add_argument("--memory", action="store_true", help="measure memory over 30,000 calls, and nothing else")
    asked = parser.parse_args()
    if asked.memory:
        with_server(asked, lambda port: measure_memory(port, asked.concurrency, BLOCK, [5_000, 10_000, 20_000, 30_000]))
    else:
        with_server(asked, lambda port: print(f"ratio: {measure_all(port, asked):.3f}"))


if __name__ == "__main__":
    main()

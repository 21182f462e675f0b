"""Calls a second of two HTTP clients, in turns, to a server that answers each call after a fixed time.

One is aiohttp's `ClientSession`, as plainly as it can be used: a POST of ready bytes, the body read. The other is the
client's own transport, which bounds what comes in. Both send the same bytes over connections that stay open.
Each row is one run of `--calls` calls, `--concurrency` at once; the last lines are medians. The machine's other work
changes the rates, but hardly the processor time of a call; compare runs that follow each other.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from concurrent_calls import options, say, with_server

from seewhy.endpoints.capabilities import capabilities_for
from seewhy.endpoints.payload import payload_of, prepare_request
from seewhy.endpoints.plan import EndpointPlan
from seewhy.endpoints.transport.http import HttpTransport

Post = Callable[[], Awaitable[bytes]]
DEADLINE_S = 120.0
PATH = "/chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: calls a second, and milliseconds of processor time a call."""

    rate: float
    core_ms: float


async def call_many(post: Post, concurrency: int, calls: int) -> None:
    """`calls` calls, `concurrency` at once; every body is parsed."""
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            json.loads(await post())

    await asyncio.gather(*(work() for _ in range(concurrency)))


async def by_aiohttp(url: str, payload: bytes, concurrency: int, calls: int) -> None:
    """Calls by a plain session."""
    connector = aiohttp.TCPConnector(limit=concurrency)
    timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as session:

        async def post() -> bytes:
            async with session.post(f"{url}{PATH}", data=payload, allow_redirects=False) as response:
                return await response.read()

        await call_many(post, concurrency, calls)


async def by_transport(url: str, payload: bytes, concurrency: int, calls: int) -> None:
    """Calls by the client's own transport."""
    transport = HttpTransport(url, {})

    async def post() -> bytes:
        return (await transport.post(PATH, payload, DEADLINE_S)).body

    await call_many(post, concurrency, calls)
    await transport.close()


def measure(name: str, work: Callable[[], Awaitable[None]], calls: int, ideal: float) -> Run:
    """One run; prints its row."""

    async def whole() -> None:
        await work()

    began, busy = time.perf_counter(), time.process_time()
    asyncio.run(whole())
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    run = Run(rate=calls / seconds, core_ms=busy / calls * 1e3)
    print(f"{name:24}{calls:8,}{run.rate:10,.0f}{run.rate / ideal:8.2f}{run.core_ms:10.3f}", flush=True)
    return run


def compare(port: int, asked: argparse.Namespace) -> None:
    """All runs in turns, then medians."""
    url, ideal = f"http://127.0.0.1:{port}/v1", asked.concurrency / asked.latency
    endpoint = EndpointPlan(base_url=url, model="m")
    payload = payload_of(prepare_request(say(0), endpoint), "m", capabilities_for("none"), 1, 0)
    print(f"{asked.concurrency} at once, {asked.latency * 1e3:g} ms each: ideal {ideal:,.0f} calls a second")
    print(f"{'':24}{'calls':>8}{'calls/s':>10}{'ratio':>8}{'core ms':>10}")
    ways = {"aiohttp.ClientSession": by_aiohttp, "the client's transport": by_transport}
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(asked.runs):
        for name, way in ways.items():
            work = lambda way=way: way(url, payload, asked.concurrency, asked.calls)  # noqa: E731
            runs[name].append(measure(name, work, asked.calls, ideal))
    for name, of_one in runs.items():
        rate = statistics.median(run.rate for run in of_one)
        core = statistics.median(run.core_ms for run in of_one)
        print(f"{name:24}{'median':>8}{rate:10,.0f}{rate / ideal:8.2f}{core:10.3f}")


def main() -> None:
    """Measure, print."""
    asked = options(__doc__).parse_args()
    with_server(asked, lambda port: compare(port, asked))


if __name__ == "__main__":
    main()

"""Core milliseconds a call of the `openai` library itself, before and after sending: over no connection at all.

Its transport here is a function that returns an answer from memory, so no connection of any kind, by any library,
can make it cheaper. The teacher's whole call, with its cache and its sockets, is what `concurrent_calls.py` prints.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import httpx2
from concurrent_calls import ANSWER, say
from openai import AsyncOpenAI

from seewhy.endpoints.capabilities import capabilities_for
from seewhy.endpoints.payload import payload_of, prepare_request
from seewhy.endpoints.plan import EndpointPlan

ENDPOINT = EndpointPlan(base_url="http://127.0.0.1:1/v1", model="m")
BODY = json.dumps(ANSWER).encode()
JSON_HEADERS = {"Content-Type": "application/json"}
WARM = 50


class NoTransport(httpx2.AsyncBaseTransport):
    """Answers at once, from memory."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The same answer to everything."""
        return httpx2.Response(200, headers=JSON_HEADERS, content=BODY)


async def measure(name: str, call: Callable[[], Awaitable[object]], calls: int) -> None:
    """Prints the cost of a call and the rate that one core can reach with it."""
    for _ in range(WARM):
        await call()
    busy = time.process_time()
    for _ in range(calls):
        await call()
    cost = (time.process_time() - busy) / calls
    print(f"{name:52}{cost * 1e3:10.3f}{1 / cost:14,.0f}", flush=True)


async def measure_all(calls: int) -> None:
    """The ways into the library, from the whole to the least."""
    request = say(0)
    payload = payload_of(prepare_request(request, ENDPOINT), "m", capabilities_for("none"), 1, 0)
    messages = [{"role": "user", "content": request.messages[0].text}]
    asked = {"model": "m", "messages": messages, "max_tokens": 64, "temperature": 0.0, "top_p": 1.0}
    http = httpx2.AsyncClient(transport=NoTransport(), timeout=None)
    client = AsyncOpenAI(base_url=ENDPOINT.base_url, api_key="none", max_retries=0, http_client=http)
    completions, url = client.chat.completions, f"{ENDPOINT.base_url}/chat/completions"
    told = {"content": payload, "cast_to": httpx2.Response, "options": {"headers": JSON_HEADERS}}
    print(f"{'':52}{'core ms':>10}{'calls/s/core':>14}")
    await measure("chat.completions.create", lambda: completions.create(**asked), calls)
    await measure("with_raw_response.create", lambda: completions.with_raw_response.create(**asked), calls)
    await measure(
        "client.post of bytes, as the teacher calls it", lambda: client.post("/chat/completions", **told), calls
    )
    await measure("httpx2 alone", lambda: http.post(url, content=payload, headers=JSON_HEADERS), calls)
    await client.close()


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    asyncio.run(measure_all(parser.parse_args().calls))


if __name__ == "__main__":
    main()

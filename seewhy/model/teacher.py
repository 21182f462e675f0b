"""A model behind any server that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, Ollama, llama.cpp.

This is the one file that knows the `openai` library; what happens to a request before and after lies in `remote/`.
"""

import asyncio
import errno
import socket
from collections.abc import Sequence
from types import TracebackType

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient

from seewhy.model.remote.asking import Desk
from seewhy.model.remote.cache import ReplyCache
from seewhy.model.remote.ledger import Ledger, Spending, Sum
from seewhy.model.remote.loop import BackgroundLoop
from seewhy.model.remote.manners import manners_for
from seewhy.model.remote.pacing import Pacer
from seewhy.model.remote.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.model.remote.secrets import read_key, redactor_for
from seewhy.model.remote.wire import Reached
from seewhy.model.remote.worth import Worth
from seewhy.model.talk import Answered, Request

NO_KEY = "none"
"""What is sent as a key where the server wants none: the library insists on one."""
NEVER_MADE = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH}
JSON_HEADERS = {"Content-Type": "application/json"}


class Teacher:
    """Answers requests through a server; several threads may call at once.

    Example:
        >>> with Teacher(EndpointPlan(base_url="http://127.0.0.1:8000/v1", model="qwen2.5-vl-7b")) as teacher:
        ...     teacher.name
        'qwen2.5-vl-7b'
    """

    def __init__(self, endpoint: EndpointPlan, pace: PacePlan | None = None, spend: SpendPlan | None = None) -> None:
        self.endpoint = endpoint
        self._loop = BackgroundLoop(f"teacher {endpoint.model}")
        self._desk = self._loop.run(open_desk(endpoint, pace or PacePlan(), spend or SpendPlan()))

    @property
    def name(self) -> str:
        """The model's name, as it stands in verdicts and in `Chain.sampler`."""
        return self.endpoint.model

    @property
    def spending(self) -> Spending:
        """What this client has spent and is doing now."""
        return self._desk.ledger.read()

    def talk(self, requests: Sequence[Request]) -> list[Answered]:
        """One answer a request, in their order.

        Raises:
            BudgetSpentError: the budget does not reach for what is left to ask; all that came is in the cache.
        """
        return self._loop.run(self._desk.answer_all(requests))

    def close(self) -> None:
        """Let connections and the cache go; a second call does nothing."""
        if not self._loop.is_closed:
            self._loop.run(self._desk.close())
            self._loop.close()

    def __enter__(self) -> "Teacher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LibraryWire:
    """The `openai` library's own requests, without its parsing, over aiohttp."""

    def __init__(self, base_url: str, key: str, concurrency: int) -> None:
        # Our own deadline covers a try as a whole; the library's pool must not give up on calls that wait in it.
        timeout = httpx2.Timeout(None)
        limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=key or NO_KEY,
            max_retries=0,
            timeout=timeout,
            http_client=DefaultAioHttpClient(timeout=timeout, limits=limits),
        )

    async def post(self, path: str, payload: bytes, deadline_s: float) -> Reached:
        """The answer to JSON text, whatever its status."""
        try:
            response = await self._client.post(
                path, content=payload, cast_to=httpx2.Response, options={"headers": JSON_HEADERS}
            )
        except APIStatusError as error:
            response = error.response
        except APIConnectionError as error:
            raise broken_off(error) from error
        return Reached(status=response.status_code, headers=response.headers, body=response.content)

    async def close(self) -> None:
        """Let all connections go."""
        await self._client.close()


def broken_off(error: BaseException) -> ConnectionError:
    """What the system said below the library's layers, which call every failure of a connection a timeout."""
    cause = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    words = str(cause) or type(cause).__name__
    never_made = (isinstance(cause, OSError) and cause.errno in NEVER_MADE) or isinstance(cause, socket.gaierror)
    return ConnectionRefusedError(words) if never_made else ConnectionError(words)


async def open_desk(endpoint: EndpointPlan, pace: PacePlan, spend: SpendPlan) -> Desk:
    """Everything a client needs, made on the loop that will use it."""
    key = read_key(endpoint.key_variable)
    cache = ReplyCache(endpoint.cache)
    paid = cache.paid()
    before = Sum(tokens=paid.prompt_tokens + paid.completion_tokens, dollars=paid.dollars)
    return Desk(
        endpoint=endpoint,
        pace=pace,
        wire=LibraryWire(endpoint.base_url, key, pace.concurrency),
        cache=cache,
        ledger=Ledger(plan=spend, before=before),
        worth=Worth(),
        manners=manners_for(endpoint.form),
        redactor=redactor_for(key),
        requests=Pacer(per_minute=pace.requests_per_minute),
        tokens=Pacer(per_minute=pace.tokens_per_minute),
        slots=asyncio.Semaphore(pace.concurrency),
    )

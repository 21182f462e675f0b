"""A model behind any server that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, Ollama, llama.cpp.

This is the one file that knows the `openai` library; what happens to a request before and after lies in `remote/`.
"""

import asyncio
import errno
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient, OpenAIError
from openai.types import Batch

from seewhy.endpoints.accounting.ledger import Ledger, Spending, Sum
from seewhy.endpoints.accounting.pricing import Pricing, worth_of
from seewhy.endpoints.asking import ChatClient
from seewhy.endpoints.batch.jobs import BatchLook, BatchStage
from seewhy.endpoints.batch.ordering import CALL, BatchDesk, jobs_place
from seewhy.endpoints.cache import ReplyCache
from seewhy.endpoints.capabilities import manners_for
from seewhy.endpoints.chat import ChatResponse, Request
from seewhy.endpoints.plan import BatchPlan, EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.secrets import read_key, redactor_for
from seewhy.endpoints.transport.api import HttpResponse, Transport
from seewhy.endpoints.transport.loop import BackgroundLoop
from seewhy.endpoints.transport.pacing import Pacer
from seewhy.endpoints.transport.plain import PlainWire
from seewhy.records.collecting import RareCollection

NO_KEY = "none"
"""What is sent as a key where the server wants none: the library insists on one."""
NEVER_MADE = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH}
TAG = "seewhy"
"""The name under which a batch carries our mark."""
STAGES = {
    "completed": BatchStage.DONE, "failed": BatchStage.FAILED, "expired": BatchStage.FAILED,
    "cancelled": BatchStage.FAILED,
}  # fmt: skip
JSON_HEADERS = {"Content-Type": "application/json"}


class Teacher:
    """Answers requests through a server; several threads may call at once.

    Example:
        >>> with Teacher(EndpointPlan(base_url="http://127.0.0.1:8000/v1", model="qwen2.5-vl-7b")) as teacher:
        ...     teacher.name
        'qwen2.5-vl-7b'
    """

    def __init__(
        self,
        endpoint: EndpointPlan,
        pace: PacePlan | None = None,
        spend: SpendPlan | None = None,
        batch: BatchPlan | None = None,
    ) -> None:
        """With `batch` all goes through the provider's batch API, and `pace` says nothing.

        Raises:
            ValueError: the key's variable is empty, no price is known where money is bounded, the cache cannot be used.
        """
        self.endpoint = endpoint
        self._loop = BackgroundLoop(f"teacher {endpoint.model}")
        try:
            self._desk: ChatClient | BatchDesk = self._loop.run(
                open_batch_desk(endpoint, spend or SpendPlan(), batch)
                if batch
                else open_desk(endpoint, pace or PacePlan(), spend or SpendPlan())
            )
        except BaseException:
            self._loop.close()
            raise

    @property
    def name(self) -> str:
        """The model's name, as it stands in verdicts and in `Chain.sampler`."""
        return self.endpoint.model

    @property
    def spending(self) -> Spending:
        """What this client has spent and is doing now."""
        return self._desk.ledger.read()

    def talk(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order.

        Raises:
            BudgetSpentError: the budget does not reach for what is left to ask; all that came is in the cache.
        """
        with RareCollection():
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

    @property
    def headers(self) -> dict[str, str]:
        """What the library sends with every request, the key among it."""
        told = {"Authorization": f"Bearer {self._client.api_key}", **self._client.default_headers}
        return {name: value for name, value in told.items() if isinstance(value, str)}

    async def post(self, path: str, payload: bytes, deadline_s: float) -> HttpResponse:
        """The answer to JSON text, whatever its status."""
        try:
            async with asyncio.timeout(deadline_s):
                response = await self._client.post(
                    path, content=payload, cast_to=httpx2.Response, options={"headers": JSON_HEADERS}
                )
        except APIStatusError as error:
            response = error.response
        except APIConnectionError as error:
            raise broken_off(error) from error
        return HttpResponse(status=response.status_code, headers=response.headers, body=response.content)

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


def open_wire(base_url: str, key: str, concurrency: int) -> Transport:
    """The library's own way, or a shorter one to a server without TLS that no proxy stands before."""
    wire = LibraryWire(base_url, key, concurrency)
    place = urlsplit(base_url)
    is_direct = "http" not in getproxies() or bool(proxy_bypass(place.hostname or ""))
    return PlainWire(base_url, wire.headers) if place.scheme == "http" and is_direct else wire


class LibraryBatches:
    """The batch API by the `openai` library, which tries again what may pass."""

    def __init__(self, base_url: str, key: str, window: str) -> None:
        self._client = AsyncOpenAI(base_url=base_url, api_key=key or NO_KEY, max_retries=5)
        self._window = window

    async def upload(self, content: bytes) -> str:
        """The id of a file of requests."""
        with as_os_error("upload requests"):
            return (await self._client.files.create(file=("requests.jsonl", content), purpose="batch")).id

    async def create(self, file_id: str, tag: str) -> BatchLook:
        """Order the answers to an uploaded file."""
        with as_os_error("order a batch"):
            # The library names the windows it knows; a provider may have others.
            window: Any = self._window
            batch = await self._client.batches.create(
                input_file_id=file_id, endpoint=CALL, completion_window=window, metadata={TAG: tag}
            )
            return look_at(batch)

    async def find(self, tag: str) -> BatchLook | None:
        """The batch with a tag, if there is one."""
        with as_os_error("list batches"):
            async for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(TAG) == tag:
                    return look_at(batch)
            return None

    async def look(self, batch_id: str) -> BatchLook:
        """How far it is."""
        with as_os_error(f"look at batch {batch_id}"):
            return look_at(await self._client.batches.retrieve(batch_id))

    async def download(self, file_id: str) -> bytes:
        """A file of answers."""
        with as_os_error(f"download {file_id}"):
            return (await self._client.files.content(file_id)).content

    async def close(self) -> None:
        """Let all connections go."""
        await self._client.close()


@contextmanager
def as_os_error(what: str) -> Generator[None]:
    """Turns the library's errors into an OSError that says what was being done."""
    try:
        yield
    except OpenAIError as error:
        raise OSError(f"cannot {what}: {error}. Run again: what was ordered is known and will be collected") from error


def look_at(batch: Batch) -> BatchLook:
    """A batch of the library as we see it."""
    stage = STAGES.get(batch.status, BatchStage.RUNNING)
    told = batch.errors.data if batch.errors and batch.errors.data else []
    has_files = bool(batch.output_file_id or batch.error_file_id)
    # What expired or was cancelled has the answers that came before.
    return BatchLook(
        batch_id=batch.id,
        stage=BatchStage.DONE if stage is BatchStage.FAILED and has_files else stage,
        output_file=batch.output_file_id or "",
        error_file=batch.error_file_id or "",
        words="; ".join([batch.status, *(str(error.message) for error in told)]),
    )


async def open_batch_desk(endpoint: EndpointPlan, spend: SpendPlan, plan: BatchPlan) -> BatchDesk:
    """Everything a client of a batch API needs, made on the loop that will use it."""
    key = read_key(endpoint.key_variable)
    worth = worth_of(endpoint, spend, is_batch=True)
    place = jobs_place(endpoint)
    cache = ReplyCache(endpoint.cache)
    return BatchDesk(
        endpoint=endpoint,
        plan=plan,
        batches=LibraryBatches(endpoint.base_url, key, plan.window),
        cache=cache,
        ledger=open_ledger(spend, worth, cache),
        worth=worth,
        manners=manners_for(endpoint.form),
        redactor=redactor_for(key),
        place=place,
    )


def open_ledger(spend: SpendPlan, worth: Pricing, cache: ReplyCache) -> Ledger:
    """A ledger that begins with what earlier runs on the cache have paid, or may have."""
    paid, unknown = cache.paid(), cache.unknown()
    before = Sum(tokens=paid.prompt_tokens + paid.completion_tokens, dollars=paid.dollars)
    before += Sum(tokens=unknown.prompt_tokens, dollars=unknown.dollars)
    return Ledger(plan=spend, is_priced=worth.price is not None, before=before)


async def open_desk(endpoint: EndpointPlan, pace: PacePlan, spend: SpendPlan) -> ChatClient:
    """Everything a client needs, made on the loop that will use it."""
    key = read_key(endpoint.key_variable)
    worth = worth_of(endpoint, spend)
    cache = ReplyCache(endpoint.cache)
    return ChatClient(
        endpoint=endpoint,
        pace=pace,
        wire=open_wire(endpoint.base_url, key, pace.concurrency),
        cache=cache,
        ledger=open_ledger(spend, worth, cache),
        worth=worth,
        manners=manners_for(endpoint.form),
        redactor=redactor_for(key),
        requests=Pacer(per_minute=pace.requests_per_minute),
        tokens=Pacer(per_minute=pace.tokens_per_minute),
        slots=asyncio.Semaphore(pace.concurrency),
    )

"""A model behind any server that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, Ollama, llama.cpp.

The headers are those of the `openai` library, which knows what its environment variables add; HTTP is aiohttp's.
"""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType

from openai import OpenAI

from seewhy.endpoints.accounting.budget import Budget
from seewhy.endpoints.accounting.ledger import Ledger, Spending
from seewhy.endpoints.accounting.pricing import worth_of
from seewhy.endpoints.asking import ChatClient
from seewhy.endpoints.batch.library import NO_KEY, LibraryBatches
from seewhy.endpoints.batch.ordering import BatchDesk, jobs_place
from seewhy.endpoints.cache import ReplyCache
from seewhy.endpoints.capabilities import capabilities_for
from seewhy.endpoints.chat import ChatResponse, Request
from seewhy.endpoints.claims import Claims
from seewhy.endpoints.database import Database
from seewhy.endpoints.group_commit import GroupCommit
from seewhy.endpoints.plan import LISTS_MODEL, WELL, BatchPlan, EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.secrets import read_key, redactor_for
from seewhy.endpoints.transport.api import Heard, Transport
from seewhy.endpoints.transport.balanced import BalancedTransport, lists
from seewhy.endpoints.transport.http import HttpTransport
from seewhy.endpoints.transport.loop import BackgroundLoop
from seewhy.endpoints.transport.pacing import Pacer
from seewhy.records.collecting import RareCollection

NONE: Mapping[str, str] = {}


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
        """The model's name, as written in verdicts and in `Chain.sampler`."""
        return self.endpoint.model

    @property
    def spending(self) -> Spending:
        """What this client has spent and is doing now."""
        return self._desk.ledger.read()

    def chat(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order.

        Raises:
            BudgetSpentError: the budget does not reach for what is left to ask; all that came is in the cache.
        """
        with RareCollection():
            return self._loop.run(self._desk.answer_all(requests))

    @contextmanager
    def heard_by(self, heard: Heard) -> Generator[None]:
        """Within, `heard` is called in a thread of the client's with each reply so far, while it comes.

        Of a request for one reply, from a server that knows `stream`; a batch API brings replies whole.
        """
        desk = self._desk
        if not isinstance(desk, ChatClient):
            yield
            return
        desk.heard = heard
        try:
            yield
        finally:
            desk.heard = None

    def forget(self) -> None:
        """Take away replies that memory alone keeps; connections stay, and what was learnt of the server."""
        self._loop.run(self._forget())

    async def _forget(self) -> None:
        self._desk.cache.forget()

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


def headers_for(base_url: str, key: str, more: Mapping[str, str] = NONE) -> dict[str, str]:
    """What the `openai` library sends with every request, the key among it, and `more`."""
    with OpenAI(base_url=base_url, api_key=key or NO_KEY) as library:
        sent = {"Authorization": f"Bearer {library.api_key}", **library.default_headers, **more}
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def extra_headers(endpoint: EndpointPlan) -> dict[str, str]:
    """A plan's headers with their values from the environment; ValueError where a variable is empty."""
    return {name.replace("_", "-"): read_key(variable) for name, variable in endpoint.headers.items()}


async def open_batch_desk(endpoint: EndpointPlan, spend: SpendPlan, plan: BatchPlan) -> BatchDesk:
    """Everything a client of a batch API needs, made on the loop that will use it."""
    key, more = read_key(endpoint.key_variable), extra_headers(endpoint)
    worth = worth_of(endpoint, spend, is_batch=True)
    place = jobs_place(endpoint)
    cache = ReplyCache(endpoint.cache)
    return BatchDesk(
        endpoint=endpoint,
        plan=plan,
        batches=LibraryBatches(endpoint.base_url, key, plan.window, more, endpoint.query),
        cache=cache,
        ledger=Ledger(is_priced=worth.price is not None),
        budget=open_budget(spend, cache.database),
        worth=worth,
        capabilities=capabilities_for(endpoint.form),
        redactor=redactor_for(key),
        place=place,
    )


def open_budget(spend: SpendPlan, database: Database) -> Budget:
    """A bound over all that was spent, and is being spent, on a database."""
    return Budget(plan=spend, claims=Claims(database), commit=GroupCommit(database=database))


def open_transport(endpoint: EndpointPlan, key: str, more: Mapping[str, str]) -> Transport:
    """The way to the server, or to all of them."""
    transports = [(url, HttpTransport(url, headers_for(url, key, more), endpoint.query))
             for url in (endpoint.base_url, *endpoint.more_urls)]  # fmt: skip
    if endpoint.comes_back == WELL:
        return BalancedTransport(transports) if endpoint.more_urls else transports[0][1]
    listing = endpoint.model if endpoint.comes_back == LISTS_MODEL else None
    return BalancedTransport(transports, is_asked_again=partial(lists, listing))


async def open_desk(endpoint: EndpointPlan, pace: PacePlan, spend: SpendPlan) -> ChatClient:
    """Everything a client needs, made on the loop that will use it."""
    key, more = read_key(endpoint.key_variable), extra_headers(endpoint)
    worth = worth_of(endpoint, spend)
    cache = ReplyCache(endpoint.cache)
    return ChatClient(
        endpoint=endpoint,
        pace=pace,
        transport=open_transport(endpoint, key, more),
        cache=cache,
        ledger=Ledger(is_priced=worth.price is not None),
        budget=open_budget(spend, cache.database),
        worth=worth,
        capabilities=capabilities_for(endpoint.form),
        redactor=redactor_for(key, *more.values()),
        requests=Pacer(per_minute=pace.requests_per_minute),
        tokens=Pacer(per_minute=pace.tokens_per_minute),
        slots=asyncio.Semaphore(pace.concurrency),
    )

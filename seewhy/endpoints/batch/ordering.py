"""Answers requests through a provider's batch API: cheaper, and hours later; what comes lands in the same cache."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from seewhy.endpoints.accounting.budget import Budget
from seewhy.endpoints.accounting.ledger import Ledger, Sum
from seewhy.endpoints.accounting.pricing import Pricing
from seewhy.endpoints.batch.jobs import Batches, BatchLook, BatchStage, Job, read_jobs, write_jobs
from seewhy.endpoints.cache import CallRow, ReplyCache
from seewhy.endpoints.capabilities import ServerCapabilities
from seewhy.endpoints.chat import ChatResponse, Request
from seewhy.endpoints.faults import Fault
from seewhy.endpoints.payload import Prepared, payload_of, prepare_request
from seewhy.endpoints.plan import BatchPlan, EndpointPlan
from seewhy.endpoints.reading import ParsedReply, read_answer
from seewhy.endpoints.secrets import Redactor
from seewhy.endpoints.transport.api import HttpResponse
from seewhy.records.types import Usage

CALL = "/v1/chat/completions"
MOST_BYTES = 100_000_000
"""Of one file; OpenAI takes 200 MB (platform.openai.com/docs/guides/batch)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """One call of a batch."""

    id: str
    prepared: Prepared
    count: int
    payload: bytes

    @property
    def text(self) -> bytes:
        """The line of the file."""
        head = json.dumps({"custom_id": self.id, "method": "POST", "url": CALL})
        return head[:-1].encode() + b',"body":' + self.payload + b"}\n"


@dataclass(slots=True, kw_only=True)
class BatchDesk:
    """Everything one client of a batch API holds; used from its event loop, by one caller at a time."""

    endpoint: EndpointPlan
    plan: BatchPlan
    batches: Batches
    cache: ReplyCache
    ledger: Ledger
    budget: Budget
    worth: Pricing
    capabilities: ServerCapabilities
    redactor: Redactor
    place: Path
    """The file of batches under way."""
    jobs: list[Job] = field(default_factory=list[Job])
    faults: dict[str, Fault] = field(default_factory=dict[str, Fault])
    """Why a key has too few replies, from the last round."""
    paid: dict[str, Usage] = field(default_factory=dict[str, Usage])
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer_all(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order, when all batches are done.

        Raises:
            BudgetSpentError: a batch could cost more than is left; it was not ordered.
            OSError: the provider cannot be reached; the next call goes on where this one stopped.
        """
        async with self.turn:
            # Of several processes on one file of batches, one orders at a time.
            await self.budget.claim(f"batches/{self.place.name}", lambda: False)
            try:
                return await self._answer_in_turn(requests)
            finally:
                self.budget.release(f"batches/{self.place.name}")

    async def _answer_in_turn(self, requests: Sequence[Request]) -> list[ChatResponse]:
        self.faults, self.paid = {}, {}
        self.jobs = read_jobs(self.place)
        for job in tuple(self.jobs):
            await self._finish(job)
        for _ in range(self.plan.rounds):
            if not await self._order(requests):
                break
        return [self._answer(request) for request in requests]

    async def close(self) -> None:
        """Let connections and the cache go; batches go on at the provider."""
        await self.batches.close()
        self.budget.close()
        self.cache.close()

    async def _order(self, requests: Iterable[Request]) -> bool:
        """Orders all that is missing and may yet come; whether there was anything."""
        any_left = False
        for lines in in_files(self._lines(requests), self.plan.lines):
            any_left = True
            worst = Sum()
            for line in lines:
                worst += self.worth.most(line.prepared, line.count)
            await self._send(lines, await self.budget.reserve(worst))
        return any_left

    async def _send(self, lines: Sequence[BatchLine], note: int) -> None:
        # Written before the order: a process killed within it finds the batch by its tag.
        job = Job(
            tag=f"seewhy-{uuid.uuid4().hex}",
            keys={line.id: line.prepared.key for line in lines},
            counts={line.id: line.count for line in lines},
            note=note,
        )
        self.jobs.append(job)
        write_jobs(self.place, self.jobs)
        file_id = await self.batches.upload(b"".join(line.text for line in lines))
        look = await self.batches.create(file_id, job.tag)
        ordered = replace(job, batch_id=look.batch_id)
        self.jobs[self.jobs.index(job)] = ordered
        write_jobs(self.place, self.jobs)
        await self._finish(ordered, {line.id: line for line in lines})

    async def _finish(self, job: Job, lines: dict[str, BatchLine] | None = None) -> None:
        """Wait for a batch, keep what it brought, forget it."""
        look = await self.batches.look(job.batch_id) if job.batch_id else await self.batches.find(job.tag)
        while look is not None and look.stage is BatchStage.RUNNING:
            await asyncio.sleep(self.plan.poll_s)
            look = await self.batches.look(look.batch_id)
        if look is not None:
            await self._collect(job, look, lines or {})
        else:  # it was never ordered, and costs nothing
            await self.budget.commit.run(partial(self.budget.settle, job.note, is_cost_known=True))
        self.jobs.remove(job)
        write_jobs(self.place, self.jobs)

    async def _collect(self, job: Job, look: BatchLook, lines: dict[str, BatchLine]) -> None:
        if look.stage is BatchStage.FAILED:
            words = self.redactor.clean(f"the batch failed: {look.words}")
            self.faults |= {key: Fault(words=words) for key in job.keys.values()}
        rows: list[CallRow] = []
        for file_id in filter(None, (look.output_file, look.error_file)):
            for line in (await self.batches.download(file_id)).splitlines():
                row = self._read(job, look.batch_id, self.redactor.clean_bytes(line), lines)
                rows += [row] if row else []

        def write() -> None:
            self.cache.insert(rows)
            self.budget.settle(job.note, is_cost_known=True)

        await self.budget.commit.run(write)

    def _read(self, job: Job, batch_id: str, line: bytes, lines: dict[str, BatchLine]) -> CallRow | None:
        if not line.strip():
            return None
        answer = json.loads(line)
        name = str(answer.get("custom_id"))
        if name not in job.keys:  # not one of ours: joined by id, never by order
            return None
        key = job.keys[name]
        came = read_line(answer)
        if came.fault:
            self.faults[key] = came.fault
            self._learn(came.fault, lines.get(name))
        elif len(came.replies) < job.counts[name]:
            self.capabilities.learn_count(job.counts[name], len(came.replies))
        if not came.replies and came.tokens is None and not (came.fault and came.fault.is_reply):
            return None
        usage = self.worth.of(came.tokens) if came.replies or came.tokens else Usage()
        self.ledger.count(usage)
        self.paid[key] = add_usage(self.paid.get(key, Usage()), usage)
        declined = came.fault.words if came.fault and came.fault.is_reply else ""
        return CallRow(
            key=key, model=came.model, replies=came.replies, declined=declined, usage=usage, origin=f"{batch_id}/{name}"
        )

    def _learn(self, fault: Fault, line: BatchLine | None) -> None:
        if fault.complaint and line:
            is_said_otherwise = self.capabilities.learn_refusal(
                fault.complaint, line.prepared.request, line.count, line.payload
            )
            if is_said_otherwise:
                self.faults[line.prepared.key] = replace(fault, is_final=False)

    def _lines(self, requests: Iterable[Request]) -> Iterator[BatchLine]:
        ordered: dict[str, int] = {}
        for request in requests:
            try:
                prepared = prepare_request(request, self.endpoint)
                kept = self.cache.find(prepared.key)
            except ValueError:
                continue  # reported where the request is answered
            key, fault = prepared.key, self.faults.get(prepared.key)
            had = max(len(kept.replies), ordered.get(key, 0))
            if had >= request.count or kept.declined or (fault and fault.is_final):
                continue
            ordered[key] = request.count
            step = self.capabilities.count_for(request.count - had)
            for offset in range(had, request.count, step):
                yield BatchLine(
                    id=f"{key[:40]}-{offset}",
                    prepared=prepared,
                    count=step,
                    payload=payload_of(prepared, self.endpoint.model, self.capabilities, step, offset),
                )

    def _answer(self, request: Request) -> ChatResponse:
        model = self.endpoint.model
        try:
            key = prepare_request(request, self.endpoint).key
            kept = self.cache.find(key)
        except ValueError as error:
            self.ledger.failed += 1
            return ChatResponse(replies=(), model=model, failure=str(error))
        usage = self.paid.pop(key, Usage())
        if len(kept.replies) >= request.count:
            self.ledger.from_cache += not usage.calls
            return ChatResponse(replies=kept.replies[: request.count], model=kept.model or model, usage=usage)
        self.ledger.failed += 1
        fault = self.faults.get(key)
        words = kept.declined or (fault.words if fault else "the batch brought no answer to it")
        return ChatResponse(replies=(), model=model, failure=self.redactor.clean(words), usage=usage)


def read_line(answer: dict[str, object]) -> ParsedReply:
    """What one line of a batch's output brought."""
    response, error = answer.get("response"), answer.get("error")
    if isinstance(response, dict) and isinstance(response.get("status_code"), int):
        body = json.dumps(response.get("body")).encode()
        return read_answer(HttpResponse(status=response["status_code"], headers={}, body=body))
    return ParsedReply(fault=Fault(words=f"the batch answered {json.dumps(error)}"))


def in_files(lines: Iterable[BatchLine], max_lines: int) -> Iterator[list[BatchLine]]:
    """Lines in groups that a provider takes as one file."""
    group: list[BatchLine] = []
    size = 0
    for line in lines:
        length = len(line.payload) + 256
        if group and (len(group) == max_lines or size + length > MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(line)
        size += length
    if group:
        yield group


def add_usage(one: Usage, other: Usage) -> Usage:
    """Both together."""
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        calls=one.calls + other.calls,
        dollars=one.dollars + other.dollars,
    )


def jobs_place(endpoint: EndpointPlan) -> Path:
    """The file of batches under way, next to the cache and by the endpoint's name.

    Raises:
        ValueError: there is no cache file, so that a killed process could not go on.
    """
    if not endpoint.cache:
        raise ValueError("batches come hours later: name a `cache` file, so that nothing is lost if this process ends")
    name = hashlib.sha256(f"{endpoint.base_url} {endpoint.model}".encode()).hexdigest()[:12]
    return Path(f"{endpoint.cache}.batches-{name}.json")

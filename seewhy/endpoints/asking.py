"""Asks for the replies of a request: what is kept is not asked, what fails is tried again, what comes is kept first."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from seewhy.endpoints.accounting.budget import Budget
from seewhy.endpoints.accounting.ledger import Ledger, Sum
from seewhy.endpoints.accounting.pricing import Pricing
from seewhy.endpoints.cache import CallRow, DamagedRowError, Kept, ReplyCache
from seewhy.endpoints.capabilities import ServerCapabilities
from seewhy.endpoints.chat import BudgetSpentError, ChatResponse, Request, sum_usage
from seewhy.endpoints.faults import Cost, Fault
from seewhy.endpoints.key_lock import KeyLock
from seewhy.endpoints.payload import Prepared, payload_of, prepare_request, streamed
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.endpoints.reading import ParsedReply, read_answer
from seewhy.endpoints.refreshed import as_asked
from seewhy.endpoints.secrets import Redactor
from seewhy.endpoints.transport.api import Heard, Transport
from seewhy.endpoints.transport.pacing import Pacer
from seewhy.endpoints.transport.waiting import next_wait
from seewhy.records.stopped import StoppedError
from seewhy.records.types import Usage

PATH = "/chat/completions"
MOST_LESSONS = 9
"""How often one call may be said otherwise: each time the server's capabilities are known better."""
NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class CallResult:
    """How one call ended: with replies that are kept, or with a fault; and what all its tries cost."""

    came: ParsedReply
    paid: Usage


@dataclass(slots=True, kw_only=True)
class ChatClient:
    """Everything one client shares between its calls; used from its event loop."""

    endpoint: EndpointPlan
    pace: PacePlan
    transport: Transport
    cache: ReplyCache
    ledger: Ledger
    budget: Budget
    worth: Pricing
    capabilities: ServerCapabilities
    redactor: Redactor
    requests: Pacer
    tokens: Pacer
    slots: asyncio.Semaphore
    heard: Heard | None = None
    """Called with a reply so far while it comes."""
    at_work: dict[str, KeyLock] = field(default_factory=dict[str, KeyLock])

    async def answer_all(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order.

        Raises:
            BudgetSpentError: nothing more can be paid; all that was under way has ended, and is kept.
            OSError: what came cannot be kept.
        """
        answers: dict[int, ChatResponse] = {}
        left = iter(enumerate(requests))
        stops: list[BudgetSpentError | OSError] = []
        workers = min(self.pace.concurrency, len(requests))
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(left, answers, stops))
        if stops:
            raise stops[0]
        return [answers[number] for number in range(len(requests))]

    async def _work(
        self,
        left: Iterable[tuple[int, Request]],
        answers: dict[int, ChatResponse],
        stops: list[BudgetSpentError | OSError],
    ) -> None:
        for number, request in left:
            try:
                answers[number] = await self.answer(request)
            except (BudgetSpentError, OSError) as error:
                stops.append(error)
            if stops:
                return

    async def answer(self, request: Request) -> ChatResponse:
        """All replies to a request, or why there are none."""
        try:
            has_pictures = any(message.images for message in request.messages)
            prepare = (prepare_request, request, self.endpoint)
            prepared = await asyncio.to_thread(*prepare) if has_pictures else prepare_request(request, self.endpoint)
        except ValueError as error:
            return self._failed(str(error), NOTHING)
        # Of two equal requests the second waits, and finds what the first was given.
        turn = self.at_work.get(prepared.key)
        if turn is None:
            turn = self.at_work[prepared.key] = KeyLock()
        else:
            await turn.wait()
        try:
            return await self._complete(prepared)
        except DamagedRowError as error:
            return self._failed(str(error), NOTHING)
        finally:
            if turn.end():
                del self.at_work[prepared.key]

    async def _complete(self, prepared: Prepared) -> ChatResponse:
        key, wanted = prepared.key, prepared.request.count
        kept = self.cache.find(key)
        if kept.is_enough(wanted):
            return self._answer_from(kept, wanted, NOTHING)
        try:
            # Of several processes that ask the same, one asks, and the others find what it was given.
            await self.budget.claim(key, lambda: self.cache.find(key).is_enough(wanted))
            return await self._ask(prepared, self.cache.find(key))
        finally:
            self.budget.release(key)

    async def _ask(self, prepared: Prepared, kept: Kept) -> ChatResponse:
        wanted, paid = prepared.request.count, NOTHING
        while not kept.is_enough(wanted):
            missing = wanted - len(kept.replies)
            count = self.capabilities.count_for(missing)
            ends = await self._call_all(prepared, count, range(len(kept.replies), wanted, count))
            paid = sum_usage([paid, *[end.paid for end in ends]]) if paid.calls or len(ends) > 1 else ends[0].paid
            kept = add_kept(kept, ends)
            faults = [fault for end in ends if (fault := end.came.fault) and not fault.is_reply]
            if faults:
                return self._failed(faults[0].words, paid)
        return self._answer_from(kept, wanted, paid)

    def _answer_from(self, kept: Kept, wanted: int, paid: Usage) -> ChatResponse:
        if len(kept.replies) < wanted:
            return replace(self._failed(kept.declined, paid), is_declined=True)
        self.ledger.from_cache += not paid.calls
        return ChatResponse(replies=kept.replies[:wanted], model=kept.model or self.endpoint.model, usage=paid)

    async def _call_all(self, prepared: Prepared, count: int, offsets: Sequence[int]) -> list[CallResult]:
        if len(offsets) == 1:
            return [await self._call(prepared, count, offsets[0])]
        calls = [self._call(prepared, count, offset) for offset in offsets]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return [end for end in ends if not isinstance(end, BaseException)]

    async def _call(self, prepared: Prepared, count: int, offset: int) -> CallResult:
        """Tries until replies came and are kept, or a fault is final."""
        tries, lessons, paid = 0, 0, NOTHING
        while True:
            payload = payload_of(prepared, self.endpoint.model, self.capabilities, count, offset)
            if self.heard is not None and self.capabilities.may_stream(prepared.request, count):
                payload = streamed(payload)
            end = await self._try(prepared, payload, count)
            paid = sum_usage([paid, end.paid]) if paid.calls else end.paid
            fault = end.came.fault
            if fault is None or fault.is_reply:
                return CallResult(end.came, paid) if tries or lessons else end
            may_learn = fault.complaint and lessons < MOST_LESSONS
            if may_learn and self.capabilities.learn_refusal(fault.complaint, prepared.request, count, payload):
                lessons, count = lessons + 1, self.capabilities.count_for(count)
                continue
            tries += 1
            last = self._last_words(fault, tries)
            if last:
                return CallResult(ParsedReply(fault=replace(fault, words=last)), paid)
            self.ledger.retries += 1
            await asyncio.sleep(next_wait(tries, fault.wait_s, self.pace.first_wait_s, self.pace.longest_wait_s))

    def _last_words(self, fault: Fault, tries: int) -> str:
        """Why there is no other try; empty where there is one."""
        if fault.is_final or tries >= self.pace.tries:
            return fault.words if tries == 1 else f"{fault.words} (after {tries} tries)"
        if fault.wait_s is not None and fault.wait_s > self.pace.longest_wait_s:
            return f"{fault.words} (it asks to be left alone for {fault.wait_s:,.0f} s, longer than we wait)"
        return ""

    async def _try(self, prepared: Prepared, payload: bytes, count: int) -> CallResult:
        worst = self.worth.most(prepared, count)
        likely = self.worth.likely(prepared, count).tokens if self.tokens.per_minute else 0
        await self.slots.acquire()
        try:
            if self.requests.per_minute or likely:
                await self.requests.wait()
                await self.tokens.wait(likely)
            note = await self.budget.reserve(worst)
            self.ledger.in_flight += 1
            try:
                came = as_asked(await self._send(payload), prepared.request.drawn, self.endpoint.model)
                paid = self._count(came, worst)
                self.tokens.give_back(likely - paid.prompt_tokens - paid.completion_tokens)
                await self._keep(prepared, came, count, paid, note)
            except BaseException:
                self.budget.abandon(note)
                raise
            finally:
                self.ledger.in_flight -= 1
        finally:
            self.slots.release()
        return CallResult(came, paid)

    async def _send(self, payload: bytes) -> ParsedReply:
        try:
            heard = self._hear if self.heard else None
            reached = await self.transport.post(PATH, payload, self.pace.deadline_s, heard)
        except StoppedError:
            return ParsedReply(fault=Fault(words="nobody read on", is_final=True, cost=Cost.UNKNOWN))
        except TimeoutError:
            return ParsedReply(
                fault=Fault(words=f"no whole answer came in {self.pace.deadline_s:g} s", cost=Cost.UNKNOWN)
            )
        except ConnectionRefusedError as error:
            return ParsedReply(fault=Fault(words=self.redactor.clean(f"no connection: {error}")))
        except ConnectionError as error:
            words = self.redactor.clean(f"the connection broke off: {error}")
            return ParsedReply(fault=Fault(words=words, cost=Cost.UNKNOWN))
        if self.redactor.secrets:
            reached = replace(reached, body=self.redactor.clean_bytes(reached.body))
        return read_answer(reached)

    def _hear(self, text: str) -> None:
        if self.heard is not None:
            self.heard(self.redactor.clean(text))

    def _count(self, came: ParsedReply, worst: Sum) -> Usage:
        if came.fault and came.tokens is None:
            if not came.is_cost_known:
                self.ledger.count_uncertain(worst)
            return NOTHING
        usage = self.worth.of(came.tokens)
        self.ledger.count(usage)
        if came.tokens is None:
            self.ledger.count_untold(worst)
        return usage

    async def _keep(self, prepared: Prepared, came: ParsedReply, count: int, usage: Usage, note: int) -> None:
        if came.replies:
            self.capabilities.learn_count(count, len(came.replies))
        declined = came.fault.words if came.fault and came.fault.is_reply else ""
        rows: list[CallRow] = []
        if came.replies or declined or usage.calls:
            rows = [CallRow(key=prepared.key, model=came.model, replies=came.replies, declined=declined, usage=usage)]

        def write() -> None:
            self.cache.insert(rows)
            self.budget.settle(note, is_cost_known=came.is_cost_known)

        if rows or note:
            await self.budget.commit.run(write)

    async def close(self) -> None:
        """Let connections, claims and the cache go."""
        await self.transport.close()
        self.budget.close()
        self.cache.close()

    def _failed(self, words: str, usage: Usage) -> ChatResponse:
        self.ledger.failed += 1
        return ChatResponse(replies=(), model=self.endpoint.model, failure=self.redactor.clean(words), usage=usage)


def add_kept(kept: Kept, ends: Sequence[CallResult]) -> Kept:
    """What is kept, with what calls brought after it."""
    replies, model, declined = kept.replies, kept.model, ""
    for came in [end.came for end in ends]:
        replies += came.replies
        model = came.model or model
        if came.fault and came.fault.is_reply:
            declined = declined or came.fault.words
    return Kept(replies=replies, model=model, declined=declined or kept.declined)

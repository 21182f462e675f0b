"""A bound of money or tokens that no call can go over, kept to by all processes on one database."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from seewhy.endpoints.accounting.ledger import Sum
from seewhy.endpoints.chat import BudgetSpentError
from seewhy.endpoints.claims import BEAT_S, Claims
from seewhy.endpoints.group_commit import GroupCommit
from seewhy.endpoints.plan import SpendPlan

LOOK_S = 0.2
"""Seconds between two looks at what other processes have spent."""
FIRST_LOOK_S, LAST_LOOK_S = 0.05, 0.5
"""Seconds between two looks whether another process has been answered."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """Claims of requests, and reservations against a bound; used from one event loop."""

    plan: SpendPlan
    claims: Claims
    commit: GroupCommit
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of those that wait for others to settle, one looks at a time."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    beating: "asyncio.Task[None] | None" = None

    @property
    def is_bounded(self) -> bool:
        """Whether there is a bound to keep to."""
        return bool(self.plan.dollars or self.plan.tokens)

    async def claim(self, key: str, is_answered: Callable[[], bool]) -> None:
        """Return when a request is this client's to ask, or when another process has asked it."""
        if not self.claims.database.is_shared:
            return
        self._begin_to_beat()
        wait_s = FIRST_LOOK_S
        while not await self.commit.run(partial(self.claims.take, key)):
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LAST_LOOK_S)
            self.claims.retire_dead()
            if is_answered():
                return

    def release(self, key: str) -> None:
        """Let a request go, with the next transaction."""
        if self.claims.database.is_shared:
            self.commit.soon(partial(self.claims.release, key))

    async def reserve(self, worst: Sum) -> int:
        """Set aside the most that a call can cost, waiting for others to settle where that may help; its note.

        Raises:
            BudgetSpentError: the call could go over the bound, and none is under way that could leave more.
        """
        if not self.is_bounded:
            return 0
        self._begin_to_beat()
        async with self.turn:
            while True:
                self.settled.clear()
                note = await self.commit.run(partial(self._try, worst))
                if note is not None:
                    return note
                if not self._reaches(self.claims.sums()[0] + worst):
                    raise BudgetSpentError(self._too_little(worst))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.settled.wait(), LOOK_S)
                self.claims.retire_dead()

    def settle(self, note: int, *, is_cost_known: bool) -> None:
        """The call of a note has ended; called within the transaction that keeps what it cost."""
        if note:
            self.claims.settle(note, is_cost_known=is_cost_known)
            self.settled.set()

    def abandon(self, note: int) -> None:
        """The call of a note ended unexpectedly: what it cost is unknown."""
        if note:
            self.commit.soon(partial(self.settle, note, is_cost_known=False))

    def close(self) -> None:
        """Let all go that this client holds."""
        if self.beating is not None:
            self.beating.cancel()
        self.commit.soon(self.claims.leave)
        self.commit.flush()

    def _begin_to_beat(self) -> None:
        if self.beating is None and self.claims.database.is_shared:
            self.beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            with suppress(OSError):  # reported where a reply cannot be kept
                self.claims.beat()

    def _try(self, worst: Sum) -> int | None:
        spent, under_way = self.claims.sums()
        return self.claims.reserve(worst) if self._reaches(spent + under_way + worst) else None

    def _reaches(self, total: Sum) -> bool:
        is_over = (self.plan.dollars and total.dollars > self.plan.dollars) or (
            self.plan.tokens and total.tokens > self.plan.tokens
        )
        return not is_over

    def _too_little(self, worst: Sum) -> str:
        (spent, _), plan = self.claims.sums(), self.plan
        parts = [
            f"${spent.dollars:.4f} of ${plan.dollars:.2f} are spent and the next call could cost ${worst.dollars:.4f}"
            if plan.dollars
            else "",
            f"{spent.tokens:,} of {plan.tokens:,} tokens are spent and the next call could take {worst.tokens:,}"
            if plan.tokens
            else "",
        ]
        return (
            f"the budget does not reach for the next call: {'; '.join(part for part in parts if part)}. All that came "
            "is kept in the cache. Raise the bound and run again: nothing is paid for twice"
        )

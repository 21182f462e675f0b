"""Spreads calls evenly under limits of requests and of tokens a minute."""

import asyncio
import time
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass(slots=True)
class Pacer:
    """A limit a minute, kept by giving each call its moment; used from one event loop.

    There are no bursts: in no stretch of a minute does more go out than the limit and one call.
    """

    per_minute: int
    """0 is no limit."""
    free_at: float = field(default=0.0)
    """By the monotonic clock, when the next call may go out."""

    async def wait(self, amount: float = 1.0) -> None:
        """Return when `amount` (calls or tokens) may go out."""
        if not self.per_minute:
            return
        now = time.monotonic()
        begin = max(now, self.free_at)
        self.free_at = begin + amount * MINUTE / self.per_minute
        if begin > now:
            await asyncio.sleep(begin - now)

    def give_back(self, amount: float) -> None:
        """Of what was waited for, `amount` was not used (below zero: more was)."""
        if self.per_minute:
            self.free_at -= amount * MINUTE / self.per_minute

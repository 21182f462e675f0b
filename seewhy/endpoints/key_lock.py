"""Equal requests in turns: the second finds what the first was given."""

import asyncio
from dataclasses import dataclass


@dataclass(slots=True)
class KeyLock:
    """Requests of one key: one is asked, the others wait."""

    lock: asyncio.Lock | None = None
    """Made by the first that waits: nearly all requests are alone with their key."""
    waiting: int = 0

    async def wait(self) -> None:
        """Return when the requests before it have ended."""
        if self.lock is None:
            self.lock = asyncio.Lock()
            await self.lock.acquire()  # on behalf of the one that is asked
        self.waiting += 1
        try:
            await self.lock.acquire()
        finally:
            self.waiting -= 1

    def end(self) -> bool:
        """Let the next one go; whether there is none."""
        if self.lock is not None:
            self.lock.release()
        return not self.waiting

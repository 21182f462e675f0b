"""Writes of many calls in one transaction: what is asked for in one turn of the event loop is committed together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from seewhy.endpoints.database import Database

Result = TypeVar("Result")


@dataclass(slots=True, kw_only=True)
class GroupCommit:
    """The transactions of one client; used from its event loop."""

    database: Database
    works: list[tuple[Callable[[], Any], asyncio.Future[Any] | None]] = field(default_factory=list)  # type: ignore[type-arg]
    is_due: bool = False

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, when what it wrote is kept.

        Raises:
            OSError: it could not be written.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._add(work, done)
        return await done

    def soon(self, work: Callable[[], object]) -> None:
        """Write with the next transaction, and do not wait; what cannot be written then is dropped."""
        self._add(work, None)

    def flush(self) -> None:
        """Commit what is waiting."""
        works, self.works, self.is_due = self.works, [], False
        if not works:
            return
        try:
            with self.database.writing():
                results = [work() for work, _ in works]
        except Exception as error:  # whatever it is: who waits would wait for ever
            for _, done in works:
                if done is not None and not done.done():
                    done.set_exception(error)
            if not isinstance(error, OSError):
                raise
            return
        for (_, done), result in zip(works, results, strict=True):
            if done is not None and not done.done():
                done.set_result(result)

    def _add(self, work: Callable[[], object], done: "asyncio.Future[Any] | None") -> None:
        self.works.append((work, done))
        if not self.is_due:
            self.is_due = True
            asyncio.get_running_loop().call_soon(self.flush)

"""Keeps what came back before anyone uses it: one SQLite file, a row a call, never changed afterwards.

SQLite and not a file of lines: an interrupted write is undone by its journal, replies are found without an index in
memory, several processes may share the file, and it comes with Python. With write-ahead logging and
`synchronous=NORMAL` a killed process loses nothing that was kept; a power cut may lose the last moments, never more.
"""

import json
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import Any

from seewhy.endpoints.chat import Reply
from seewhy.records.types import FinishReason, Usage

MAKE = """
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    model TEXT NOT NULL,
    replies TEXT NOT NULL,
    declined TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    dollars REAL NOT NULL,
    origin TEXT,
    came_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""
MAKE_OPEN = """
CREATE TABLE IF NOT EXISTS open_calls (
    number INTEGER PRIMARY KEY,
    most_tokens INTEGER NOT NULL,
    most_dollars REAL NOT NULL,
    began_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""
INDEX = "CREATE INDEX IF NOT EXISTS calls_by_key ON calls (key)"
ONCE = "CREATE UNIQUE INDEX IF NOT EXISTS calls_by_origin ON calls (origin) WHERE origin IS NOT NULL"
ADD = (
    "INSERT OR IGNORE INTO calls (key, model, replies, declined, prompt_tokens, completion_tokens, dollars, origin) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
FIND = "SELECT model, replies, declined FROM calls WHERE key = ? ORDER BY number"
SUM = "SELECT COUNT(*), SUM(prompt_tokens), SUM(completion_tokens), SUM(dollars) FROM calls"
BEGIN = "INSERT INTO open_calls (most_tokens, most_dollars) VALUES (?, ?)"
END = "DELETE FROM open_calls WHERE number = ?"
SUM_OPEN = "SELECT COUNT(*), SUM(most_tokens), SUM(most_dollars) FROM open_calls"
IN_MEMORY = ":memory:"
LOG_PAGES = 4000
"""Pages of 4 KiB that the log may have before they are moved into the file, where SQLite itself takes 1,000: all calls
wait for the disk meanwhile, and a page that was written several times is moved once."""
PATIENCE_S = 60.0
"""How long one process waits for another that is writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the cache holds for a key.

    Example:
        >>> Kept(replies=(Reply(text="yes"),), model="m", declined="").declined
        ''
    """

    replies: tuple[Reply, ...]
    model: str
    declined: str
    """Why the model would not answer; empty where it did not refuse."""


NOTHING_KEPT = Kept(replies=(), model="", declined="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call that was paid for: what came of it and what it cost."""

    key: str
    model: str
    replies: tuple[Reply, ...]
    declined: str
    usage: Usage
    origin: str = ""
    """Where it came from, if it could be collected twice: a second row of the same origin is left out."""


class ReplyCache:
    """Replies by the content of their request, used from one thread; close it when all is done."""

    def __init__(self, place: str) -> None:
        self.place = place or IN_MEMORY
        if place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._base = sqlite3.connect(self.place, timeout=PATIENCE_S, isolation_level=None)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
            self._base.execute(MAKE)
            self._base.execute(MAKE_OPEN)
            self._base.execute(INDEX)
            self._base.execute(ONCE)
        except sqlite3.Error as error:
            raise ValueError(
                f"{self.place} cannot be used as a cache of replies ({error}); name a file in a folder that can be "
                "written to and lies on a disk of this machine, or one that seewhy made"
            ) from error

    def find(self, key: str) -> Kept:
        """All that came for a key, in the order it came."""
        rows = self._base.execute(FIND, (key,)).fetchall()
        if not rows:
            return NOTHING_KEPT
        replies = tuple(_reply(told) for _, text, _ in rows for told in json.loads(text))
        declined = next((words for _, _, words in rows if words), "")
        return Kept(replies=replies, model=rows[-1][0], declined=declined)

    def add(self, calls: Iterable[CallRow]) -> None:
        """Keep calls, all or none; when this returns they outlive the process.

        Raises:
            OSError: they could not be written (a full disk, a file that another process holds).
        """
        with self._writing():
            self._base.executemany(ADD, [_row(call) for call in calls])

    def begin_call(self, tokens: int, dollars: float) -> int:
        """Note the most a call can cost before it is made; the number of the note.

        Raises:
            OSError: it could not be written.
        """
        with self._writing():
            return self._base.execute(BEGIN, (tokens, dollars)).lastrowid or 0

    def end_call(self, number: int) -> None:
        """Strike a note out: what the call cost is known.

        Raises:
            OSError: it could not be written.
        """
        with self._writing():
            self._base.execute(END, (number,))

    def unknown(self) -> Usage:
        """The most that calls cost of which nobody knows: they broke off, or their process was killed."""
        calls, tokens, dollars = self._base.execute(SUM_OPEN).fetchone()
        return Usage(calls=calls, prompt_tokens=tokens or 0, dollars=float(dollars or 0.0))

    def paid(self) -> Usage:
        """What all calls in the file cost, those of earlier runs included."""
        calls, prompt, completion, dollars = self._base.execute(SUM).fetchone()
        return Usage(
            prompt_tokens=prompt or 0, completion_tokens=completion or 0, calls=calls, dollars=float(dollars or 0.0)
        )

    def close(self) -> None:
        """Let the file go."""
        self._base.close()

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            with self._base:
                self._base.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as error:
            raise OSError(
                f"replies cannot be kept in {self.place} ({error}). All that was kept before is whole. Make room (or "
                "give permission to write), then run the same command again: it continues from there"
            ) from error


def _row(call: CallRow) -> tuple[object, ...]:
    usage = call.usage
    told = f"[{','.join([_told(reply) for reply in call.replies])}]"
    tokens = usage.prompt_tokens, usage.completion_tokens, usage.dollars
    return call.key, call.model, told, call.declined, *tokens, call.origin or None


def _told(reply: Reply) -> str:
    first_token = json.dumps(dict(reply.first_token)) if reply.first_token else "{}"
    return f'[{encode_basestring_ascii(reply.text)},"{reply.stop.value}",{first_token}]'


def _reply(told: list[Any]) -> Reply:
    text, stop, first_token = told
    return Reply(text=text, stop=FinishReason(stop), first_token=first_token)

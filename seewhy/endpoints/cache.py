"""Keeps what came back before anyone uses it: one SQLite file, a row a call, never changed afterwards.

SQLite and not a file of lines: an interrupted write is undone by its journal, replies are found without an index in
memory, several processes may share the file, and it comes with Python. With write-ahead logging and
`synchronous=NORMAL` a killed process loses nothing that was kept; a power cut may lose the last moments, never more.
Each row has a checksum: what was changed on the disk is named, and never taken for what a model said.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import Any

from seewhy.endpoints.chat import Reply
from seewhy.endpoints.database import Database
from seewhy.records.types import FinishReason, Usage

ADD = (
    "INSERT OR IGNORE INTO calls "
    "(key, model, replies, declined, prompt_tokens, completion_tokens, dollars, origin, checksum) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
FIND = (
    "SELECT number, checksum, key, model, replies, declined, prompt_tokens, completion_tokens, dollars, origin "
    "FROM calls WHERE key = ? ORDER BY number"
)
PAID = "SELECT calls, prompt_tokens, completion_tokens, dollars FROM sums"
UNKNOWN = "SELECT COUNT(*), SUM(most_tokens), SUM(most_dollars) FROM open_calls"


class DamagedRowError(ValueError):
    """A kept reply is not what was written."""


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

    def is_enough(self, count: int) -> bool:
        """Whether nothing more need be asked for `count` replies."""
        return len(self.replies) >= count or bool(self.declined)


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
        """Raises ValueError where the file cannot be used."""
        self.database = Database(place)

    def find(self, key: str) -> Kept:
        """All that came for a key, in the order it came.

        Raises:
            DamagedRowError: a row is not what was written.
            OSError: the file cannot be read.
        """
        with self.database.reading() as base:
            rows = base.execute(FIND, (key,)).fetchall()
        if not rows:
            return NOTHING_KEPT
        for number, expected, *columns in rows:
            if expected is not None and checksum(columns) != expected:
                raise DamagedRowError(
                    f"a kept reply is damaged: row {number} of the table `calls` of {self.database.place} is not what "
                    f"was written. Delete it (DELETE FROM calls WHERE number = {number}) and run again: it alone is "
                    "asked anew"
                )
        replies = tuple(_reply(kept) for row in rows for kept in json.loads(row[4]))
        declined = next((row[5] for row in rows if row[5]), "")
        return Kept(replies=replies, model=rows[-1][3], declined=declined)

    def add(self, calls: Iterable[CallRow]) -> None:
        """Keep calls, all or none; when this returns they outlive the process.

        Raises:
            OSError: they could not be written (a full disk, a file that another process holds).
        """
        with self.database.writing():
            self.insert(calls)

    def insert(self, calls: Iterable[CallRow]) -> None:
        """The same within a transaction that is open."""
        self.database.base.executemany(ADD, [row_of(call) for call in calls])

    def unknown(self) -> Usage:
        """The most that calls cost which have not ended, or of which it is unknown whether they were charged."""
        with self.database.reading() as base:
            calls, tokens, dollars = base.execute(UNKNOWN).fetchone()
        return Usage(calls=calls, prompt_tokens=tokens or 0, dollars=float(dollars or 0.0))

    def paid(self) -> Usage:
        """What all calls in the file cost, those of earlier runs and of other processes included."""
        with self.database.reading() as base:
            calls, prompt, completion, dollars = base.execute(PAID).fetchone()
        return Usage(prompt_tokens=prompt, completion_tokens=completion, calls=calls, dollars=float(dollars))

    def forget(self) -> None:
        """Take away the replies that memory alone keeps; those of a file stay."""
        if not self.database.is_shared:
            with self.database.writing() as base:
                base.execute("DELETE FROM calls")

    def close(self) -> None:
        """Let the file go."""
        self.database.close()


def row_of(call: CallRow) -> tuple[object, ...]:
    """A call as the table holds it, its checksum last."""
    usage = call.usage
    replies = f"[{','.join([_columns(reply) for reply in call.replies])}]"
    tokens = usage.prompt_tokens, usage.completion_tokens, float(usage.dollars)
    row = (call.key, call.model, replies, call.declined, *tokens, call.origin or None)
    return *row, checksum(row)


def checksum(values: Iterable[object]) -> str:
    """Of all columns but the row's number and time."""
    return hashlib.blake2b(repr(tuple(values)).encode(), digest_size=12).hexdigest()


def _columns(reply: Reply) -> str:
    first_token = json.dumps(dict(reply.first_token)) if reply.first_token else "{}"
    tokens = [reply.token_ids, reply.logprobs, reply.prompt_ids]
    more = f",{json.dumps(tokens)}" if any(one is not None for one in tokens) else ""
    return f'[{encode_basestring_ascii(reply.text)},"{reply.stop.value}",{first_token}{more}]'


def _reply(kept: list[Any]) -> Reply:
    text, stop, first_token, *more = kept
    ids, logprobs, prompt = (None if one is None else tuple(one) for one in (more[0] if more else (None, None, None)))
    return Reply(text=text, stop=FinishReason(stop), first_token=first_token, token_ids=ids, logprobs=logprobs,
                 prompt_ids=prompt)  # fmt: skip

"""Results of an OpenAI batch, found by the `custom_id` of their request, whatever their order and their files.

Source: OpenAI, Batch API: a line of the output file or of the error file is `{custom_id, response {status_code, body},
error}`; a line that failed has an error, or a status other than 200.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from seewhy.formats.rows.example import Reply
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import RawRow, decoded_row
from seewhy.formats.rows.row import Row, shown
from seewhy.formats.talk.messages import answer

OK = 200
ENDS = {
    "length": "was cut at its limit of tokens: ask again with a higher one",
    "content_filter": "was withheld by the provider's filter: reword the request, or take it out",
    "tool_calls": "calls a tool: ask again without tools",
    "function_call": "calls a tool: ask again without tools",
}
"""Values of `finish_reason` of a choice that is no whole reply."""


class BatchReplies:
    """Replies by `custom_id`; lines wait in a temporary file, so that memory does not grow with them.

    Args:
        files: output files and error files of one or several batches.
        read: reads a file.
    """

    def __init__(self, files: Sequence[Path], read: Callable[[Path], Iterator[RawRow]]) -> None:
        self._files, self._read = tuple(files), read
        self._base: sqlite3.Connection | None = None
        self._left: list[RawRow] = []

    def find(self, row: Row, name: str) -> tuple[Reply, ...]:
        """The replies to a request: one a choice.

        Raises:
            RowError: no result answers it, all that do have failed, or two answer it in different words.
        """
        opened = self._opened()
        found = opened.execute("SELECT place, line FROM found WHERE id = ?", (name,)).fetchall()
        opened.execute("UPDATE found SET taken = 1 WHERE id = ?", (name,))
        good: dict[str, tuple[Reply, ...]] = {}
        said: list[str] = []
        for place, line in found:
            answered = Row(place=place, fields=decoded_row(line), pictures=row.pictures, longest=row.longest)
            try:
                good[place] = self._replies(answered, line)
            except RowError as fault:
                said.append(f"{place}: {fault}")
        if len({tuple(reply.text for reply in replies) for replies in good.values()}) > 1:
            raise RowError(Reason.TWICE, f"custom_id {name!r} is answered by {' and '.join(good)}, which say different "
                           "things; take all but one out")  # fmt: skip
        if good:
            first, *others = good
            lines = dict(found)
            words = f"custom_id {name!r} is answered by {first} too, in the same words; take one out"
            self._left += [RawRow(place=place, text=lines[place], fault=RowError(Reason.REPEATED, words))
                           for place in others]  # fmt: skip
            return good[first]
        files = " or ".join(map(str, self._files))
        why = "; ".join(said) or f"no line of {files} has this custom_id"
        raise RowError(Reason.UNANSWERED, f"request {name!r} has no reply ({why}); ask it again, or take it out")

    def rest(self) -> Iterator[RawRow]:
        """Lines that cannot be read or answer no request, and choices that are no whole reply beside others that are.

        Call once all requests were looked up.
        """
        opened = self._opened()
        yield from self._left
        for name, place, line in opened.execute("SELECT id, place, line FROM found WHERE NOT taken ORDER BY rowid"):
            yield RawRow(place=place, text=line, fault=RowError(
                Reason.MISSING, f"field 'custom_id': no request has {name!r}; name the file of its requests too, or "
                "take the line out"))  # fmt: skip

    def _opened(self) -> sqlite3.Connection:
        """The lines of all files, read at the first call."""
        if self._base is None:
            base = self._base = sqlite3.connect("", isolation_level=None)  # a temporary file, deleted when closed
            base.execute("CREATE TABLE found (id TEXT, place TEXT, line TEXT, taken INTEGER DEFAULT 0)")
            base.execute("BEGIN")
            for path in self._files:
                base.executemany("INSERT INTO found (id, place, line) VALUES (?, ?, ?)", self._lines(path))
            base.execute("CREATE INDEX by_id ON found (id)")
        return self._base

    def _lines(self, path: Path) -> Iterator[tuple[str, str, str]]:
        for raw in self._read(path):
            name = raw.fields.get("custom_id")
            if raw.fault is None and isinstance(name, str) and name:
                yield name, raw.place, raw.as_text()
                continue
            fault = raw.fault or RowError(Reason.TYPE, f"field 'custom_id' must be the text by which its request is "
                                          f"found, and is {shown(name)}; take the line out")  # fmt: skip
            self._left.append(replace(raw, fault=fault))

    def _replies(self, row: Row, line: str) -> tuple[Reply, ...]:
        body = _body(row)
        by = body.text_or("model")
        found: list[Reply] = []
        faults: list[RowError] = []
        for number, choice in enumerate(body.items("choices")):
            try:
                found.append(Reply(turns=answer(_text(body, choice, f"response.body.choices[{number}]")), by=by))
            except RowError as fault:
                faults.append(fault)
        if not found:
            raise faults[0] if faults else RowError(Reason.MISSING, "field 'response.body.choices' is empty")
        self._left += [RawRow(place=row.place, text=line, fault=fault) for fault in faults]
        return tuple(found)


def _body(row: Row) -> Row:
    """The answer of the server; RowError where there is an error in its place."""
    response = row.nested("response")
    body, status = response.fields.get("body"), response.fields.get("status_code", OK)
    inner = cast(dict[str, object], body).get("error") if isinstance(body, dict) else None
    error = row.fields.get("error") or inner
    if error or status != OK or not response.fields:
        said = cast(dict[str, object], error) if isinstance(error, dict) else {"message": error}
        words = ", ".join(str(said[name]) for name in ("code", "message") if said.get(name)) or "no response"
        raise RowError(Reason.UNANSWERED, f"it failed{'' if status == OK else f' with status {status}'}: "
                       f"{shown(words)[1:-1]}")  # fmt: skip
    return response.nested("body")


def _text(body: Row, choice: object, name: str) -> str:
    """The text of a choice."""
    fields = body.within({"choice": choice}).nested("choice")
    message, end = fields.nested("message"), fields.fields.get("finish_reason")
    if message.value("refusal") is not None:
        raise RowError(Reason.UNANSWERED, f"field '{name}.message.refusal': the model refused; reword the request, or "
                       "take it out")  # fmt: skip
    if isinstance(end, str) and end in ENDS:
        raise RowError(Reason.UNANSWERED, f"field '{name}.finish_reason' is {end!r}: the reply {ENDS[end]}")
    content = message.fields.get("content")
    if isinstance(content, list):
        parts = [part for part in cast(list[object], content) if isinstance(part, dict)]
        content = "".join(str(cast(dict[str, object], part).get("text", "")) for part in parts)
    if content is None:
        raise RowError(Reason.UNANSWERED, f"field '{name}.message.content' is missing: the model said nothing")
    return body.whole(content, f"{name}.message.content")

"""The rows of a JSON list, one element at a time: a broken one is found by its brackets, and the next ones are read."""

import codecs
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.packed import DAMAGE, open_bytes
from seewhy.formats.rows.raw import MAX_LINE, RawRow, as_object, not_json, once

CHUNK = 1 << 20
STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
BLANK = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder(object_pairs_hook=once)


class _Buffer:
    """Text of a file from a position on, read further as it is wanted."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # A byte that is no UTF-8 becomes half a character, which the check of its field finds.
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self.text = ""
        self.is_ended = False

    def more(self) -> bool:
        """Read on, as much as is there already; False at the end of the file."""
        if self.is_ended:
            return False
        found = self._file.read(max(CHUNK, len(self.text)))
        self.is_ended = not found
        self.text += self._decode(found.removeprefix(BOM_UTF8) if not self.text else found, self.is_ended)
        return True

    def drop(self, count: int) -> None:
        """Forget the first characters."""
        self.text = self.text[count:]


def read_list(path: Path) -> Iterator[RawRow]:
    """The elements of the list, numbered from 1."""
    number = 0
    try:
        with open_bytes(path) as file:
            for found in _elements(_Buffer(file), path):
                number += 1
                yield found
    except DAMAGE as error:
        yield RawRow(place=f"{path}:{number + 1}", fault=RowError(
            Reason.SYNTAX, f"the file is cut or damaged here ({error}); download it or write it again"))  # fmt: skip


def _elements(buffer: _Buffer, path: Path) -> Iterator[RawRow]:
    buffer.more()
    at = _next(buffer, 0) + 1  # behind the opening bracket
    number = 1
    while True:
        at = _next(buffer, at)
        place = f"{path}:{number}"
        if at >= len(buffer.text):
            yield _cut(place, buffer.text[:0])
            return
        if buffer.text[at] == "]" and number == 1:
            return
        row, end = _element(buffer, at, place)
        yield row
        if end is None:
            return
        at = _next(buffer, end)
        if buffer.text[at : at + 1] == "]":
            return
        if buffer.text[at : at + 1] != ",":
            yield RawRow(place=f"{path}:{number + 1}", fault=RowError(
                Reason.SYNTAX, f"the list is cut or broken after row {number}: a comma or the closing bracket is "
                "missing; the rest of the file is not read"), text=buffer.text[at : at + 1000])  # fmt: skip
            return
        at, number = at + 1, number + 1
        if at > CHUNK:
            buffer.drop(at)
            at = 0


def _next(buffer: _Buffer, at: int) -> int:
    """The place of the next character that is not blank."""
    while True:
        found = BLANK.match(buffer.text, at)
        at = found.end() if found else at
        if at < len(buffer.text) or not buffer.more():
            return at


def _element(buffer: _Buffer, at: int, place: str) -> tuple[RawRow, int | None]:
    """The element that begins at a place, and where it ends; None where its end is not found."""
    while True:
        try:
            found, end = DECODER.raw_decode(buffer.text, at)
        except (ValueError, RecursionError) as error:
            fault = error if isinstance(error, RowError) else not_json(error)
            end = _end_by_brackets(buffer.text, at)
            if end is not None:
                return RawRow(place=place, fault=fault, text=buffer.text[at:end]), end
            if len(buffer.text) - at > MAX_LINE or not buffer.more():
                return _cut(place, buffer.text[at : at + 1000]), None
            continue
        if end == len(buffer.text) and buffer.more():
            continue  # a number may go on
        try:
            return RawRow(place=place, fields=as_object(found), text=buffer.text[at:end]), end
        except RowError as fault:
            return RawRow(place=place, fault=fault, text=buffer.text[at:end]), end


def _end_by_brackets(text: str, at: int) -> int | None:
    """Where the brackets that open at a place are closed again; None where they are not in this text."""
    depth = 0
    for found in STRUCTURE.finditer(text, at):
        if found[0] in "{[":
            depth += 1
        elif found[0] in "}]":
            depth -= 1
            if depth <= 0:
                return found.end() if depth == 0 else None
    return None


def _cut(place: str, text: str) -> RawRow:
    return RawRow(place=place, text=text, fault=RowError(
        Reason.SYNTAX, "the file ends within the list: it was cut off; download it or write it again"))  # fmt: skip

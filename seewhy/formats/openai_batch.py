"""OpenAI's batch files: one chat request a line, with pictures as data URIs, and the results of a batch.

Source: OpenAI, Batch API; a file takes at most 50,000 requests and 200 MB.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.pictures.finding import as_data_uri
from seewhy.formats.rows.example import Example, Kind, Picture, Turn
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import FileKind, RawRow
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.batch_replies import BatchReplies
from seewhy.formats.talk.keys import DIGITS, prompt_key
from seewhy.formats.talk.marks import fill
from seewhy.formats.talk.messages import drafts_of

URL = "/v1/chat/completions"
MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIBatch(Format):
    """A request is a question: its `custom_id` is the question's id. Right answers are not sent.

    With the results of its batch a request is an SFT example, or a group of as many replies as were asked for.
    """

    model: str = ""
    """Name of the model that is asked."""
    replies: BatchReplies | None = field(default=None, compare=False)
    """Results of the requests that are read."""

    title: ClassVar[str] = "OpenAI batch"
    columns: ClassVar[str] = "custom_id, method, url, body {model, messages}; results: custom_id, response or error"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.QUESTION,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES, max_rows=MOST_REQUESTS, max_bytes=MOST_BYTES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return "custom_id" in fields and not fields.keys().isdisjoint(("body", "response", "error"))

    def parse(self, row: Row) -> Example:
        if row.text_or("url", URL) != URL:
            raise RowError(Reason.TYPE, f"field 'url' is {row.text_or('url')!r}, and requests to {URL} are read; "
                           "take the row out")  # fmt: skip
        body = row.nested("body")
        prompt, is_placed = fill(drafts_of(body, "body.messages", body.need("messages")), ())
        name = row.text("custom_id")
        asked = Example(kind=Kind.QUESTION, prompt=prompt, name=name, question=name, is_placed=is_placed)
        if self.replies is None:
            return asked
        replies = self.replies.find(row, name)
        kind = Kind.GROUP if len(replies) > 1 else Kind.LESSON
        return replace(asked, kind=kind, replies=replies, source=next(reply.by for reply in replies))

    def rest(self) -> Iterator[RawRow]:
        return iter(()) if self.replies is None else self.replies.rest()

    def remark(self, example: Example) -> str:
        return "right answers are left out: they are not sent" if example.answers else ""

    def unique(self, row: Mapping[str, object]) -> str:
        return str(row["custom_id"])

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        del shelf
        if not self.model:
            raise ValueError("an OpenAI batch names the model that is asked: give --model NAME")
        messages = [{"role": turn.role.value, "content": _content(turn)} for turn in example.prompt]
        name = example.question or example.name or prompt_key(example)[:DIGITS]
        return {
            "custom_id": name, "method": "POST", "url": URL, "body": {"model": self.model, "messages": messages},
        }  # fmt: skip


def _content(turn: Turn) -> object:
    if not turn.pictures:
        return turn.text
    return [_part(part) for part in turn.parts]


def _part(part: str | Picture) -> dict[str, object]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    return {"type": "image_url", "image_url": {"url": as_data_uri(part)}}

"""ms-swift's messages: preferences by `rejected_response`, `rejected_images` or `rejected_messages`; SFT; questions.

Source: ms-swift, `docs/source_en/Customization/Custom-dataset.md` and `template_inputs.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Picture, Reply, Turn
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, Draft, emptied, fill, marked_text
from seewhy.formats.talk.messages import answer, as_marked, drafts_of, split_reply
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import one_answer
from seewhy.records.turns import Role

Turns = tuple[Turn, ...]
SIDES = ("rejected_response", "rejected_images", "rejected_messages")
UNREAD = ("videos", "audios", "tools", "objects", "label", "teacher_images", "rejected_videos", "rejected_audios")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swift(Format):
    """Written as JSON Lines; a question's right answer is its `solution`."""

    title: ClassVar[str] = "ms-swift messages"
    columns: ClassVar[str] = "messages ({role, content}), images, rejected_response, rejected_images, rejected_messages"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR, Kind.LESSON, Kind.QUESTION)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return isinstance(fields.get("messages"), list) and not {"chosen", "rejected", "data_source"} & fields.keys()

    def parse(self, row: Row) -> Example:
        row.refuse(UNREAD, "videos, sounds, tools, boxes, labels and teachers' pictures")
        if "rejected" in row.fields:
            raise RowError(Reason.MISSING, "field 'rejected' is none of ms-swift's; call it 'rejected_response'")
        pictures = row.looks("images", "image")
        turns, is_placed = fill(drafts_of(row, "messages", row.need("messages"), mark=MARK), pictures)
        if not any(name in row.fields and row.fields[name] is not None for name in SIDES):
            return with_note(_single(row, turns, is_placed), row)
        prompt, chosen = split_reply(turns, "messages")
        other, rejected, was_placed = _rejected(row, prompt, chosen)
        example = Example(
            kind=Kind.PAIR, prompt=prompt, rejected_prompt=other if other != prompt else None,
            replies=(Reply(turns=chosen), Reply(turns=rejected)), margin=row.number_or("margin"),
            is_placed=is_placed or was_placed,
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        first = example.replies[0].turns if example.replies else ()
        turns = (*example.prompt, *first)
        said: dict[str, object] = {
            "messages": as_marked(turns, _text),
            "images": [shelf.path(picture) for turn in turns for picture in turn.pictures],
        }
        if example.kind is Kind.QUESTION:
            solution = one_answer(example, "ms-swift's solution", may_lack=True)
            return {**said, **({"solution": solution} if solution else {}), **note_of(example, "answers")}
        if example.kind is Kind.LESSON:
            return {**said, **note_of(example)}
        margin = {} if example.margin is None else {"margin": example.margin}
        return {**said, **_rejected_fields(example, shelf), **margin, **note_of(example, "margin")}


def _single(row: Row, turns: Turns, is_placed: bool) -> Example:
    if turns and turns[-1].role is Role.USER:
        return Example(kind=Kind.QUESTION, prompt=turns, answers=row.texts("solution"), is_placed=is_placed)
    prompt, reply = split_reply(turns, "messages")
    return Example(kind=Kind.LESSON, prompt=prompt, replies=(Reply(turns=reply),), is_placed=is_placed)


def _rejected(row: Row, prompt: Turns, chosen: Turns) -> tuple[Turns, Turns, bool]:
    """Prompt and reply of the rejected side; its pictures are those of the chosen one, unless it has its own."""
    has_own = row.fields.get("rejected_images") is not None
    if row.value("rejected_messages") is not None:
        if row.value("rejected_response") is not None:
            raise RowError(Reason.TYPE, "fields 'rejected_messages' and 'rejected_response' are both there; keep one")
        if not has_own:
            raise RowError(Reason.MISSING, "field 'rejected_messages' needs 'rejected_images' beside it, [] for none")
        drafts = drafts_of(row, "rejected_messages", row.need("rejected_messages"), mark=MARK)
        whole, is_placed = fill(drafts, row.looks("rejected_images"))
        return *split_reply(whole, "rejected_messages"), is_placed
    given = "rejected_response" in row.fields and row.fields["rejected_response"] is not None
    reply = _response(row) if given else chosen
    if not has_own:
        return prompt, reply, False
    drafts = [Draft(role=turn.role, parts=emptied(turn)) for turn in prompt]
    whole, is_placed = fill(drafts, row.looks("rejected_images"))
    return whole, reply, is_placed


def _response(row: Row) -> Turns:
    found = row.need("rejected_response")
    if isinstance(found, str):
        if MARK in found:
            raise RowError(Reason.MARKS, f"field 'rejected_response' holds {MARK}, and it shows no picture; give the "
                           "talk as 'rejected_messages' with 'rejected_images', or take the mark out")  # fmt: skip
        return answer(row.whole(found, "rejected_response"))
    turns, _ = fill(drafts_of(row, "rejected_response", found), ())
    return turns


def _rejected_fields(example: Example, shelf: Shelf) -> dict[str, object]:
    chosen, rejected = example.replies
    if example.rejected_prompt is None and not any(turn.pictures for turn in rejected.turns):
        return _response_field(rejected)
    other = example.rejected_prompt or example.prompt
    paths = [shelf.path(picture) for turn in (*other, *rejected.turns) for picture in turn.pictures]
    if [_shape(turn) for turn in other] == [_shape(turn) for turn in example.prompt] and not any(
        turn.pictures for reply in (chosen, rejected) for turn in reply.turns
    ):
        same = rejected.turns == chosen.turns
        return {**({} if same else _response_field(rejected)), "rejected_images": paths}
    return {"rejected_messages": as_marked((*other, *rejected.turns), _text), "rejected_images": paths}


def _response_field(reply: Reply) -> dict[str, object]:
    if len(reply.turns) == 1:
        return {"rejected_response": _text(reply.turns[0])}
    return {"rejected_response": as_marked(reply.turns, _text)}


def _shape(turn: Turn) -> tuple[Role, tuple[str | bool, ...]]:
    """A turn with its pictures' places and without the pictures."""
    return turn.role, tuple(True if isinstance(part, Picture) else part for part in turn.parts)


def _text(turn: Turn) -> str:
    return marked_text(turn, "ms-swift")

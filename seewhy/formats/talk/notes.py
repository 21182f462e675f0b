"""What a row says beyond the fields of its format, under one key that other tools leave alone."""

from dataclasses import replace

from seewhy.formats.rows.example import Example, Reply
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.row import NOTE, Row


def note_of(example: Example, *held: str) -> dict[str, object]:
    """The note, for a row that lacks what is not `held`; empty where there is nothing to say."""
    said: dict[str, object] = {
        "name": example.name,
        "question": example.question,
        "style": example.style,
        "source": example.source,
        "margin": example.margin,
        "stream": example.stream,
        "weight": example.weight if example.weight != 1.0 else None,
        "answers": list(example.answers),
        "facets": dict(example.facets),
    }
    if any(reply.score is not None for reply in example.replies):
        said["scores"] = [reply.score for reply in example.replies]
    if any(reply.by for reply in example.replies):
        said["by"] = [reply.by for reply in example.replies]
    kept = {name: value for name, value in said.items() if name not in held and value not in ("", None, [], {})}
    return {NOTE: kept} if kept else {}


def with_note(example: Example, row: Row) -> Example:
    """An example with what the row's note says of it; what the format's own fields say stands."""
    note = row.note()
    if not note.fields:
        return example
    return replace(
        example,
        name=example.name or note.text_or("name"),
        question=example.question or note.text_or("question"),
        style=example.style or note.text_or("style"),
        source=example.source or note.text_or("source"),
        margin=note.number_or("margin") if example.margin is None else example.margin,
        stream=example.stream or note.text_or("stream"),
        weight=_weight(note, example.weight),
        answers=example.answers or note.texts("answers"),
        replies=_replies(example.replies, note),
        facets=dict(example.facets)
        or {name: note.nested("facets").text_or(name) for name in note.nested("facets").fields},
    )


def _weight(note: Row, default: float) -> float:
    found = note.number_or("weight")
    if found is not None and found <= 0:
        raise RowError(Reason.NUMBER, f"field '{NOTE}.weight' is {found:g}: give a number above 0, or take it out")
    return default if found is None else found


def _replies(replies: tuple[Reply, ...], note: Row) -> tuple[Reply, ...]:
    scores, names = note.items("scores"), note.items("by")
    found: list[Reply] = []
    for number, reply in enumerate(replies):
        score = scores[number] if number < len(scores) else None
        by = names[number] if number < len(names) else ""
        found.append(replace(
            reply, score=reply.score if score is None else note.finite(score, "scores"), by=reply.by or str(by or ""),
        ))  # fmt: skip
    return tuple(found)

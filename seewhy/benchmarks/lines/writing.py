"""A question as one line of a questions file, as `fields.py` reads it back."""

import json
from pathlib import Path

from seewhy.records.conversation import is_conversation, last_images, with_marks
from seewhy.records.turns import Role, Turn
from seewhy.records.types import MatchRule, Question


def line_of(question: Question, folder: Path) -> str:
    """The line, with its end; pictures under `folder` are named relative to it, all others by their whole path.

    Without a gold answer the rule is `open`, for nothing can be compared.
    """
    answers = list(question.gold.answers)
    fields: dict[str, object] = {
        "id": question.id,
        "split": question.split.value,
        **_asked(question),
        "context": question.context,
        "options": list(question.options),
        "images": [_name(Path(image.path), folder) for image in question.images],
        "answers": answers,
        "rule": (question.gold.rule if answers else MatchRule.OPEN).value,
        "rationale": question.rationale,
        "facets": dict(question.facets),
    }
    return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False) + "\n"


def _asked(question: Question) -> dict[str, object]:
    """The words: a conversation where there are earlier turns or pictures between words."""
    if not is_conversation(question):
        return {"question": question.text}
    before = len(last_images(question))
    turns = (*question.turns, Turn(role=Role.USER, text=question.text, places=question.places or (0,) * before))
    messages = [{"role": turn.role.value, "content": with_marks(turn.text, turn.places)} for turn in turns]
    return {"messages": messages}


def _name(path: Path, folder: Path) -> str:
    whole, base = path.resolve(), folder.resolve()
    return (whole.relative_to(base) if whole.is_relative_to(base) else whole).as_posix()

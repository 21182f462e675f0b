"""Forms that a person sends: a mark on a chain, an order of chains, a verdict on what a rule has drawn."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from seewhy.records.types import Chain, FinishReason, Style
from seewhy.view.annotations import Seen, annotate, rank
from seewhy.view.contexts import Looks
from seewhy.view.shelf import DRAWN, PREFERRED, Unit
from seewhy.view.tables import Row
from seewhy.view.words import answer_of

Form = Mapping[str, Sequence[str]]
PLACES = {"left": (1, 2), "right": (2, 1), "tie": (1, 1)}


def said(form: Form, name: str) -> str:
    """The text of a field of a form; empty where it is not there."""
    return form.get(name, [""])[0]


def keep_form(looks: Looks, ref: str, form: Form) -> str:
    """Keep what a form says, and tell where to go on: a path below the run's.

    Raises:
        LookupError: there are no such chains.
        ValueError: a field cannot be meant.
    """
    unit, who = looks.unit(ref, "chains"), said(form, "who") or "me"
    question, style = said(form, "question"), Style(said(form, "style"))
    kind, root = said(form, "form") or "mark", looks.shelf.root
    if kind == "mark":
        index = int(said(form, "index"))
        annotate(root, ref, _seen(looks, unit, question, style, [index]), said(form, "verdict"), who)
        return _question(form, ref, f"#chain-{index}")
    if kind == "rank":
        shown = [int(one) for one in form.get("shown", [])]
        places = {one: int(place) for one in shown if (place := said(form, f"place-{one}"))}
        rank(root, ref, _seen(looks, unit, question, style, shown), places, who)
        return _question(form, ref, "")
    drawn = {name: said(form, name) for name in ("kind", "n", "seed", "gold") if said(form, name)}
    rule = f"drawn by seed {int(said(form, 'seed') or 0)}{', gold shown' if said(form, 'gold') else ''}"
    if kind == "drawn":
        seen = _seen(looks, unit, question, style, [int(said(form, "index"))])
        annotate(root, ref, seen, said(form, "verdict"), who, kind=DRAWN, why=rule)
    elif kind == "pair" and said(form, "verdict") in PLACES:
        shown = [int(said(form, "left")), int(said(form, "right"))]
        places = dict(zip(shown, PLACES[said(form, "verdict")], strict=True))
        rank(root, ref, _seen(looks, unit, question, style, shown), places, who, kind=PREFERRED, why=f"{rule}, ")
    else:
        raise ValueError(f"form {kind!r} with verdict {said(form, 'verdict')!r} is not known")
    return f"sample/{quote(ref)}?{urlencode(drawn)}"


def _question(form: Form, ref: str, anchor: str) -> str:
    back = {"id": said(form, "question"), "chains": ref, "page": said(form, "page") or "0"}
    return f"question/{quote(said(form, 'questions'))}?{urlencode(back)}{anchor}"


def _seen(looks: Looks, unit: Unit, question: str, style: Style, indexes: Sequence[int]) -> Seen:
    """The chains that a form is about, as they are on disk."""
    rows = {int(row["index"]): row for row in looks.tables.chains(unit, question, style.value, indexes)}
    if missing := [index for index in indexes if index not in rows]:
        raise LookupError(f"chain {missing[0]} of question {question!r} in {unit.ref}")
    asked = looks.question_of(looks.shelf.origin(unit.ref, "questions"), question)
    return Seen(
        question, style, {index: _chain(rows[index]) for index in indexes},
        {index: answer_of(str(rows[index]["text"]), rows[index], asked) for index in indexes},
    )  # fmt: skip


def _chain(row: Row) -> Chain:
    fields: dict[str, Any] = {**row, "style": Style(row["style"]), "stop": FinishReason(row["stop"])}
    for name in ("token_ids", "logprobs"):
        fields[name] = tuple(row[name]) if row[name] is not None else None
    return Chain(**fields)

"""Read what a model replied to a judge, strictly: what was asked for or a named failure, and never a guess."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from seewhy.endpoints.chat import Reply, ResponseFormat
from seewhy.judging.asking.schema import fault_of
from seewhy.records.cells import mend_halves
from seewhy.records.thinking import without_leading_thought
from seewhy.records.types import FinishReason

LONGEST_REPLY = 100_000
"""Characters; a judge's reply is a few hundred."""
MOST_BRACES = 50
"""Opening braces in prose that are tried as the beginning of an object."""

FENCE = re.compile(r"```(?:json|JSON)?[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
ESCAPE = re.compile(
    r"\\(?P<kept>[\\\"/])"
    r"|\\(?=[fb][A-Za-z]|(?:n(?:abla|eq?|eg|geq|leq|mid|ot|otin|u)|r(?:angle|brace|ceil|floor|ho|ight|ightarrow|m)"
    r"|t(?:an|anh|au|ext|extbf|extit|extrm|frac|herefore|heta|ilde|imes|o|op|riangle))(?![A-Za-z])"
    r"|u(?![0-9a-fA-F]{4})|[^bfnrtu])"
)
"""A backslash of LaTeX and not of JSON; no comment of a judge holds a form feed or a backspace."""
APOSTROPHE = re.compile(r"(?<!\\)\\'(?!\{)")
"""An apostrophe that was escaped as in Python; LaTeX's accent has a brace behind it."""
OBJECT_START = re.compile(r"\{\s*(?:\"|\}|\Z)")
ANSWER_IS = re.compile(r"\W{0,4}(?:(?:the|my|so|final)\W{1,3}){0,3}answer\W{0,3}(?:is\b|:)", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+")


class Failure(StrEnum):
    """Why a reply cannot be read."""

    EMPTY = "the reply is empty"
    CUT_OFF = "the reply was cut off by the token limit"
    TOO_LONG = "the reply is too long to be an answer to a judge"
    NO_OBJECT = "the reply holds no JSON object"
    BROKEN = "the reply holds broken JSON"
    SEVERAL = "the reply holds several JSON objects"
    WRONG_FORM = "the reply has not the form that was asked for"
    WRONG_ID = "the reply is about something else"
    WRONG_COUNT = "the reply does not speak of each part once"
    NO_BLOCK = "the reply does not hold the one block that was asked for"
    NO_WORD = "the reply says neither yes nor no"


@dataclass(frozen=True, slots=True)
class Unread:
    """A reply that could not be read, and why.

    Example:
        >>> Unread(Failure.WRONG_FORM, "score: 7 is not among 1, 2, 3").why
        'the reply has not the form that was asked for (score: 7 is not among 1, 2, 3)'
    """

    failure: Failure
    detail: str = ""

    @property
    def why(self) -> str:
        """The failure in words, with its detail."""
        return f"{self.failure} ({self.detail})" if self.detail else str(self.failure)


Fields = Mapping[str, object]


def read_object(reply: Reply, form: ResponseFormat, subject: str = "") -> Fields | Unread:
    """The JSON object of a reply, which has exactly the form and whose `id`, if a subject is given, is the subject.

    The object is the whole reply or in its only code fence; in prose it must be the only one. A thought
    before it is no part of it. Backslashes of LaTeX and bare line breaks in its texts are taken as they are.

    Example:
        >>> schema = '{"type": "object", "properties": {"score": {"enum": [1, 2, 3]}}}'
        >>> form = ResponseFormat(name="score", schema=schema)
        >>> read_object(Reply(text='So: {"score": 2}'), form)
        {'score': 2}
        >>> read_object(Reply(text='{"score": 2} or {"score": 3}'), form).why
        'the reply holds several JSON objects'
    """
    text = _spoken(reply)
    if isinstance(text, Unread):
        return text
    held = _only_object(text)
    if isinstance(held, Unread):
        return held
    found = cast(Fields, mend_halves(held))
    if fault := fault_of(found, json.loads(form.schema)):
        return Unread(Failure.WRONG_FORM, fault)
    if subject and found.get("id") != subject:
        return Unread(Failure.WRONG_ID, f"its id is {str(found.get('id'))[:40]!r} and not {subject!r}")
    return found


def read_block(reply: Reply, tag: str, subject: str) -> str | Unread:
    r"""The content of the reply's only `<tag id="subject">...</tag>`: words that JSON would break, such as LaTeX.

    Example:
        >>> read_block(Reply(text='<r id="3f">\\frac{1}{2}</r>'), "r", "3f")
        '\\frac{1}{2}'
    """
    text = _spoken(reply)
    if isinstance(text, Unread):
        return text
    opened = re.findall(rf'<{tag} id="([^"<>]*)">', text)
    if len(opened) != 1 or text.count(f"</{tag}>") != 1:
        return Unread(Failure.NO_BLOCK, f"<{tag} id=...> and </{tag}>, each once")
    if opened[0] != subject:
        return Unread(Failure.WRONG_ID, f"its id is {opened[0][:40]!r} and not {subject!r}")
    _, _, rest = text.partition(f'<{tag} id="{subject}">')
    inner, closing, _ = rest.partition(f"</{tag}>")
    if not closing:
        return Unread(Failure.NO_BLOCK, f"</{tag}> comes before <{tag} id=...>")
    return inner.strip() or Unread(Failure.EMPTY, f"<{tag}> is empty")


def read_yes_no(reply: Reply) -> bool | Unread:
    """Whether a reply says yes: its first word is yes or no, perhaps behind "The answer is", without the other word.

    Example:
        >>> read_yes_no(Reply(text="No, it is red.")), read_yes_no(Reply(text="Notice that it is red.")).why
        (False, 'the reply says neither yes nor no')
    """
    text = _spoken(reply, may_be_cut=True)
    if isinstance(text, Unread):
        return text
    words = [word.casefold() for word in WORD.findall(ANSWER_IS.sub("", text, count=1))]
    said = {"yes", "no"} & set(words)
    if not words or words[0] not in said:
        return Unread(Failure.NO_WORD)
    if len(said) > 1:
        return Unread(Failure.NO_WORD, "it says both")
    return words[0] == "yes"


def _spoken(reply: Reply, *, may_be_cut: bool = False) -> str | Unread:
    """The words of a reply that count; where one word is enough, the reply may have been cut off behind it."""
    text = without_leading_thought(reply.text).strip()
    if len(text) > LONGEST_REPLY:
        return Unread(Failure.TOO_LONG)
    if reply.stop is FinishReason.LENGTH and not (may_be_cut and text):
        return Unread(Failure.CUT_OFF)
    return text or Unread(Failure.EMPTY)


def _only_object(text: str) -> dict[str, object] | Unread:
    text = APOSTROPHE.sub("'", text)
    text = ESCAPE.sub(lambda found: found[0] if found["kept"] else r"\\", text)
    fences = FENCE.findall(text)
    whole = fences[0].strip() if len(fences) == 1 else text
    if whole.startswith("{"):
        found = _decode(whole)
        if found is not None and not whole[found[1] :].strip():
            return found[0]
    alone = _only_object_in_prose(text)
    if isinstance(alone, Unread) and fences:
        is_one = len(fences) == 1
        return Unread(Failure.BROKEN, "in its code fence") if is_one else Unread(Failure.SEVERAL, "code fences")
    return alone


def _only_object_in_prose(text: str) -> dict[str, object] | Unread:
    objects: list[dict[str, object]] = []
    at, tries = text.find("{"), 0
    while at >= 0:
        tries += 1
        if tries > MOST_BRACES:
            return Unread(Failure.BROKEN, "too many braces")
        if found := _decode(text[at:]):
            objects.append(found[0])
            at = text.find("{", at + found[1])
        elif OBJECT_START.match(text, at):
            return Unread(Failure.BROKEN, f"at character {at}")
        else:
            at = text.find("{", at + 1)
    if not objects:
        return Unread(Failure.NO_OBJECT)
    return objects[0] if len(objects) == 1 else Unread(Failure.SEVERAL)


def _decode(text: str) -> tuple[dict[str, object], int] | None:
    """The object that a text begins with, and where it ends; None where it is no JSON, or names a key twice."""
    try:
        found, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return (found, end) if isinstance(found, dict) else None


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=_refuse, strict=False)

"""A chat completion's body as the served oracle understands it; what it does not understand is refused by name."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

DATA_URL = "data:image/"


class UnfitError(ValueError):
    """A request that the server refuses with 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message: who speaks, all its text, and the bytes of its pictures."""

    role: str
    text: str
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one call asks for."""

    model: str
    turns: tuple[Turn, ...]
    count: int
    max_tokens: int | None
    seed: int
    schema: str
    """Of the reply, as JSON text; empty where none was given."""
    top_logprobs: int | None
    """None where no log-probabilities are asked for."""
    streams: bool
    """The answer comes in pieces."""
    digest: str
    """Hash of the body: the same for the same request, however its JSON is written."""

    @property
    def text(self) -> str:
        """The text of all turns."""
        return "\n".join(turn.text for turn in self.turns)

    @property
    def pictures(self) -> tuple[bytes, ...]:
        """The pictures of all turns, in order."""
        return tuple(picture for turn in self.turns for picture in turn.pictures)


def read_body(payload: bytes) -> Asked:
    """The request in a body; UnfitError names what is wrong with it."""
    return read_request(read_object(payload))


def read_object(payload: bytes) -> Mapping[str, object]:
    """The JSON object that a body is; UnfitError where it is none."""
    try:
        found = json.loads(payload)
    except ValueError as error:
        raise UnfitError(f"the body is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise UnfitError("the body is not a JSON object")
    return found


def read_request(found: Mapping[str, object]) -> Asked:
    """The request in a JSON object; UnfitError names what is wrong with it."""
    turns = found.get("messages")
    if not isinstance(turns, list) or not turns:
        raise UnfitError("messages: a list of one message or more is required")
    limit = found.get("max_completion_tokens", found.get("max_tokens"))
    return Asked(
        model=_text(found, "model"),
        turns=tuple(_turn(turn, f"messages.{place}") for place, turn in enumerate(turns)),
        count=_number(found, "n") or 1,
        max_tokens=limit if isinstance(limit, int) else None,
        seed=_number(found, "seed") or 0,
        schema=_schema(found.get("response_format")),
        top_logprobs=(_number(found, "top_logprobs") or 0) if found.get("logprobs") is True else None,
        streams=found.get("stream") is True,
        digest=sha256(json.dumps(found, sort_keys=True).encode()).hexdigest(),
    )


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise UnfitError(f"{name}: a text is required")
    return value


def _number(found: Mapping[str, object], name: str) -> int | None:
    value = found.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise UnfitError(f"{name}: a whole number, 0 or above, is required, and not {value!r}")
    return value


def _turn(turn: object, place: str) -> Turn:
    match turn:
        case {"role": str(role), "content": str(text)}:
            return Turn(role=role, text=text)
        case {"role": str(role), "content": list(parts)}:
            read = [_part(part, f"{place}.content.{number}") for number, part in enumerate(parts)]
            texts = [part for part in read if isinstance(part, str)]
            return Turn(role=role, text="\n".join(texts), pictures=tuple(p for p in read if isinstance(p, bytes)))
        case _:
            raise UnfitError(f"{place}: a role and a content are required")


def _part(part: object, place: str) -> str | bytes:
    match part:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return _picture(url, place)
        case _:
            raise UnfitError(f"{place}: a text or an image_url is required")


def _picture(url: str, place: str) -> bytes:
    head, mark, content = url.partition(";base64,")
    if not head.startswith(DATA_URL) or not mark:
        raise UnfitError(f"{place}: pictures come as data URLs in base64; this server fetches nothing")
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise UnfitError(f"{place}: the picture is no base64 ({error})") from error


def _schema(form: object) -> str:
    match form:
        case None | {"type": "text"}:
            return ""
        case {"type": "json_object"}:
            return '{"type": "object"}'
        case {"type": "json_schema", "json_schema": {"name": str(), "schema": dict(schema)}}:
            return json.dumps(schema)
        case _:
            raise UnfitError("response_format: text, json_object, or json_schema with a name and a schema is required")

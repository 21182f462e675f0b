"""Texts of a server's answer, as they can be kept: whole characters, and only the start of what is strange."""

import re

SHOWN = 200
"""Characters of a strange answer that an error shows."""
HALF = re.compile("[\ud800-\udfff]")


def plain_text(value: object) -> str:
    r"""A text in which half characters are U+FFFD; empty where the value is no text.

    JSON may hold one half of a surrogate pair, as servers write it that cut text in UTF-16. UTF-8 cannot.

    Example:
        >>> plain_text("All right \ud83d") == "All right \ufffd", plain_text(7)
        (True, '')
    """
    return HALF.sub("\ufffd", value) if isinstance(value, str) else ""


def text_of(content: object) -> str:
    """The text of a message: its content, or the text parts of a list; empty where there is none."""
    if isinstance(content, list):
        return "".join(plain_text(part.get("text")) for part in content if isinstance(part, dict))
    return plain_text(content)


def start_of(body: bytes) -> str:
    """The beginning of an answer that could not be used."""
    text = " ".join(body[: 2 * SHOWN].decode("utf-8", errors="replace").split())
    return repr(text[:SHOWN]) if text else "nothing"

"""Keys are in the environment and nowhere else: they are read here, and struck out of whatever is written."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache

SHORTEST = 8
"""Characters. A shorter value is no key, and would be struck out of ordinary words."""
STRUCK = "[key]"
ESCAPED = re.compile(rb"\\+u00([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})|&#0*([0-9]{2,3});|&#[xX]0*([0-9a-fA-F]{2});")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redactor:
    r"""Strikes keys out of text, also where their characters are escaped as in JSON, an address or a web page.

    Example:
        >>> Redactor(secrets=("sk-0123456789",)).clean("Incorrect key sk-0123456789, or \\u0073k\\u002d0123456789.")
        'Incorrect key [key], or [key].'
    """

    secrets: tuple[str, ...]

    def clean(self, text: str) -> str:
        """The text without any key."""
        for secret in self.secrets:
            if holds(text.encode("utf-8", "surrogatepass"), secret):
                text = spellings(secret).sub(STRUCK, text)
        return text

    def clean_bytes(self, body: bytes) -> bytes:
        """The bytes without any key."""
        for secret in self.secrets:
            if holds(body, secret):
                body = byte_spellings(secret).sub(STRUCK.encode(), body)
        return body


def holds(body: bytes, secret: str) -> bool:
    """Whether a key is in it, perhaps in another spelling: quick, for it is asked of every answer."""
    if any(mark in body for mark in (b"\\u00", b"%", b"&#")):
        body = ESCAPED.sub(_unescaped, body)
    return secret.replace("\\", "").encode() in body.replace(b"\\", b"")


def _unescaped(found: re.Match[bytes]) -> bytes:
    coded, percent, decimal, hexadecimal = found.groups()
    number = int(decimal) if decimal else int(coded or percent or hexadecimal, 16)
    return bytes([number]) if number < 128 else found.group()


@lru_cache(maxsize=32)
def spellings(secret: str) -> re.Pattern[str]:
    """Finds a key however its characters are escaped; escapes may be within escapes, as in JSON within JSON."""
    return re.compile("".join(map(_spellings_of, secret)))


@lru_cache(maxsize=32)
def byte_spellings(secret: str) -> re.Pattern[bytes]:
    """The same in bytes."""
    return re.compile(spellings(secret).pattern.encode())


def _spellings_of(character: str) -> str:
    number = ord(character)
    coded = f"\\\\+u(?i:{number:04x})|%(?i:{number:02x})|&#0*{number};|&#[xX]0*(?i:{number:x});"
    return f"(?:{re.escape(character)}|\\\\+{re.escape(character)}|{coded})"


def read_key(variable: str) -> str:
    """The key in an environment variable; empty where no variable is named.

    Raises:
        ValueError: the variable is named and holds nothing.
    """
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ValueError(
            f"the environment variable {variable} holds no key; set it (export {variable}=...), or leave "
            "key_variable empty where the server wants none"
        )
    return key


def redactor_for(*secrets: str) -> Redactor:
    """Strikes out those that are long enough to be keys."""
    return Redactor(secrets=tuple(secret for secret in secrets if len(secret) >= SHORTEST))

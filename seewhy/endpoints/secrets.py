"""Keys stand in the environment and nowhere else: they are read here, and struck out of whatever is written."""

import os
from dataclasses import dataclass

SHORTEST = 8
"""Characters. A shorter value is no key, and would be struck out of ordinary words."""
STRUCK = "[key]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redactor:
    """Strikes keys out of text.

    Example:
        >>> Redactor(secrets=("sk-0123456789",)).clean("Incorrect key sk-0123456789.")
        'Incorrect key [key].'
    """

    secrets: tuple[str, ...]

    def clean(self, text: str) -> str:
        """The text without any key."""
        for secret in self.secrets:
            text = text.replace(secret, STRUCK)
        return text

    def clean_bytes(self, body: bytes) -> bytes:
        """The bytes without any key."""
        for secret in self.secrets:
            body = body.replace(secret.encode(), STRUCK.encode())
        return body


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

"""JSON objects that lie in a file of their own, such as a model's settings."""

import json
from pathlib import Path
from typing import cast


def read_object(path: Path, remedy: str = "copy it again") -> dict[str, object]:
    """The JSON object that a file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds none; the message names the file and ends in `remedy`.
    """
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON, or was cut ({error}); {remedy}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no JSON object; {remedy}")
    return cast(dict[str, object], found)

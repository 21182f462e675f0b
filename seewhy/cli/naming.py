"""Options in the messages of rooms that name fields."""

import re
from collections.abc import Generator
from contextlib import contextmanager

FIELD = re.compile(r"`([a-z][\w-]*(?:\.[\w-]+)*)`")
"""A field in a message, as the rooms below this one name it."""


@contextmanager
def naming_options() -> Generator[None]:
    """While the context lasts, errors name options where they name fields.

    Example:
        >>> with naming_options():
        ...     raise ValueError("name the file as `questions`, or see `judge.key_variable`")
        Traceback (most recent call last):
        ValueError: name the file as --questions, or see --judge.key-variable
    """
    try:
        yield
    except ValueError as error:
        raise ValueError(as_options(str(error))) from error


def as_options(text: str) -> str:
    """A text in which fields between backticks are options.

    Example:
        >>> as_options("lower `sample.max_tokens`")
        'lower --sample.max-tokens'
    """
    return FIELD.sub(lambda found: f"--{found[1].replace('_', '-')}", text)

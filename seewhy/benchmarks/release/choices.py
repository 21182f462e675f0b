"""Options of a multiple-choice row, and the letter of the right one."""

import re
import string

from seewhy.benchmarks.release.rows import Row

LETTERS = string.ascii_uppercase
LINE = re.compile(r"^\s*\(?([A-Z])\s*[.:)]\s*(.*?)\s*$", re.MULTILINE)
"""A line such as `A. a cat`, `B: 30°` or `(C) none`."""


def options_of(row: Row, *names: str) -> tuple[str, ...]:
    """The options of a question that must have some.

    Raises:
        ValueError: it has none.
    """
    options = perhaps_options_of(row, *names)
    if not options:
        raise ValueError(f"field {(*names, 'A')[0]!r} is missing or empty; a multiple-choice question has options")
    return options


def perhaps_options_of(row: Row, *names: str) -> tuple[str, ...]:
    """The list under one of `names`; or, in a table, the columns A, B, C... as far as they are filled; or none."""
    if any(row.has(name) for name in names):
        return row.words(*names)
    last = max((number for number, letter in enumerate(LETTERS) if row.has(letter)), default=-1)
    return tuple(row.word(letter) for letter in LETTERS[: last + 1])


def letter_at(row: Row, name: str, options: tuple[str, ...]) -> str:
    """The letter of the option whose number, from 0, the field holds."""
    number = row.integer(name)
    if not 0 <= number < len(options):
        raise ValueError(f"field {name!r} is {number}, and the {len(options)} options are counted from 0")
    return LETTERS[number]


def letter_in(row: Row, name: str, options: tuple[str, ...]) -> str:
    """The letter that the field holds, perhaps in brackets or in lower case."""
    said = row.word(name).strip("(). ").upper()
    if len(said) != 1 or said not in LETTERS[: len(options)]:
        raise ValueError(f"field {name!r} is {row.word(name)!r}, and there are {len(options)} options")
    return said


def letters_of_text(row: Row, name: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """The letter of the option whose text the field holds; each of them, where two read the same."""
    said = row.word(name)
    found = tuple(letter for letter, option in zip(LETTERS, options, strict=False) if option == said)
    if not found:
        raise ValueError(f"field {name!r} is {said!r}, and the options are {', '.join(options)}")
    return found


def split_lines(text: str) -> tuple[str, tuple[str, ...]]:
    r"""A question and the options under it, one a line from A on; no options where there are none.

    Example:
        >>> split_lines("What is it?\nA. a cat\nB. a dog\nAnswer with the option's letter.")
        ('What is it?', ('a cat', 'a dog'))
    """
    found = list(LINE.finditer(text))
    starts = [place for place, line in enumerate(found) if line[1] == "A"]
    if not starts:
        return text.strip(), ()
    lines = found[starts[-1] :]
    options = [line[2] for letter, line in zip(LETTERS, lines, strict=False) if line[1] == letter]
    return text[: lines[0].start()].strip(), tuple(options)

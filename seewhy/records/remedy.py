"""What a message says to do: told apart from what is wrong, by the words that begin it."""

import re
from collections.abc import Iterator

WORDS = """--help add ask begin bring call check choose convert copy correct delete did download draw fill free give
grade install keep label leave look lower make mark mend merge move name open or perhaps pip point put raise read remove
rename replace return reword run sample save say score see send set shorten show sort split start swap take train try
unpack use wait widen write `seewhy"""
BEGINS = re.compile(rf"(?:{'|'.join(map(re.escape, (*WORDS.split(), 'there are', 'what would fit:')))})(?![\w.:])")
"""How the part of a sentence begins that says what to do; its first letter small."""
PARTS = re.compile(r"(?:; |: |\. |\? |, or )(?=\S)")
OTHERS = (". ", "? ")
"""What stands between sentences."""
PLACE = re.compile(r"(?:step [\w-]+(?:, field [\w.-]+)?|(?:--)?[^\s:;'\"]*[./~][^\s:;'\"]*(?: \S+)?|--[\w.-]+(?: \S+)?|"
                   r"(?:field|column) '?[\w.-]+'?)(?::\d+)?(?:, [^:;]{1,40})?: ")  # fmt: skip
"""A file, a row, a step, a field or an option before a colon."""
QUOTED = re.compile(r"(?<!\w)(['\"`])(?:(?!\1).)*\1")


def split(text: str) -> tuple[str, str]:
    """A message without what to do, which is more than a place, and what to do.

    Example:
        >>> split("there is no recipe 'inkgird'; did you mean 'inkgrid'?")
        ("there is no recipe 'inkgird'", "did you mean 'inkgrid'?")
        >>> split("mine.yaml: steps.mix: split is 'tset'; there are train, test")
        ("mine.yaml: steps.mix: split is 'tset'", 'there are train, test')
        >>> split("answers are missing")
        ('answers are missing', '')
    """
    for part in _parts(text):
        if begins(text[part.end() :]) and placed(f"{text[: part.start()]}: ")[1]:
            return text[: part.start()] + ("?" if part[0] == "? " else ""), text[part.end() :]
    return text, ""


def names_remedy(text: str) -> bool:
    """Whether a message of seewhy says what to do; libraries put their hints into sentences of their own.

    Example:
        >>> names_remedy("mine: its weights are cut short; copy them again")
        True
        >>> names_remedy("Repo id must be in the form 'repo_name'. Use `repo_type` argument if needed.")
        False
    """
    return any(part[0] not in OTHERS and begins(text[part.end() :]) for part in _parts(text))


def _parts(text: str) -> Iterator[re.Match[str]]:
    return PARTS.finditer(QUOTED.sub(lambda found: "_" * len(found[0]), text))


def begins(text: str) -> bool:
    """Whether a text begins with what to do."""
    return bool(BEGINS.match(text[:1].lower() + text[1:]))


def placed(text: str) -> tuple[str, str]:
    """The place at the beginning of a message, and what is said of it.

    Example:
        >>> placed("mine.yaml: steps.dpo.fit.epochs: must be a whole number")
        ('mine.yaml: steps.dpo.fit.epochs', 'must be a whole number')
        >>> placed("there is no recipe 'mine'")
        ('', "there is no recipe 'mine'")
    """
    places: list[str] = []
    rest = text
    while found := PLACE.match(rest):
        if begins(rest[found.end() :]):
            break
        places.append(found[0].removesuffix(": "))
        rest = rest[found.end() :]
    return ": ".join(places), rest

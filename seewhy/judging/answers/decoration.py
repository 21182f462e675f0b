"""Take off what dresses an answer: markdown, LaTeX wrappers, quotes, closing punctuation."""

import re
import unicodedata

WRAPPER = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|mbox|boxed|operatorname)\s?\{([^{}]*)\}")
BARE_WRAPPER = re.compile(r"\\boxed\s?\{(.*)\}", re.DOTALL)
PAIRS = {
    "$": (("$$", "$$"), ("$", "$")),
    "\\": (("\\(", "\\)"), ("\\[", "\\]")),
    **{opening: ((opening, closing),) for opening, closing in ('""', "''", "“”", "``", "«»", "「」", "『』")},
}
"""What opens and closes a dressed value, by its first character."""
OPENS = {"»": "«", "」": "「", "』": "『"}
HALVES = {"]": "[", ")": "("}
STRUCK = re.compile(r"~~[^~]{0,400}~~")
DRESSED = re.compile(r"[*`$\\\"'“”«»「」』_~}\s.,;:!。，；：]")
ESCAPED = re.compile(r"\\u(?!d[89a-f])([0-9a-f]{4})|\\([\\\"/])", re.IGNORECASE)
DEPTH = 6
"""No reply seen dresses an answer deeper; a bound keeps hostile text linear."""
ONE_SPELLING = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-", "’": "'", "‘": "'"})
"""Signs of one meaning: minus and hyphens, apostrophes."""
EDGES = " \t\r\n,;:?\"'“”‘’`*。，；："


def undress(value: str) -> str:
    r"""The words of an answer; a currency or per cent sign, a minus and brackets that belong to it stay.

    Example:
        >>> undress("**$\\text{B}$**.")
        'B'
        >>> undress("$15.")
        '$15'
    """
    if not DRESSED.search(value):
        return value
    for _ in range(DEPTH):
        bare = _peel(value)
        if bare == value:
            break
        value = bare
    return value


def _peel(value: str) -> str:
    value = value.strip().strip("*").rstrip(".,;:。，；： \t\n").lstrip(",;: \t\n")
    value = value.removeprefix("__").removesuffix("__")
    if "~~" in value:
        value = STRUCK.sub("", value).strip() or value.replace("~~", "")
    if (
        value.endswith(("`", "_", "»", "」", "』"))
        and value.count(value[-1]) == 1
        and OPENS.get(value[-1], "\0") not in value
    ):
        value = value[:-1]  # its other half was before the answer
    if "\\" in value:
        value = WRAPPER.sub(r"\1", value).replace("\\%", "%").replace("\\$", "$").replace("\\ ", " ")
        if whole := BARE_WRAPPER.fullmatch(value):
            value = whole[1]
        if value.endswith(("\\]", "\\)")) and value.count("\\" + HALVES[value[-1]]) < value.count(value[-2:]):
            value = value[:-2]  # its other half was before the answer
    if value.endswith("}") and value.count("{") < value.count("}"):
        value = value[:-1]
    for opening, closing in PAIRS.get(value[:1], ()):
        inner = value[len(opening) : -len(closing)]
        if len(value) > len(opening) + len(closing) and value == f"{opening}{inner}{closing}" and opening not in inner:
            value = inner
    if value.endswith("!") and not value[-2:-1].isdigit():
        value = value[:-1]  # "5!" is a factorial, "Paris!" is a shout
    return value


def unescaped(value: str) -> str:
    r"""The text of a JSON string; a lone backslash that begins LaTeX (`\frac`) is a backslash.

    Example:
        >>> unescaped("2\\\\sqrt{3}"), unescaped("2\\sqrt{3}"), unescaped("90\\u00b0")
        ('2\\sqrt{3}', '2\\sqrt{3}', '90°')
    """
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], value)


def normalise(answer: str) -> str:
    """Fold what never changes an answer's meaning: case, width, runs of spaces, edge punctuation.

    Example:
        >>> normalise("  New   York. ")
        'new york'
    """
    if not answer.isascii():
        answer = unicodedata.normalize("NFKC", answer).translate(ONE_SPELLING)
    folded = " ".join(answer.casefold().split()).strip(EDGES)
    while folded.endswith((".", "!")) and not (folded.endswith("!") and folded[-2:-1].isdigit()):
        folded = folded[:-1].rstrip(EDGES)
    return folded

"""A reply in plain signs, at the same offsets: what only dresses letters and lines is taken off before reading."""

import re
import unicodedata

WIDE = (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), *map(ord, "．％＝＋－／"))
CIRCLED = (*range(0x24B6, 0x24EA), *range(0x1F130, 0x1F14A), *range(0x1F150, 0x1F16A), *range(0x1F170, 0x1F18A))
STYLED = range(0x1D400, 0x1D6A4)
EMOJI = (*range(0x1F300, 0x1FB00), *map(ord, "✅✔✓☑⭐⚡➡\ufe0f\u200d\u20e3\u200b\u2060\ufeff"))
"""Pictures in letters' places and marks without width; crosses stay, for they say that something is wrong."""
PLAIN = {
    **dict.fromkeys(EMOJI, " "),
    **{each: unicodedata.normalize("NFKC", chr(each)) for each in (*WIDE, *STYLED)},
    **{each: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[at % 26] for at, each in enumerate(CIRCLED)},
}
BULLET = re.compile(r"^[ \t]{0,8}[•●▪◦‣→⇒➤►▶☞∴»][ \t]{0,4}", re.MULTILINE)
STYLING = re.compile(
    r"<(b|i|u|em|strong|span|code|mark|font|center|p|li|div|h[1-6])(?:\s[^<>]{0,80})?>([^<]{1,400})</\1>"
)
BOX = re.compile(r"<\|begin_of_box\|>(?P<value>.{0,400}?)<\|end_of_box\|>", re.DOTALL)
"""GLM's box, which is read as LaTeX's."""
WRAPPED = re.compile(r"<\|(?:(?:begin|end)_of_(?:solution|box)|(?:start|end)_(?:response|text))\|>", re.IGNORECASE)
CALLED = re.compile(r"<(tool_call|function_call|tool_code)>.{0,4000}?(?:</\1>|\Z)", re.DOTALL)
"""What a reply asks of a tool answers nobody."""
LONE_CLOSING = re.compile(r"</answer>", re.IGNORECASE)
SECTION = re.compile(r"<(solution|response|output|result)>(?P<value>[^<]{1,4000})</\1>", re.IGNORECASE)
WORDS_OF_A_VALUE = 3
"""A section with more words is a reply of its own, which states its answer within."""
BLOCKS = frozenset({"p", "li", "div"})
BREAK = re.compile(r"<br\s?/?>")
DEEPEST = 3


def in_plain_signs(text: str) -> str:
    """`text` with letters of full width, in circles or in mathematical bold as letters, without emoji, bullets or tags.

    A tag of HTML goes only where it surrounds something. Offsets stay.

    Example:
        >>> in_plain_signs("Ⓑ"), in_plain_signs("<b>Answer:</b> B"), in_plain_signs("It is <b>.")
        ('B', '   Answer:     B', 'It is <b>.')
    """
    if not text.isascii():
        text = BULLET.sub(_blank, text.translate(PLAIN))
    if "<" in text:
        if "<|" in text:
            text = BOX.sub(_boxed, text)
            text = WRAPPED.sub(_blank, text)
        text = CALLED.sub(_blank, text)
        if "<answer" not in text:
            text = LONE_CLOSING.sub(_blank, text)
        text = SECTION.sub(_without_a_section, text)
        text = BREAK.sub(lambda found: "\n" + " " * (len(found[0]) - 1), text)
        for _ in range(DEEPEST):
            bare = STYLING.sub(_without_tags, text)
            if bare == text:
                break
            text = bare
    return text


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _boxed(found: re.Match[str]) -> str:
    before, after = len("<|begin_of_box|>"), len("<|end_of_box|>")
    return "\\boxed{".rjust(before) + found["value"] + "}".ljust(after)


def _without_a_section(found: re.Match[str]) -> str:
    if len(found["value"].split()) <= WORDS_OF_A_VALUE:
        return found[0]
    return " " * len(f"<{found[1]}>") + found["value"] + " " * len(f"</{found[1]}>")


def _without_tags(found: re.Match[str]) -> str:
    inner = found.start(2) - found.start(), found.end() - found.end(2)
    end = "\n" if found[1] in BLOCKS else " "
    return f"{' ' * inner[0]}{found[2]}{end}{' ' * (inner[1] - 1)}"


def lower(text: str) -> str:
    """`text` in lower case at the same offsets: the few letters that would grow stay as they are."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)

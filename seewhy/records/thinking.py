"""Find where a reply's thinking ends: between its marks is a draft, never the answer."""

import re

MARK = re.compile(
    r"[<◁\[](?:(?:(?<=<)\|?\s?|(?<=◁)\|?|(?<=\[)(?=/?think))"
    r"(?P<closes>/\s?|end[_ ](?:of[_ ])?)?(?:(?:begin|start)[_ ](?:of[_ ])?)?"
    r"(?:[a-z]{1,12}:)?(?:(?:inner|internal)[_ ])?"
    r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|reflection|scratchpad|monologue|cot)"
    r"(?:[_ ](?:process|content))?"
    r"\s{0,3}(?:\|?>|\|?▷|\])"
    r"|(?<=<)\|channel\|?>\s{0,3}(?P<channel>[a-z]{1,12})(?:\s{1,3}to=[^<>\n]{0,40})?\s?(?:<\|message\|?>)?"
    r"|(?<=<)unused94>|(?<=<)(?P<shut>channel\|>|unused95>))",
    re.IGNORECASE,
)
"""`<think>`, `<|end_of_thought|>`, `[/THINK]`, `<seed:think>`, `<|channel|>final<|message|>` and their kin.

The three signs that begin one stand first and alone: so `re` passes over all other text at once."""
DRAFTS = frozenset({"analysis", "commentary", "thought", "thoughts", "thinking", "reasoning"})
"""Channels that hold drafts; every other one, and the end of a channel, ends the draft."""
PLAIN_START = re.compile(r"\s*(?:[{]|```)")


def has_marks(text: str) -> bool:
    """Whether the text may hold a mark at all; most replies hold none, and are searched no further."""
    return "<" in text or "◁" in text or "[" in text


def thinking_ends(text: str, begin: int = 0) -> int | None:
    """Where the part after the thinking begins; None where the text ends within a thought.

    A closing mark without an opening one ends the thought that a chat template began.

    Example:
        >>> thinking_ends("<thinking>A?</thinking>B"), thinking_ends("A?[/THINK]B"), thinking_ends("[THINK]A?")
        (23, 10, None)
    """
    if not has_marks(text):
        return begin
    end: int | None = begin
    for mark in MARK.finditer(text, begin):
        end = mark.end() if _closes(mark) else None
    return end


def after_thinking(text: str) -> str:
    """The text after the last mark that ends a thought; the whole text where none does.

    Example:
        >>> after_thinking("<think>A?</think>B"), after_thinking("<think>A?")
        ('B', '<think>A?')
    """
    closing = [mark.end() for mark in MARK.finditer(text) if _closes(mark)] if has_marks(text) else []
    return text[closing[-1] :] if closing else text


def closes_unopened(text: str) -> bool:
    """Whether the text closes a thought that it did not open: its chat template began it.

    Example:
        >>> closes_unopened("A?</think>B"), closes_unopened("<think>A?</think>B"), closes_unopened("B")
        (True, False, False)
    """
    first = MARK.search(text) if has_marks(text) else None
    if first is None or not _closes(first):
        return False
    return first["channel"] is None or bool(text[: first.start()].strip())


def without_leading_thought(text: str) -> str:
    """The text after the thought that it begins with; empty where that thought does not end.

    Later marks, as in a quoted reply, are part of the text.

    Example:
        >>> without_leading_thought('<think>{"score": 1}</think>{"score": 2}')
        '{"score": 2}'
    """
    first = MARK.search(text) if has_marks(text) and not PLAIN_START.match(text) else None
    if first is None or (not _closes(first) and text[: first.start()].strip()):
        return text
    if _closes(first):
        return text[first.end() :]
    closing = next((mark.end() for mark in MARK.finditer(text, first.end()) if _closes(mark)), len(text))
    return text[closing:]


def _closes(mark: re.Match[str]) -> bool:
    if mark["channel"] is None:
        return mark["closes"] is not None or mark["shut"] is not None
    return mark["channel"].casefold() not in DRAFTS

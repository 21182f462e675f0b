"""A teacher's corrections of chains, as rows: what became of each, and what was changed."""

from dataclasses import dataclass, field

from seewhy.records.types import Style, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRow:
    """One chain that was sent to be corrected.

    Example:
        >>> CorrectionRow(question_id="q", index=0, style=Style.REASON, outcome="echo", before="5", source="t").after
        ''
    """

    question_id: str
    index: int
    style: Style
    outcome: str
    """`corrected`, `echo`, `bare`, `wrong answer` or `unread`; only the first becomes a lesson."""
    before: str
    after: str = ""
    """The corrected chain; empty where there is none."""
    starts: tuple[int, ...] = ()
    """Where in `before` each edit begins."""
    ends: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    """What replaces it."""
    why: str = ""
    source: str
    """The corrector."""
    usage: Usage = field(default_factory=Usage)

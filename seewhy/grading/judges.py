"""Who grades a file: the judge by rule, and for open questions a model behind a server or its recorded replies."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from seewhy.endpoints.plan import EndpointPlan
from seewhy.judging.answers.compat import Compat
from seewhy.judging.api import Judge
from seewhy.judging.outcome import OutcomeJudge
from seewhy.runs.discovery import load_part, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJudge:
    """Who rates replies to open questions: a model behind a server, a file of recorded replies, or none.

    Example:
        >>> OpenJudge().sees_pictures
        False
    """

    server: EndpointPlan | None = None
    dollars: float = 0.0
    """The most that the model may cost; 0 sets no bound."""
    blind: bool = False
    """Rate without pictures, by the reference alone."""
    replies: Path | None = None
    """File of replies that a judge model gave already."""

    def __post_init__(self) -> None:
        if self.server is not None and self.replies is not None:
            raise ValueError("`judge.replies` and `judge.url` are two judges; choose one")

    @property
    def sees_pictures(self) -> bool:
        """Whether there is a model and pictures are shown to it."""
        return self.server is not None and not self.blind


def judge_as(compat: str) -> OutcomeJudge:
    """The judge by outcome, with the quirks of a suite where one is named."""
    names = [one.value for one in Compat]
    if compat and compat not in names:
        raise ValueError(f"`compat` {compat!r}{nearest(compat, names)}")
    return OutcomeJudge(compat=Compat(compat)) if compat else OutcomeJudge()


@contextmanager
def judge_for(compat: str, open_judge: OpenJudge, benchmark: str) -> Generator[tuple[Judge, int]]:
    """The judge, and how many questions it takes at once; connections close with the context.

    Raises:
        ValueError: the suite or the server is none, or a library that is needed is not installed.
    """
    matched = judge_as(compat)
    if open_judge.server is None and open_judge.replies is None:
        yield matched, 1
        return
    opened = cast(AbstractContextManager[tuple[Judge, int]],
                  load_part("grading", "open_judges").judge_both(matched, open_judge, benchmark))  # fmt: skip
    with opened as both:
        yield both

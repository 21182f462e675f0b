"""The judge of `seewhy grade`: by rule, and by a model behind a server where questions are open."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import tyro

from seewhy.cli.server import ServerWords, talking
from seewhy.judging.answers.compat import Compat
from seewhy.judging.api import Judge
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.rating import rating_judge
from seewhy.judging.review import ReviewJudge
from seewhy.records.types import Chain, MatchRule, Question, Verdict
from seewhy.runs.discovery import nearest

AT_ONCE = 16
"""Open questions that are rated at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeWords:
    """Which model rates replies to open questions; none where no server is named."""

    server: Annotated[ServerWords, tyro.conf.arg(name="")] = field(default_factory=ServerWords)
    blind: bool = False
    """Rate without pictures, by the reference alone, as MM-Vet and MMHal-Bench do."""

    @property
    def sees(self) -> bool:
        """Whether there is a judge and pictures are shown to it."""
        return bool(self.server.url) and not self.blind


@dataclass(frozen=True, slots=True, kw_only=True)
class ByRule:
    """A judge for open questions, which asks a model, and one for all others, which are graded by their rule."""

    matched: Judge
    open: Judge

    @property
    def name(self) -> str:
        """Both judges' names."""
        return f"{self.matched.name}; open questions: {self.open.name}"

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order, in the name of the judge that gave it."""
        judge = self.open if question.gold.rule is MatchRule.OPEN else self.matched
        return judge.judge(question, chains)


def judge_as(compat: str) -> OutcomeJudge:
    """The judge by outcome, with the quirks of a suite where one is named."""
    names = [one.value for one in Compat]
    if compat and compat not in names:
        raise ValueError(f"--compat {compat!r}{nearest(compat, names)}")
    return OutcomeJudge(compat=Compat(compat)) if compat else OutcomeJudge()


@contextmanager
def judging(compat: str, words: JudgeWords, benchmark: str) -> Generator[tuple[Judge, int]]:
    """The judge, and how many questions it takes at once; connections close with the context.

    Raises:
        ValueError: the suite or the server is none, or a library that is needed is not installed.
    """
    matched = judge_as(compat)
    words.server.require_whole("judge")
    if not words.server.url:
        yield matched, 1
        return
    with talking(words.server, AT_ONCE) as talks:
        if benchmark == "llavabench":
            opened = ReviewJudge(talks=talks, blind=words.blind)
        else:
            opened = rating_judge(talks, benchmark, blind=words.blind)
        yield ByRule(matched=matched, open=opened), AT_ONCE

"""The judge of `seewhy grade`: by rule, and by a model behind a server where questions are open."""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from seewhy.cli.grade.pairs import Pair, rate_pairs, read_pairs, recorded_contests
from seewhy.cli.grade.recorded import read_recorded
from seewhy.cli.server import ServerWords, talking
from seewhy.endpoints.chat import ChatModel
from seewhy.evaluation.tables import Table
from seewhy.judging.answers.compat import Compat
from seewhy.judging.api import Judge
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.rating import rating_judge
from seewhy.judging.review import ReviewJudge
from seewhy.judging.versus import VersusJudge
from seewhy.records.measures import Contest, WinRate
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
    replies: Path | None = None
    """File of replies that a judge model gave already, id and text a row; nothing is asked."""

    @property
    def sees(self) -> bool:
        """Whether there is a judge and pictures are shown to it."""
        return bool(self.server.url) and not self.blind

    def require_one(self) -> None:
        """ValueError where a server is named in half, or beside recorded replies."""
        self.server.require_whole("judge")
        if self.server.url and self.replies is not None:
            raise ValueError("--judge.replies and --judge.url are two judges; choose one")


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


def rate_file(table: Table, words: JudgeWords) -> WinRate:
    """How often the judge prefers what people prefer, of a file of pairs.

    Raises:
        ValueError: no judge is named, or a row is not as it must be.
    """
    words.require_one()
    pairs = read_pairs(table)
    if words.replies is not None:
        return rate_pairs(pairs, recorded_contests(pairs, words.replies))
    if not words.server.url:
        raise ValueError(f"{table.path} holds pairs of replies: name the judge that is to be rated on them with "
                         "--judge.url and --judge.model, or its recorded replies with --judge.replies")  # fmt: skip
    with talking(words.server, AT_ONCE) as talks:
        return rate_pairs(pairs, ask_contests(pairs, talks, table.path.parent, blind=words.blind))


def ask_contests(pairs: Sequence[Pair], talks: ChatModel, folder: Path, *, blind: bool) -> list[Contest]:
    """What a model prefers of each pair, asked in both orders; pictures are relative to the folder."""
    judge = VersusJudge(talks=talks, rivals={pair.id: pair.rival for pair in pairs}, blind=blind)

    def compare(pair: Pair) -> Contest:
        return judge.compare(pair.question(folder, is_shown=not blind), [pair.chain])[0]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(compare, pairs))


@contextmanager
def judging(compat: str, words: JudgeWords, benchmark: str) -> Generator[tuple[Judge, int]]:
    """The judge, and how many questions it takes at once; connections close with the context.

    Raises:
        ValueError: the suite or the server is none, or a library that is needed is not installed.
    """
    matched = judge_as(compat)
    words.require_one()
    if words.replies is not None:
        yield ByRule(matched=matched, open=read_recorded(words.replies, benchmark)), 1
        return
    if not words.server.url:
        yield matched, 1
        return
    with talking(words.server, AT_ONCE) as talks:
        if benchmark == "llavabench":
            opened = ReviewJudge(talks=talks, blind=words.blind)
        else:
            opened = rating_judge(talks, benchmark, blind=words.blind)
        yield ByRule(matched=matched, open=opened), AT_ONCE

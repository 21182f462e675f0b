"""Who grades a file: judges by rule, and a model behind a server or its recorded replies where questions are open."""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.plan import EndpointPlan
from seewhy.evaluation.tables import Table
from seewhy.grading.pairs import Pair, rate_pairs, read_pairs, recorded_contests
from seewhy.grading.recorded import read_recorded
from seewhy.grading.served import talking
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

    @contextmanager
    def asked(self) -> Generator[ChatModel]:
        """The model; its connections close with the context. There must be a server."""
        assert self.server is not None
        with talking(self.server, self.dollars, AT_ONCE) as model:
            yield model


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
        raise ValueError(f"`compat` {compat!r}{nearest(compat, names)}")
    return OutcomeJudge(compat=Compat(compat)) if compat else OutcomeJudge()


def rate_file(table: Table, open_judge: OpenJudge) -> WinRate:
    """How often the judge prefers what people prefer, of a file of pairs.

    Raises:
        ValueError: no judge is named, or a row is not as it must be.
    """
    pairs = read_pairs(table)
    if open_judge.replies is not None:
        return rate_pairs(pairs, recorded_contests(pairs, open_judge.replies))
    if open_judge.server is None:
        raise ValueError(f"{table.path} holds pairs of replies: name the judge that is to be rated on them with "
                         "`judge.url` and `judge.model`, or its recorded replies with `judge.replies`")  # fmt: skip
    with open_judge.asked() as model:
        return rate_pairs(pairs, ask_contests(pairs, model, table.path.parent, blind=open_judge.blind))


def ask_contests(pairs: Sequence[Pair], chat_model: ChatModel, folder: Path, *, blind: bool) -> list[Contest]:
    """What a model prefers of each pair, asked in both orders; pictures are relative to the folder."""
    judge = VersusJudge(chat_model=chat_model, rivals={pair.id: pair.rival for pair in pairs}, blind=blind)

    def compare(pair: Pair) -> Contest:
        return judge.compare(pair.question(folder, is_shown=not blind), [pair.chain])[0]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(compare, pairs))


@contextmanager
def judge_for(compat: str, open_judge: OpenJudge, benchmark: str) -> Generator[tuple[Judge, int]]:
    """The judge, and how many questions it takes at once; connections close with the context.

    Raises:
        ValueError: the suite or the server is none, or a library that is needed is not installed.
    """
    matched = judge_as(compat)
    if open_judge.replies is not None:
        yield ByRule(matched=matched, open=read_recorded(open_judge.replies, benchmark)), 1
        return
    if open_judge.server is None:
        yield matched, 1
        return
    with open_judge.asked() as model:
        if benchmark == "llavabench":
            opened = ReviewJudge(chat_model=model, blind=open_judge.blind)
        else:
            opened = rating_judge(model, benchmark, blind=open_judge.blind)
        yield ByRule(matched=matched, open=opened), AT_ONCE

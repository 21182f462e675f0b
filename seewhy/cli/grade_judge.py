"""The judge of `seewhy grade`: by rule, and by a model behind a server where questions are open."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from seewhy.cli.find import load_part, nearest
from seewhy.judging.api import Judge
from seewhy.judging.compat import Compat
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.rating import rating_judge
from seewhy.judging.review import ReviewJudge
from seewhy.model.remote.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.model.talk import Talks
from seewhy.records.types import Chain, MatchRule, Question, Verdict

AT_ONCE = 16
"""Open questions that are rated at the same time."""


class Opens(Protocol):
    """The module that talks to servers."""

    Teacher: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeWords:
    """Which model rates replies to open questions; none where `url` is empty."""

    url: str = ""
    """Where the server's paths begin, such as https://api.openai.com/v1."""
    model: str = ""
    """The model's name as the server knows it."""
    key_variable: str = ""
    """Environment variable that holds the key."""
    cache: Path | None = None
    """File that keeps what came back: a second run pays nothing for it."""
    dollars: float = 0.0
    """The most that may be spent; 0 sets no bound."""
    blind: bool = False
    """Rate without pictures, by the reference alone, as MM-Vet and MMHal-Bench do."""

    @property
    def sees(self) -> bool:
        """Whether there is a judge and pictures are shown to it."""
        return bool(self.url) and not self.blind

    def require_whole(self) -> None:
        """ValueError where a model is named without a server, or a server without a model."""
        if bool(self.url) != bool(self.model):
            missing, given = ("--judge.url", "--judge.model") if self.model else ("--judge.model", "--judge.url")
            raise ValueError(f"{given} needs {missing}: a judge is a model behind a server")


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
    words.require_whole()
    if not words.url:
        yield matched, 1
        return
    endpoint = EndpointPlan(
        base_url=words.url, model=words.model, key_variable=words.key_variable,
        cache="" if words.cache is None else str(words.cache),
    )  # fmt: skip
    module = cast(Opens, load_part("model", "teacher"))
    with module.Teacher(endpoint, PacePlan(concurrency=AT_ONCE), SpendPlan(dollars=words.dollars)) as teacher:
        talks = cast(Talks, teacher)
        if benchmark == "llavabench":
            opened = ReviewJudge(talks=talks, blind=words.blind)
        else:
            opened = rating_judge(talks, benchmark, blind=words.blind)
        yield ByRule(matched=matched, open=opened), AT_ONCE

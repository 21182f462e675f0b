"""Judges of open questions and of pairs: a model behind a server, or the replies that one gave already."""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seewhy.endpoints.chat import ChatModel
from seewhy.evaluation.tables import Table
from seewhy.grading.judges import OpenJudge
from seewhy.grading.pairs import Pair, pair_json, pair_lines, rate_pairs, read_pairs, recorded_contests
from seewhy.grading.recorded import read_recorded
from seewhy.grading.served import talking
from seewhy.judging.api import Judge
from seewhy.judging.rating import rating_judge
from seewhy.judging.review import ReviewJudge
from seewhy.judging.versus import VersusJudge
from seewhy.records.measures import Contest, WinRate
from seewhy.records.types import Chain, MatchRule, Question, Verdict

AT_ONCE = 16
"""Open questions that are rated at the same time."""


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


@contextmanager
def judge_both(matched: Judge, open_judge: OpenJudge, benchmark: str) -> Generator[tuple[Judge, int]]:
    """A judge that rates open questions too, and how many it takes at once; connections close with the context.

    Raises:
        ValueError: the server is none, or a library that is needed is not installed.
    """
    if open_judge.replies is not None:
        yield ByRule(matched=matched, open=read_recorded(open_judge.replies, benchmark)), 1
        return
    assert open_judge.server is not None
    with talking(open_judge.server, open_judge.dollars, AT_ONCE) as model:
        if benchmark == "llavabench":
            opened = ReviewJudge(chat_model=model, blind=open_judge.blind)
        else:
            opened = rating_judge(model, benchmark, blind=open_judge.blind)
        yield ByRule(matched=matched, open=opened), AT_ONCE


def pairs_card(table: Table, open_judge: OpenJudge, *, as_json: bool) -> str:
    """What is printed of a judge on a file of pairs; errors as `rate_file`."""
    rate, source = rate_file(table, open_judge), str(table.path)
    return pair_json(rate, source) if as_json else "\n".join(pair_lines(rate, source))


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
    with talking(open_judge.server, open_judge.dollars, AT_ONCE) as model:
        return rate_pairs(pairs, ask_contests(pairs, model, table.path.parent, blind=open_judge.blind))


def ask_contests(pairs: Sequence[Pair], chat_model: ChatModel, folder: Path, *, blind: bool) -> list[Contest]:
    """What a model prefers of each pair, asked in both orders; pictures are relative to the folder."""
    judge = VersusJudge(chat_model=chat_model, rivals={pair.id: pair.rival for pair in pairs}, blind=blind)

    def compare(pair: Pair) -> Contest:
        return judge.compare(pair.question(folder, is_shown=not blind), [pair.chain])[0]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(compare, pairs))

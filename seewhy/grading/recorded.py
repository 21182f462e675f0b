"""Replies that a judge model gave elsewhere, kept in a file: read as if it had been asked now."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from seewhy.evaluation.predictions import find_columns, read_predictions, whole_id
from seewhy.grading.inputs import open_table
from seewhy.judging.answers.findings import Abstention
from seewhy.judging.asking.messages import give_verdict, leave_unjudged
from seewhy.judging.asking.pair_scores import HIGHEST, read_pair_scores
from seewhy.judging.rating import OPEN, SCALES, Scale
from seewhy.records.types import Chain, Outcome, Question, Usage, Verdict

JUDGE_FIELDS = ("content", "review", "judgment", "judgement", "judge_reply", "grade")
"""Fields that hold a judge's reply, before those that hold any reply."""
LLAVABENCH = "llavabench"
RATED = re.compile(r"\b(?:rating|score|grade)\b\W{1,6}(\d+(?:\.\d+)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedJudge:
    """Gives the verdicts of recorded replies; a chain without one, and one that cannot be read, is UNJUDGED."""

    path: Path
    replies: Mapping[str, tuple[str, ...]]
    """The id in the file to the replies about the question's first chain, its second, and so on."""
    benchmark: str = ""

    @property
    def name(self) -> str:
        """The file that the replies stand in."""
        return f"recorded replies of {self.path.name}"

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order."""
        key = question.id.removeprefix(f"{question.benchmark}/{question.split.value}/")
        names = (question.id, key, whole_id(key))
        said = next((self.replies[name] for name in names if name in self.replies), ())
        return tuple(
            self._verdict(question, chain, said[chain.index])
            if chain.index < len(said)
            else leave_unjudged(question, chain, self.name, f"{self.path.name} holds no reply about it")
            for chain in chains
        )

    def _verdict(self, question: Question, chain: Chain, said: str) -> Verdict:
        if self.benchmark == LLAVABENCH:
            both = read_pair_scores(said)
            if isinstance(both, Abstention):
                return leave_unjudged(question, chain, self.name, both.why)
            outcome = Outcome.CORRECT if both.second >= both.first else Outcome.INCORRECT
            score, why = both.second / HIGHEST, f"{both.first:g} {both.second:g}\n{said}"
        else:
            scale = SCALES.get(self.benchmark, OPEN)
            rating = read_rating(said, scale)
            if rating is None:
                why = f"the recorded reply holds no single rating from 0 to {scale.highest:g}: {said[:80]!r}"
                return leave_unjudged(question, chain, self.name, why)
            outcome = Outcome.CORRECT if rating >= scale.right_at else Outcome.INCORRECT
            score, why = rating / scale.highest, f"rated {rating:g} of {scale.highest:g}: {said}"
        return give_verdict(question, chain, self.name, outcome, score=score, why=why, usage=Usage())


def read_rating(said: str, scale: Scale) -> float | None:
    """The rating in a judge's reply: a bare number, the `rating` of a JSON object, or the only one after that word.

    Example:
        >>> [read_rating(said, OPEN) for said in ("0.8", '{"rating": 1}', "So: Rating: 0.5", "0.5 or 0.7", "Rating: 7")]
        [0.8, 1.0, 0.5, None, None]
    """
    try:
        found: object = json.loads(said)
    except ValueError:
        found = None
    if isinstance(found, dict):
        found = cast(dict[str, object], found).get("rating")
    ratings = {float(number) for number in RATED.findall(said)}
    if isinstance(found, int | float) and not isinstance(found, bool):
        ratings = {float(found)}
    rating = ratings.pop() if len(ratings) == 1 else None
    return rating if rating is not None and 0 <= rating <= scale.highest else None


def read_recorded(path: Path, benchmark: str) -> RecordedJudge:
    """The judge whose replies a file holds: rows of `id` and the reply's text.

    Raises:
        ValueError: the file cannot be read, or has no field for either.
    """
    table = open_table(path)
    field = next((name for name in JUDGE_FIELDS if name in table.fields), "")
    replies: dict[str, tuple[str, ...]] = {}
    for row in read_predictions(table, find_columns(table, text_field=field), repeats=True):
        replies[row.question_id] = (*replies.get(row.question_id, ()), row.text)
    return RecordedJudge(path=path, replies=replies, benchmark=benchmark)

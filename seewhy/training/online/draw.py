"""One sampling round: questions in their order, rollouts drawn and rewarded, each kept as rows before it is used.

A round's folder holds `chains/` and `rewards/`, a file a draw (further draws are dynamic sampling), and `trained/`.
What is there is not drawn or asked for again. The seed of a rollout is a function of the run's seed, round, draw,
question and index, whichever process draws it; where there are several, each takes whole questions.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, groupby
from pathlib import Path

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.rollouts import RewardRow
from seewhy.records.shards import read_shard, shard_path
from seewhy.records.types import Chain, Question, Style
from seewhy.rewards.api import Earned, Reward
from seewhy.rewards.parts.scoring import earn_all
from seewhy.training.api import DrawsRollouts
from seewhy.training.online.credit import has_spread
from seewhy.training.online.dealt import merged, own_questions
from seewhy.training.online.plan import RolloutPlan
from seewhy.training.online.served import ServesRollouts
from seewhy.training.parallel.ranks import ALONE, Ranks

CHAINS, REWARDS, TRAINED = "chains", "rewards", "trained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What rounds are drawn with."""

    model: DrawsRollouts
    rewards: Mapping[str, Reward]
    questions: Sequence[Question]
    plan: RolloutPlan
    style: Style
    seed: int
    directory: Path
    ranks: Ranks = ALONE
    """The processes that share the questions of a draw."""
    served: ServesRollouts | None = None
    """Servers that draw in the model's place."""

    def own(self, questions: Sequence[Question]) -> list[Question]:
        """Those that this process draws and rewards."""
        return own_questions(self.ranks, questions, self.plan.per_question * self.plan.max_tokens)

    def __post_init__(self) -> None:
        """Refuse fewer questions than a round takes."""
        if len(self.questions) < self.plan.questions:
            raise ValueError(f"{len(self.questions)} questions are there, and a round takes {self.plan.questions}: "
                             "lower rollouts.questions")  # fmt: skip
        self.plan.require_reward(self.rewards)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRound:
    """The rollouts of a round, question by question, with what each earned by each reward."""

    chains: tuple[Chain, ...]
    earned: Mapping[str, tuple[Earned, ...]]
    asked: int
    """Questions that were taken since the run began: where the next round goes on."""
    draws: int
    dropped: int
    """Questions that made way because their outcomes were equal."""
    unspelt: int = 0
    """Rollouts that were left out: their servers hid their tokens, and their text cannot be encoded again."""


def folder_of(directory: Path, number: int) -> Path:
    """Folder of a round's rows."""
    return directory / "rollouts" / f"round-{number:05d}"


@lru_cache(maxsize=4)
def _shuffled(count: int, seed: int, epoch: int) -> tuple[int, ...]:
    order = list(range(count))
    random.Random(f"online/{seed}/{epoch}").shuffle(order)
    return tuple(order)


def question_at(position: int, count: int, seed: int) -> int:
    """The number of the question that is asked at a position; every question once an epoch."""
    epoch, place = divmod(position, count)
    return _shuffled(count, seed, epoch)[place]


def round_seed(seed: int, number: int, draw: int) -> int:
    """63 bits, by which each chain's own generator is addressed, with question id, style and index."""
    digest = hashlib.sha256(f"online/{seed}/{number}/{draw}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def draw_round(drawing: Drawing, number: int, asked: int) -> DrawnRound:
    """The rollouts of round `number`, from question `asked` of the order on."""
    plan, taken = drawing.plan, set[str]()
    chains: list[Chain] = []
    earned: dict[str, list[Earned]] = {name: [] for name in drawing.rewards}
    kept, dropped, draws = 0, 0, 0
    while kept < plan.questions and draws <= plan.redraw and len(taken) < len(drawing.questions):
        chosen, asked = _choose(drawing, asked, plan.questions - kept, taken)
        drawn = _drawn(drawing, number, draws, chosen)
        earned_by = _rewarded(drawing, number, draws, chosen, drawn)
        draws += 1
        judged = earned_by[plan.redraw_by or next(iter(earned_by))]
        for start, stop in _groups(drawn):
            if plan.redraw and not has_spread([one.value for one in judged[start:stop]]):
                dropped += 1
                continue
            kept += 1
            chains += drawn[start:stop]
            for name, rows in earned_by.items():
                earned[name] += rows[start:stop]
    spelt = [bool(chain.token_ids) for chain in chains]
    rows = {name: tuple(compress(found, spelt)) for name, found in earned.items()}
    return DrawnRound(chains=tuple(compress(chains, spelt)), earned=rows, asked=asked, draws=draws, dropped=dropped,
                      unspelt=spelt.count(False))  # fmt: skip


def _choose(drawing: Drawing, asked: int, wanted: int, taken: set[str]) -> tuple[list[Question], int]:
    """The next questions that were not yet taken in this round, and where the order goes on."""
    chosen: list[Question] = []
    count = len(drawing.questions)
    while len(chosen) < wanted and len(taken) < count:
        question = drawing.questions[question_at(asked, count, drawing.seed)]
        asked += 1
        if question.id not in taken:
            taken.add(question.id)
            chosen.append(question)
    return chosen, asked


def _groups(chains: Sequence[Chain]) -> Iterator[tuple[int, int]]:
    """Where the rollouts of each question begin and end."""
    start = 0
    for _, members in groupby(chains, key=lambda chain: chain.question_id):
        stop = start + len(list(members))
        yield start, stop
        start = stop


def _drawn(drawing: Drawing, number: int, draw: int, questions: Sequence[Question]) -> list[Chain]:
    place, plan = folder_of(drawing.directory, number) / CHAINS, drawing.plan
    seed = round_seed(drawing.seed, number, draw)
    wanted = [(question.id, index, seed) for question in questions for index in range(plan.per_question)]
    kept = drawing.ranks.broadcast(lambda: _are_there(shard_path(place, draw), wanted))
    if kept:
        return read_shard(shard_path(place, draw), Chain)
    decoding = SamplingParams(temperature=plan.temperature, max_tokens=plan.max_tokens, seed=seed, as_drawn=True)
    own = drawing.own(questions)
    asks = [GenerateRequest(question=one, style=drawing.style, count=plan.per_question) for one in own]
    try:
        sampler = drawing.model if drawing.served is None else drawing.served.sampler(number)
        rows = [chain for chains in (sampler.generate(asks, decoding) if asks else ()) for chain in chains]
    except ConnectionError as error:
        raise ConnectionError(f"{place.parent}: rollouts are missing: {error}; start the servers anew, and give the "
                              "same command: what came is kept, and the rest is drawn") from error  # fmt: skip
    if drawing.ranks.is_first:
        # Rewards of other rollouts, left by a run that went another way, are not these rollouts'.
        shard_path(place.parent / REWARDS, draw).unlink(missing_ok=True)
    return merged(drawing.ranks, place, draw, rows, Chain, questions)


def _are_there(path: Path, wanted: Sequence[tuple[str, int, int]]) -> bool:
    """Whether a draw's rollouts are kept, those that are wanted."""
    if not path.is_file():
        return False
    return [(row.question_id, row.index, row.seed) for row in read_shard(path, Chain)] == list(wanted)


def _rewarded(
    drawing: Drawing, number: int, draw: int, questions: Sequence[Question], chains: Sequence[Chain]
) -> dict[str, list[Earned]]:
    place = folder_of(drawing.directory, number) / REWARDS
    if drawing.ranks.broadcast(shard_path(place, draw).is_file):
        rows = read_shard(shard_path(place, draw), RewardRow)
    else:
        own = drawing.own(questions)
        rows = merged(drawing.ranks, place, draw, list(_reward_rows(drawing, own, chains)), RewardRow, questions)
    found: dict[str, list[Earned]] = {name: [] for name in drawing.rewards}
    for row in rows:
        found[row.reward].append(Earned(value=row.value, spans=row.spans, why=row.why))
    return found


def _reward_rows(drawing: Drawing, questions: Sequence[Question], chains: Sequence[Chain]) -> Iterator[RewardRow]:
    known = {question.id: question for question in questions}
    for start, stop in _groups(chains):
        members = tuple(chains[start:stop])
        if members[0].question_id not in known:
            continue
        earned_by = earn_all(drawing.rewards, known[members[0].question_id], members)
        for place, chain in enumerate(members):
            for name, earned in earned_by.items():
                one = earned[place]
                yield RewardRow(question_id=chain.question_id, index=chain.index, style=chain.style, reward=name,
                                value=one.value, why=one.why, spans=one.spans)  # fmt: skip

"""What each process does of a round: whole questions to draw and reward, and whole groups of rollouts to score."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from seewhy.records.rollouts import RewardRow
from seewhy.records.shards import read_shard, shard_path, write_shard
from seewhy.records.types import Chain, Question
from seewhy.training.api import ScoresGroups
from seewhy.training.examples import TrainingExample
from seewhy.training.parallel.own_rows import guessed_prompt, own_rows
from seewhy.training.parallel.ranks import ALONE, Ranks
from seewhy.training.parallel.shares import shares_of

R = TypeVar("R", Chain, RewardRow)


def own_questions(ranks: Ranks, questions: Sequence[Question], reply_tokens: int) -> list[Question]:
    """Those that this process draws and rewards, in order; a question's rollouts are drawn by one process.

    Args:
        ranks: the processes.
        questions: of the draw, equal in all processes.
        reply_tokens: of all rollouts of a question, at most.
    """
    if ranks.is_alone:
        return list(questions)
    costs = [guessed_prompt(question) + reply_tokens for question in questions]
    return [questions[place] for place in shares_of(costs, ranks.size)[ranks.rank]]


def merged(
    ranks: Ranks, place: Path, number: int, rows: Sequence[R], kind: type[R], questions: Sequence[Question]
) -> list[R]:
    """Rows of all processes as one shard, in the order of their questions, as one process would have written it.

    Each process leaves its part as a file and the first one joins them, however long the slowest takes.
    """
    if ranks.is_alone:
        place.mkdir(parents=True, exist_ok=True)
        write_shard(place, number, rows, kind)
        return list(rows)
    parts = place.parent / f"_{place.name}"
    parts.mkdir(parents=True, exist_ok=True)
    write_shard(parts, ranks.rank, rows, kind)
    ranks.meet()
    if ranks.is_first:
        order = {question.id: at for at, question in enumerate(questions)}
        found = [row for rank in range(ranks.size) for row in read_shard(shard_path(parts, rank), kind)]
        place.mkdir(parents=True, exist_ok=True)
        write_shard(place, number, sorted(found, key=lambda row: order[row.question_id]), kind)
        shutil.rmtree(parts)
    ranks.meet()
    return read_shard(shard_path(place, number), kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """Which of some rollouts this process scores."""

    ranks: Ranks = ALONE
    own: Sequence[int]
    """Their numbers, in order."""

    def of_all(self, found: Mapping[int, Tensor]) -> list[Tensor]:
        """Of each rollout its row, equal in all processes; `found` are this process's, by number, 1-d float32.

        A collective operation.
        """
        if self.ranks.is_alone:
            return [found[number] for number in self.own]
        parts = self.ranks.gather([[number, len(found[number])] for number in self.own])
        flats = self.ranks.gather_floats(torch.cat([torch.empty(0), *(found[number] for number in self.own)]))
        rows: dict[int, Tensor] = {}
        for part, flat in zip(parts, flats, strict=True):
            split = flat.split([length for _, length in part])
            rows.update(zip((number for number, _ in part), split, strict=True))
        return [rows[number] for number in range(len(rows))]


def deal(
    ranks: Ranks, model: ScoresGroups, questions: Mapping[str, Question], examples: Sequence[TrainingExample],
    numbers: Sequence[int],
) -> Dealt:  # fmt: skip
    """Of the rollouts of these numbers, the groups that this process takes, by tokens; a collective operation."""
    if ranks.is_alone or not numbers:
        return Dealt(own=numbers)
    own, _ = own_rows(ranks, model, questions, [examples[number] for number in numbers])
    mine = set(map(id, own))
    return Dealt(ranks=ranks, own=[number for number in numbers if id(examples[number]) in mine])

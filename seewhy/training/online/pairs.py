"""Online pairs: each round's rollouts are paired by what they earned, and trained on by an objective of pairs."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from seewhy.objectives.api import (
    Advantages,
    PairObjective,
    Reduction,
    RolloutBatch,
    RolloutView,
    State,
    TokenLoss,
    View,
    reference_views,
)
from seewhy.objectives.parts.views import RESPONSE, ROLLOUT_AND_REFERENCE
from seewhy.records.shards import write_shard
from seewhy.records.types import Pair, Response
from seewhy.training.api import dropping
from seewhy.training.examples import TrainingExample
from seewhy.training.online.dealt import deal
from seewhy.training.online.plan import ROUND, PairsPlan
from seewhy.training.online.prepare import Learner, Prepared
from seewhy.training.online.scored import drawn_at, passes_of
from seewhy.training.online.update import Mover, Sums, shuffled, take_updates
from seewhy.training.views import pair_view

PAIRS = "pairs"
"""Folder of a round's pairs, beside its rollouts."""
REWARDS_OF_SIDES = ("reward_chosen", "reward_rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlinePairs:
    """An objective of pairs as one of rollouts: what is trained on is chosen among those of a question."""

    objective: PairObjective
    plan: PairsPlan

    @property
    def name(self) -> str:
        """That of the objective."""
        return self.objective.name

    @property
    def views(self) -> tuple[View, ...]:
        """The start's log-probabilities too, where they are the reference; else those before the round are."""
        wants_start = bool(reference_views(self.objective)) and self.plan.reference != ROUND
        return ROLLOUT_AND_REFERENCE if wants_start else RESPONSE

    @property
    def reduction(self) -> Reduction:
        """Pairs have one loss each; it is not used."""
        return Reduction.SEQUENCE

    def initial(self) -> State:
        """That of the objective."""
        return self.objective.initial()

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """0: a rollout is compared with the other one of its pair."""
        return Advantages(tokens=torch.zeros_like(batch.old))

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """Raises TypeError: the loss is of pairs, which `update_pairs` takes."""
        raise TypeError(f"{self.name} has no loss of a single rollout")

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes between rounds; the objective's own state moves with each update."""
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Two rollouts of a question, by number."""

    chosen: int
    rejected: int
    margin: float
    """Difference of their total rewards, above 0."""


def pairs_of(totals: Sequence[float | None], groups: Sequence[int], plan: PairsPlan) -> list[Picked]:
    """The best of each question against its worst, the second best against the second worst, and so on.

    Args:
        totals: of each rollout; None is left out.
        groups: the number of each rollout's question.
        plan: how many of a question, and by which margin.

    Example:
        >>> [(one.chosen, one.rejected) for one in pairs_of([0.0, 1.0, None, 0.5], [0, 0, 0, 0], PairsPlan(most=2))]
        [(1, 0)]
    """
    members: dict[int, list[tuple[float, int]]] = {}
    for number, (total, group) in enumerate(zip(totals, groups, strict=True)):
        if total is not None:
            members.setdefault(group, []).append((-total, number))
    found: list[Picked] = []
    for ranked in map(sorted, members.values()):
        for place in range(min(plan.most, len(ranked) // 2)):
            (best, chosen), (worst, rejected) = ranked[place], ranked[-1 - place]
            if worst - best <= plan.margin:
                break
            found.append(Picked(chosen=chosen, rejected=rejected, margin=worst - best))
    return found


def pairs_in(prepared: Prepared, plan: PairsPlan) -> list[Picked]:
    """Those of a round: of rollouts that are trained on and differ."""
    totals = [total if is_trained else None
              for total, is_trained in zip(prepared.credit.totals, prepared.trained.tolist(), strict=True)]  # fmt: skip
    found = pairs_of(totals, prepared.credit.groups.tolist(), plan)
    return [one for one in found if _ids(prepared, one.chosen) != _ids(prepared, one.rejected)]


def keep_pairs(prepared: Prepared, pairs: Sequence[Picked], place: Path) -> None:
    """Writes the pairs of a round as rows."""

    def response(number: int) -> Response:
        chain = prepared.chains[number]
        return Response(text=chain.text, token_ids=chain.token_ids)

    place.mkdir(parents=True, exist_ok=True)
    write_shard(place, 0, [
        Pair(question_id=prepared.chains[one.chosen].question_id, style=prepared.chains[one.chosen].style,
             chosen=response(one.chosen), rejected=response(one.rejected), source="online", margin=one.margin)
        for one in pairs
    ], Pair)  # fmt: skip


def update_pairs(
    learner: Learner, online: OnlinePairs, prepared: Prepared, pairs: Sequence[Picked], mover: Mover, state: State,
    taken: int, seed: str,
) -> tuple[int, Sums, State]:  # fmt: skip
    """All updates of a round: how many were taken since the run began, the sums of their figures, the state after."""
    examples = [_example(prepared, one) for one in pairs]

    def batches(epoch: int) -> Iterator[list[int]]:
        return _batches(pairs, prepared, mover.fit.batch_size, random.Random(f"{seed}/{epoch}"))

    def gradients(batch: Sequence[int], state: State, sums: Sums) -> State:
        rewards = _gradients(learner, online, prepared, pairs, examples, batch, state, sums)
        return online.objective.advance(state, rewards) if len(rewards) else state

    taken, sums, state = take_updates(learner.ranks, mover, state, taken, batches, gradients)
    sums.add("pairs", float(len(pairs)))
    return taken, sums, state


def _gradients(
    learner: Learner, online: OnlinePairs, prepared: Prepared, pairs: Sequence[Picked],
    examples: Sequence[TrainingExample], batch: Sequence[int], state: State, sums: Sums,
) -> Tensor:  # fmt: skip
    """Adds up the gradients of the mean loss over a mini-batch, of the pairs of this process.

    Its result is the rewards of both sides, of all processes.
    """
    rewards = list[Tensor]()
    share = deal(learner.ranks, learner.model, learner.questions, examples, batch)
    for one in passes_of(learner.model, learner.questions, examples, share.own, learner.row_tokens):
        with drawn_at(learner.model, learner.drawn_at), dropping(learner.model, prepared.address):
            logps = learner.model.group_logps([group for part in one.shared for group in part.own_groups])
        frozen = [_frozen(online, prepared, pairs[number]) for number in one.numbers]
        view = pair_view(one.shared, logps, frozen if reference_views(online.objective) else None)
        found = online.objective.loss(view, state)
        loss = found.each.sum() / len(batch)
        sums.add("loss", loss, 0.0)
        loss.backward()
        for name, term in found.terms.items():
            sums.add(name, term.sum(), float(len(term)))
        rewards += [found.terms[name].detach() for name in REWARDS_OF_SIDES if name in found.terms]
    sums.add("loss", 0.0, float(learner.ranks.is_first))
    own = torch.cat(rewards).float().cpu() if rewards else torch.empty(0)
    return torch.cat(learner.ranks.gather_floats(own))


def _frozen(online: OnlinePairs, prepared: Prepared, pair: Picked) -> tuple[Tensor, Tensor]:
    """[time] log-probabilities of both sides under the reference: the start, or the policy before the round."""
    reference = prepared.batch.reference
    table = prepared.batch.old if online.plan.reference == ROUND or reference is None else reference
    chosen, rejected = (table[one, : len(_ids(prepared, one))] for one in (pair.chosen, pair.rejected))
    return chosen, rejected


def _ids(prepared: Prepared, number: int) -> tuple[int, ...]:
    return prepared.examples[number].responses[0]


def _example(prepared: Prepared, pair: Picked) -> TrainingExample:
    one = prepared.examples[pair.chosen]
    sides = (_ids(prepared, pair.chosen), _ids(prepared, pair.rejected))
    return TrainingExample(question_id=one.question_id, style=one.style, responses=sides)


def _batches(pairs: Sequence[Picked], prepared: Prepared, size: int, rng: random.Random) -> Iterator[list[int]]:
    """Pairs of each update: questions shuffled, those of one question beside each other."""
    groups = prepared.credit.groups.tolist()
    order = [number for part in shuffled([groups[one.chosen] for one in pairs], rng) for number in part]
    for start in range(0, len(order), size):
        yield order[start : start + size]

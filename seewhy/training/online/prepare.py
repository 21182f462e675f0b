"""From rewarded rollouts to what a policy is trained on: advantages, and the policy's log-probabilities before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from seewhy.objectives.api import PolicyObjective, RolloutBatch, RolloutView, State, reference_views
from seewhy.records.rollouts import TrainedRollout
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, Question
from seewhy.training.api import DrawsRollouts, dropping, drops
from seewhy.training.examples import TrainingExample
from seewhy.training.online.credit import Credit, credit_of
from seewhy.training.online.critic import Critic, with_one_more
from seewhy.training.online.dealt import Dealt, deal
from seewhy.training.online.draw import DrawnRound
from seewhy.training.online.plan import RolloutPlan
from seewhy.training.online.scored import (
    Reference,
    brought,
    examples_of,
    mask_of,
    passes_of,
    score_rollouts,
    table_of,
)
from seewhy.training.online.served import NO_GAPS, Gaps, gaps_of
from seewhy.training.parallel.ranks import ALONE, Ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """What a round is trained with."""

    model: DrawsRollouts
    objective: PolicyObjective
    critic: Critic | None
    reference: Reference | None
    questions: Mapping[str, Question]
    weights: Mapping[str, float]
    """Of the rewards; 0 is watched and not trained on."""
    plan: RolloutPlan
    row_tokens: int
    ranks: Ranks = ALONE
    """The processes that share the groups of each pass over rollouts."""
    is_served: bool = False
    """Whether servers draw, which keep nothing from being drawn; rollouts with such a token have no drawn tokens."""
    needs_drawn_tokens: bool = True
    """Whether rollouts whose tokens are their text encoded again are left out: a ratio of such tokens means nothing."""

    @property
    def drawn_at(self) -> float | None:
        """The temperature of the distribution that is drawn from, and trained; None is the bare one, of servers."""
        return None if self.is_served else self.plan.temperature

    @property
    def penalises_in_loss(self) -> bool:
        """Whether a rollout without an advantage still moves the policy: a divergence is penalised in the loss."""
        blank = RolloutView(policy=torch.zeros(1, 1), old=torch.zeros(1, 1), advantages=torch.zeros(1, 1),
                            mask=torch.ones(1, 1, dtype=torch.bool), reference=torch.ones(1, 1))  # fmt: skip
        return bool(self.objective.loss(blank, self.objective.initial()).each.any())

    def __post_init__(self) -> None:
        """Refuse an objective without the reference that it reads."""
        if reference_views(self.objective) and self.reference is None:
            raise ValueError(f"{self.objective.name} penalises the divergence from a reference, and there is none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A round, ready to be trained on; tables are [rows, time] on the CPU."""

    chains: tuple[Chain, ...]
    examples: tuple[TrainingExample, ...]
    credit: Credit
    batch: RolloutBatch
    """Its mask is that of all tokens."""
    trained: Tensor
    """[rows] whether a rollout is trained on: it has a reward, and was not cut where cut ones are skipped."""
    advantages: Tensor
    returns: Tensor | None
    weights: Tensor | None
    """Importance weights of tokens, where the sampler's own log-probabilities are corrected for."""
    sampler_gap: float
    """Largest difference of a log-probability between sampler and trainer, in nats."""
    gaps: Gaps
    """Their mean differences, where servers draw."""
    address: str = ""
    """By which an adapter drops in all passes of the round, so that ratios begin at 1."""

    @property
    def mask(self) -> Tensor:
        """Tokens that are trained on."""
        return self.batch.mask & self.trained[:, None]


def prepare(learner: Learner, drawn: DrawnRound, state: State, address: str = "") -> Prepared:
    """Scores the rollouts with the weights that drew them, and turns rewards into advantages.

    Where an adapter drops, the old log-probabilities are those of the net that is trained, with what is dropped at
    `address`; the sampler, which drops nothing, is compared with the whole net.
    """
    chains, plan = drawn.chains, learner.plan
    examples = tuple(examples_of(chains))
    lengths = [len(example.responses[0]) for example in examples]
    width = max(lengths)
    credit = credit_of(chains, drawn.earned, learner.weights, learner.model.pieces, apart=plan.apart)
    dealt = deal(learner.ranks, learner.model, learner.questions, examples, range(len(examples)))

    def scores() -> list[Tensor]:
        return score_rollouts(learner.model, learner.questions, examples, learner.drawn_at, learner.row_tokens, dealt)

    whole = scores()
    scored = whole
    if drops(learner.model):
        with dropping(learner.model, address):
            scored = scores()
    is_cut = torch.tensor([chain.stop is FinishReason.LENGTH for chain in chains])
    values, after = _values(learner, examples, is_cut, width, dealt)
    trained = credit.scored & ~is_cut if plan.skip_cut else credit.scored
    if learner.needs_drawn_tokens:
        trained = trained & ~torch.tensor([chain.is_respelt for chain in chains])
    batch = RolloutBatch(
        rewards=credit.tokens, scored=trained, groups=credit.groups, mask=mask_of(lengths, width),
        old=table_of(scored, width), reference=_reference(learner, examples, width, dealt), values=values, after=after,
    )  # fmt: skip
    found = learner.objective.advantages(batch, state)
    gaps, weights = _against_sampler(chains, whole, width, plan.correct_above)
    return Prepared(
        chains=chains, examples=examples, credit=credit, batch=batch, trained=trained, advantages=found.tokens,
        returns=found.returns, weights=weights, sampler_gap=max(gaps, default=0.0),
        gaps=gaps_of(chains, whole, learner.questions) if learner.is_served else NO_GAPS, address=address,
    )  # fmt: skip


def _reference(
    learner: Learner, examples: Sequence[TrainingExample], width: int, dealt: Dealt
) -> Tensor | None:  # fmt: skip
    if learner.reference is None:
        return None
    with learner.reference.frozen():
        rows = score_rollouts(
            learner.reference.model, learner.questions, examples, learner.drawn_at, learner.row_tokens,
            dealt,
        )  # fmt: skip
    return table_of(rows, width)


@torch.no_grad()
def _values(
    learner: Learner, examples: Sequence[TrainingExample], is_cut: Tensor, width: int, dealt: Dealt
) -> tuple[Tensor | None, Tensor | None]:
    """Values before each token, and after the last one where a cut rollout is bootstrapped."""
    if learner.critic is None:
        return None, None
    found: dict[int, Tensor] = {}
    for one in passes_of(learner.model, learner.questions, examples, dealt.own, learner.row_tokens):
        groups = [with_one_more(part.group) for part in one.shared]
        values = learner.critic.values(groups, learner.model.path_of([group.prompt for group in groups]))
        found.update(zip(one.numbers, brought(one.pick(values)), strict=True))
    rows = dealt.of_all(found)
    last = torch.stack([row[-1] for row in rows])
    after = torch.where(is_cut, last, 0.0) if learner.plan.bootstrap_cut else torch.zeros_like(last)
    return table_of([row[:-1] for row in rows], width), after


def _against_sampler(
    chains: Sequence[Chain], scored: Sequence[Tensor], width: int, ceiling: float
) -> tuple[list[float], Tensor | None]:
    """How far the sampler's log-probabilities are from the trainer's, and weights that correct for it.

    A log-probability that the sampler does not give has weight 1.
    """
    gaps: list[float] = []
    weights = torch.ones(len(chains), width)
    for place, (chain, row) in enumerate(zip(chains, scored, strict=True)):
        if chain.logprobs is None:
            continue
        drawn = torch.tensor(chain.logprobs)
        known = torch.isfinite(drawn)
        gap = torch.where(known, row - drawn, 0.0)
        gaps.append(float(gap.abs().max()))
        weights[place, : len(row)] = gap.exp().clamp(max=ceiling or None) if ceiling else 1.0
    return gaps, weights if ceiling else None


def keep(prepared: Prepared, place: Path) -> None:
    """Writes how each rollout is trained on, as rows next to its chains and rewards."""
    rows: list[TrainedRollout] = []
    for number, (chain, total) in enumerate(zip(prepared.chains, prepared.credit.totals, strict=True)):
        size = len(prepared.examples[number].responses[0])

        def cut(table: Tensor | None, number: int = number, size: int = size) -> tuple[float, ...] | None:
            return None if table is None else tuple(table[number, :size].tolist())

        rows.append(TrainedRollout(
            question_id=chain.question_id, index=chain.index, style=chain.style, total=total,
            old=cut(prepared.batch.old) or (), reference=cut(prepared.batch.reference),
            values=cut(prepared.batch.values), advantages=cut(prepared.advantages) or (), returns=cut(prepared.returns),
        ))  # fmt: skip
    place.mkdir(parents=True, exist_ok=True)
    write_shard(place, 0, rows, TrainedRollout)

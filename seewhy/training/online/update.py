"""The updates of a round: epochs of mini-batches over its rollouts, each one optimiser step with one denominator."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from seewhy.model.packed.sending import to_device
from seewhy.objectives.api import RolloutView, State
from seewhy.objectives.parts.reduction import reduce_tokens, row_weights
from seewhy.objectives.parts.values import value_loss
from seewhy.training.api import dropping
from seewhy.training.checkpoint import newest_words
from seewhy.training.online.critic import Critic
from seewhy.training.online.dealt import deal
from seewhy.training.online.prepare import Learner, Prepared
from seewhy.training.online.scored import Pass, drawn_at, mask_of, passes_of
from seewhy.training.parallel.ranks import Ranks
from seewhy.training.parallel.summed import add_gradients
from seewhy.training.plan import FitPlan
from seewhy.training.schedule import rate_at, set_rates
from seewhy.training.sums import NamedSums, added


@dataclass(slots=True, kw_only=True)
class Sums:
    """What the updates of a round add up to; means are taken once, at the end."""

    totals: NamedSums = field(default_factory=NamedSums)
    counts: dict[str, float] = field(default_factory=dict[str, float])

    def add(self, name: str, value: float | Tensor, count: float = 1.0) -> None:
        """One more; a tensor is read later, with the others of its update."""
        self.counts[name] = self.counts.get(name, 0.0) + count
        self.totals.add(name, value)

    def merge(self, ranks: Ranks) -> None:
        """Take in what the other processes added; a collective operation."""
        parts = ranks.gather([self.totals.values, self.counts])
        self.totals.values, self.counts = added([sums for sums, _ in parts]), added([counts for _, counts in parts])

    def means(self) -> dict[str, float]:
        """Of every figure that was counted."""
        return {name: value / self.counts[name] for name, value in self.totals.values.items() if self.counts[name]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Who moves the weights: one optimiser, whose rate is a function of the updates taken."""

    optimizer: torch.optim.Optimizer
    fit: FitPlan
    total: int
    """Updates of the whole run, at most."""
    parts: tuple[tuple[nn.Parameter, ...], ...]
    """Weights that are clipped together: the policy's, and the critic's."""
    directory: Path

    def step(self, taken: int, sums: Sums) -> float:
        """One update; the policy's gradient norm before it was clipped, read with what `sums` has not read.

        Raises:
            ArithmeticError: a gradient is not finite; no weight has moved.
        """
        most = self.fit.max_grad_norm or math.inf
        read = sums.totals.read([nn.utils.clip_grad_norm_(part, most) for part in self.parts if part])
        norms = [norm for [norm] in read]
        if not all(map(math.isfinite, norms)):
            raise ArithmeticError(
                f"{self.directory}: the gradient of update {taken} is not finite, and the update was not taken; "
                f"{newest_words(self.directory)}. Lower the learning rate"
            )
        set_rates(self.optimizer, rate_at(taken, self.total, self.fit))
        self.optimizer.step()
        return norms[0]


def shuffled(groups: Sequence[int], rng: random.Random) -> list[list[int]]:
    """The places of each group's members, groups in a drawn order."""
    members: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    found = list(members.values())
    rng.shuffle(found)
    return found


def mini_batches(prepared: Prepared, size: int, rng: random.Random) -> Iterator[list[int]]:
    """Rollouts of each update: questions shuffled, those of one question together where they fit."""
    members = shuffled(prepared.credit.groups.tolist(), rng)
    pieces = [part[start : start + size] for part in members for start in range(0, len(part), size)]
    batch: list[int] = []
    for piece in pieces:
        if batch and len(batch) + len(piece) > size:
            yield batch
            batch = []
        batch = [*batch, *piece]
    if batch:
        yield batch


def take_updates(
    ranks: Ranks, mover: Mover, state: State, taken: int, batches: Callable[[int], Iterator[list[int]]],
    gradients: Callable[[Sequence[int], State, Sums], State | None],
) -> tuple[int, Sums, State]:  # fmt: skip
    """Epochs of mini-batches; how many updates were taken since the run began, the sums of figures, the state after.

    Args:
        ranks: the processes that share each mini-batch.
        mover: who moves the weights.
        state: the objective's.
        taken: updates since the run began.
        batches: the mini-batches of an epoch, equal in all processes.
        gradients: adds up this process's part of the gradients of a mini-batch; the state after it, or None where no
            process has a gradient: then no update is taken, and moments and schedule stay.
    """
    sums, once = Sums(), float(ranks.is_first)
    sums.add("empty_updates", 0.0, once)
    moved = [parameter for part in mover.parts for parameter in part]
    for epoch in range(mover.fit.epochs):
        for batch in batches(epoch):
            mover.optimizer.zero_grad(set_to_none=True)
            after = gradients(batch, state, sums)
            if after is None:
                sums.add("empty_updates", once, 0.0)
                continue
            add_gradients(ranks, moved)
            norm = mover.step(taken, sums)
            sums.add("grad_norm", once * norm, once)
            state, taken = after, taken + 1
    mover.optimizer.zero_grad(set_to_none=True)
    if not ranks.is_alone:
        sums.merge(ranks)
    return taken, sums, state


def update(
    learner: Learner,
    prepared: Prepared,
    mover: Mover,
    state: State,
    taken: int,
    seed: str,
    *,
    moves_policy: bool = True,
) -> tuple[int, Sums]:
    """All updates of a round; how many were taken since the run began, and the sums of their figures.

    A mini-batch without signal, all of whose token losses have no gradient, takes no update.
    """

    def batches(epoch: int) -> Iterator[list[int]]:
        return mini_batches(prepared, mover.fit.batch_size, random.Random(f"{seed}/{epoch}"))

    def gradients(batch: Sequence[int], state: State, sums: Sums) -> State | None:
        has_signal = _gradients(learner, prepared, batch, state, sums, moves_policy=moves_policy)
        return state if has_signal else None

    taken, sums, _ = take_updates(learner.ranks, mover, state, taken, batches, gradients)
    return taken, sums


def _gradients(
    learner: Learner, prepared: Prepared, batch: Sequence[int], state: State, sums: Sums, *, moves_policy: bool
) -> bool:
    """Adds up the gradients of a mini-batch over the groups of this process; whether any process has one."""
    counts = prepared.mask[list(batch)].sum(dim=1).float()
    weights = dict(zip(batch, row_weights(counts, learner.objective.reduction, learner.plan.max_tokens), strict=True))
    chosen = [n for n in batch if prepared.trained[n] and (learner.critic or _has_signal(learner, prepared, n))]
    share = deal(learner.ranks, learner.model, learner.questions, prepared.examples, chosen)
    for one in passes_of(learner.model, learner.questions, prepared.examples, share.own, learner.row_tokens):
        scale = torch.stack([weights[number] for number in one.numbers])
        if moves_policy:
            part = _policy_loss(learner, prepared, one, scale, state, sums)
            sums.add("loss", part, 0.0)
            part.backward()
        if learner.critic:
            tokens = float(counts.sum())
            part = _critic_loss(learner, learner.critic, prepared, one, tokens, sums)
            sums.add("value_loss", part, 0.0)
            part.backward()
    if not chosen:
        return False
    once = float(learner.ranks.is_first)
    sums.add("loss", 0.0, once)
    if learner.critic:
        sums.add("value_loss", 0.0, once)
    return True


def _has_signal(learner: Learner, prepared: Prepared, number: int) -> bool:
    """Whether a rollout's token losses have a gradient: an advantage, or a penalty in the loss."""
    return bool(prepared.advantages[number].any()) or learner.penalises_in_loss


def _policy_loss(learner: Learner, prepared: Prepared, one: Pass, scale: Tensor, state: State, sums: Sums) -> Tensor:
    with drawn_at(learner.model, learner.drawn_at), dropping(learner.model, prepared.address):
        logps = one.pick(learner.model.group_logps([part.group for part in one.shared]))
    device, width = logps[0].device, max(map(len, logps))
    numbers = one.numbers
    lengths = [len(row) for row in logps]
    mask = to_device(mask_of(lengths, width), device)

    def rows(table: Tensor) -> Tensor:
        return to_device(table[numbers, :width], device)

    reference = prepared.batch.reference
    view = RolloutView(
        policy=nn.utils.rnn.pad_sequence(logps, batch_first=True), old=rows(prepared.batch.old), mask=mask,
        advantages=rows(prepared.advantages), reference=None if reference is None else rows(reference),
    )  # fmt: skip
    terms = learner.objective.loss(view, state)
    for name, term in terms.terms.items():
        sums.add(name, torch.where(mask, term, 0.0).sum(), float(sum(lengths)))
    each = terms.each if prepared.weights is None else terms.each * rows(prepared.weights)
    return reduce_tokens(each, mask, to_device(scale, device))


def _critic_loss(learner: Learner, critic: Critic, prepared: Prepared, one: Pass, tokens: float, sums: Sums) -> Tensor:
    """Its part of the mean over the tokens of the mini-batch."""
    groups = [part.group for part in one.shared]
    values = one.pick(critic.values(groups, learner.model.path_of([group.prompt for group in groups])))
    device, width, numbers = values[0].device, max(map(len, values)), one.numbers
    lengths = [len(row) for row in values]
    mask = to_device(mask_of(lengths, width), device)
    old, returns = prepared.batch.values, prepared.returns
    assert old is not None
    assert returns is not None
    each, held = value_loss(
        nn.utils.rnn.pad_sequence(values, batch_first=True), to_device(old[numbers, :width], device),
        to_device(returns[numbers, :width], device), critic.plan.clip,
    )  # fmt: skip
    sums.add("value_clipped", torch.where(mask, held, 0.0).sum(), float(sum(lengths)))
    return critic.plan.weight * torch.where(mask, each, 0.0).sum() / tokens

"""From what a stage names to a run of online training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seewhy.objectives.api import PairObjective, PolicyObjective, reference_views
from seewhy.records.types import Question, StepLog, Style
from seewhy.rewards.api import Reward
from seewhy.training.monitor.plan import UNGUARDED, GuardPlan
from seewhy.training.online.critic import Critic
from seewhy.training.online.draw import Drawing
from seewhy.training.online.fit import WHOLE, OnlineRun, fit_online
from seewhy.training.online.pairs import OnlinePairs
from seewhy.training.online.plan import CriticPlan, PairsPlan, RolloutPlan
from seewhy.training.online.prepare import Learner
from seewhy.training.online.scored import Reference
from seewhy.training.online.served import ServesRollouts
from seewhy.training.parallel.plan import ShardPlan
from seewhy.training.parallel.ranks import ranks_here
from seewhy.training.plan import FitPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an online training is put together from."""

    model: Any
    """A `DrawsRollouts`, as it is before the first round."""
    objective: PolicyObjective | PairObjective
    pairs: PairsPlan
    """Of objectives of pairs."""
    rewards: Mapping[str, Reward]
    weights: Mapping[str, float]
    questions: Sequence[Question]
    plan: RolloutPlan
    fit: FitPlan
    critic: CriticPlan | None
    style: Style
    directory: Path
    reference: Callable[[], Any]
    """Opens the start once more; called where a divergence from it is penalised and no adapter can be switched off."""
    note: Callable[[str], None]
    guard: GuardPlan = UNGUARDED
    shard: ShardPlan = WHOLE
    off_is_start: bool = True
    """Whether the model with its adapter off is the start: not so where an adapter is gone on with, or modules beside
    it are trained whole."""
    served: ServesRollouts | None = None
    """Servers that draw in the model's place."""
    recipe: Mapping[str, object]
    """What else decides the run, as plain data."""


def train_online(parts: Parts) -> Iterator[StepLog]:
    """The rounds that are left; as in `fit_online`."""
    questions = {question.id: question for question in parts.questions}
    objective = _objective(parts)
    learner = Learner(
        model=parts.model, objective=objective, questions=questions, weights=parts.weights, plan=parts.plan,
        critic=_critic(parts), reference=_reference(parts, objective), row_tokens=parts.fit.row_tokens,
        ranks=ranks_here(), is_served=parts.served is not None,
        needs_drawn_tokens=not isinstance(parts.objective, PairObjective),
    )  # fmt: skip
    drawing = Drawing(
        model=parts.model, rewards=parts.rewards, questions=parts.questions, plan=parts.plan, style=parts.style,
        seed=parts.fit.seed, directory=parts.directory, ranks=ranks_here(), served=parts.served,
    )  # fmt: skip
    recipe = {**parts.recipe, "weights": dict(parts.weights), "critic": parts.critic and asdict(parts.critic)}
    yield from fit_online(OnlineRun(
        drawing=drawing, learner=learner, fit=parts.fit, recipe=recipe, note=parts.note, guard=parts.guard,
        shard=parts.shard,
    ))  # fmt: skip


def _critic(parts: Parts) -> Critic | None:
    if parts.critic is None:
        return None
    return Critic(parts.model.net, parts.critic, parts.model.compute, parts.fit.seed)


def _objective(parts: Parts) -> PolicyObjective:
    if isinstance(parts.objective, PairObjective):
        return OnlinePairs(objective=parts.objective, plan=parts.pairs)
    return parts.objective


def _reference(parts: Parts, objective: PolicyObjective) -> Reference | None:
    """The start: the model with its new adapter off, which is the start to the bit, or a copy of its own."""
    if not reference_views(objective):
        return None
    if parts.model.has_adapter and parts.off_is_start:
        return Reference(model=parts.model, off=parts.model.adapter_off)
    return Reference(model=parts.reference())

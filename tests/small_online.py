"""Online runs of the tiny LLaVA of `small_hub`, small enough for kills and for comparing to the bit."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from small_hub import asked_in, opened

from seewhy.model.plan import AdapterPlan
from seewhy.objectives.api import PolicyObjective
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.ppo import PPO
from seewhy.records.types import Chain, Question, StepLog, Style
from seewhy.rewards.api import Earned, Reward
from seewhy.training.online.critic import Critic
from seewhy.training.online.draw import Drawing
from seewhy.training.online.fit import OnlineRun, fit_online
from seewhy.training.online.plan import CriticPlan, RolloutPlan
from seewhy.training.online.prepare import Learner
from seewhy.training.online.scored import Reference
from seewhy.training.parallel.ranks import ranks_here
from seewhy.training.plan import FitPlan

FULL = AdapterPlan(rank=0)
PLAN = RolloutPlan(rounds=4, questions=2, per_question=4, max_tokens=6)
FIT = FitPlan(learning_rate=3e-3, batch_size=4, epochs=2, save_every=2, row_tokens=400, warmup=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenReward:
    """Share of even token ids; waits before it answers, to make room for a kill."""

    pause: float = 0.0

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        time.sleep(self.pause)
        return tuple(
            Earned(value=sum(t % 2 == 0 for t in c.token_ids or ()) / len(c.token_ids or (1,))) for c in chains
        )


def online(
    directory: Path, name: str, *, objective: PolicyObjective | None = None, plan: RolloutPlan = PLAN,
    fit: FitPlan = FIT, rewards: Mapping[str, Reward] | None = None, weights: Mapping[str, float] | None = None,
    critic: CriticPlan | None = None, adapter: AdapterPlan = FULL, notes: list[str] | None = None,
) -> OnlineRun:  # fmt: skip
    """A run in `directory / name`."""
    objective = objective or GRPO()
    model, questions = opened(directory, adapter), asked_in(directory)
    given = rewards or {"even": EvenReward()}
    wants = critic or (CriticPlan(learning_rate=1e-2) if isinstance(objective, PPO) else None)
    needs = any(view.scorer == "reference" for view in objective.views)
    learner = Learner(
        model=model, objective=objective, row_tokens=fit.row_tokens, plan=plan, ranks=ranks_here(),
        critic=Critic(model.net, wants, model.compute, seed=0) if wants else None,
        reference=Reference(model=opened(directory, FULL)) if needs else None,
        questions={question.id: question for question in questions},
        weights=weights or dict.fromkeys(given, 1.0),
    )  # fmt: skip
    drawing = Drawing(model=model, rewards=given, questions=questions, plan=plan, style=Style.REASON, seed=0,
                      directory=directory / name, ranks=ranks_here())  # fmt: skip
    notes = notes if notes is not None else []
    return OnlineRun(drawing=drawing, learner=learner, fit=fit, recipe={}, note=notes.append)


def run_slowly(directory: Path, name: str, objective: PolicyObjective) -> None:
    """A run with room for kills in its rewards and between its rounds."""
    torch.set_num_threads(1)
    for _ in slow(directory, name, objective, 0.05):
        time.sleep(0.02)


def slow(directory: Path, name: str, objective: PolicyObjective, pause: float) -> Iterator[StepLog]:
    plan = replace(PLAN, rounds=6)
    return fit_online(
        online(directory, name, objective=objective, plan=plan, rewards={"even": EvenReward(pause=pause)})
    )


def finish_both(directory: Path, objective: PolicyObjective) -> None:
    """The run that was killed, and one that was not."""
    torch.set_num_threads(1)
    for name in ("killed", "whole"):
        list(slow(directory, name, objective, 0.0))

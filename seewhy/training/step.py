"""One optimiser step: gradients of all its forward passes, checked, clipped, and applied at the scheduled rate."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from seewhy.model.plan import BF16
from seewhy.objectives.api import State
from seewhy.records.types import Question, StepLog
from seewhy.training.api import Trainable
from seewhy.training.examples import TrainingExample, forwards_of
from seewhy.training.memory.peak import PROCESS, StepPeak
from seewhy.training.monitor.lengths import with_cosine
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.plan import FitPlan
from seewhy.training.schedule import rate_factor, set_rates
from seewhy.training.scoring import Scoring, rewards_of, sums_of

LN_2 = math.log(2)
LN_2_TOLERANCE = 1e-4
LN_2_TOLERANCE_BF16 = 2e-2
"""A sum of log-probabilities depends on what it was computed beside then, as products are rounded to 8 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that one training run is made of."""

    model: Trainable
    scoring: Scoring
    examples: Sequence[TrainingExample]
    questions: Mapping[str, Question]
    plan: FitPlan
    guard: GuardPlan
    directory: Path
    steps: Sequence[tuple[int, ...]]
    extra: Mapping[str, float]
    """Figures that stand in every step's log."""


def take_step(run: Run, optimizer: torch.optim.AdamW, step: int, state: State) -> tuple[StepLog, State]:
    """One update: gradients of all forward passes of the step, clipped, at the scheduled rate."""
    began = time.perf_counter()
    rows = [run.examples[place] for place in run.steps[step]]
    optimizer.zero_grad(set_to_none=True)
    peak = StepPeak.begin(next(run.model.net.parameters()).device)
    terms, state_after = _gradients(run, rows, state)
    _check(run, step, terms)
    terms["grad_norm"] = _clip(run, optimizer, step)
    factor = rate_factor(step, len(run.steps), run.plan.warmup)
    set_rates(optimizer, factor)
    optimizer.step()
    loss = terms.pop("loss")
    log = StepLog(
        step=step,
        loss=loss,
        learning_rate=run.plan.learning_rate * factor,
        terms={
            **terms,
            **run.extra,
            "rows": float(len(rows)),
            "steps": float(len(run.steps)),
            "resident_mb": PROCESS.max_mb(),
            **peak.figures(),
        },
        seconds=time.perf_counter() - began,
    )
    return log, state_after


def _gradients(run: Run, rows: Sequence[TrainingExample], state: State) -> tuple[dict[str, float], State]:
    """Adds up the gradients of sum(each) / rows over the forward passes; means of all figures, and the state after."""
    sums: dict[str, float] = {}
    rewards: list[torch.Tensor] = []
    tokens, above = 0, 0
    for forward in forwards_of(run.model, run.questions, rows, run.plan.row_tokens):
        logps = run.model.group_logps([shared.group for shared in forward])
        scored = run.scoring.score(forward, logps, state)
        (scored.loss.each.sum() / len(rows)).backward()
        rewards.append(rewards_of(scored))
        for name, value in sums_of(scored).items():
            sums[name] = sums.get(name, 0.0) + value
        size = sum(run.model.group_tokens(shared.group) for shared in forward)
        tokens, above = tokens + size, above + (size > run.plan.row_tokens)
    means = {name: value / len(rows) for name, value in sums.items()}
    figures = with_cosine(means) | {"tokens": float(tokens), "rows_above_budget": float(above)}
    return figures, run.scoring.advance(state, torch.cat(rewards))


def _check(run: Run, step: int, terms: Mapping[str, float]) -> None:
    """Stops before weights are harmed: a loss that is no number, or reference rows of another model."""
    if not math.isfinite(terms["loss"]):
        raise ArithmeticError(
            f"{run.directory}: the loss of step {step} is {terms['loss']}; the weights before it are in the newest "
            "checkpoint. Lower the learning rate, or look at the rows of this step"
        )
    tolerance = LN_2_TOLERANCE_BF16 if run.model.settings.get("precision") == BF16 else LN_2_TOLERANCE
    if step == 0 and "dpo" in terms and abs(terms["dpo"] - LN_2) > tolerance:
        raise ValueError(
            f"the DPO loss before the first update is {terms['dpo']:.6f} where policy and reference being equal gives "
            "ln 2 = 0.693147: the reference rows do not belong to this model; run the reference stage again with it"
        )


def _clip(run: Run, optimizer: torch.optim.AdamW, step: int) -> float:
    """Scales gradients down to the plan's norm where they are above it; the norm before."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    most = run.plan.max_grad_norm or math.inf
    norm = float(torch.nn.utils.clip_grad_norm_(parameters, most))
    if not math.isfinite(norm):
        raise ArithmeticError(f"{run.directory}: the gradient of step {step} is not finite; lower the learning rate")
    return norm

"""One optimiser step: gradients of all its forward passes, checked, clipped, and applied at the scheduled rate."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from seewhy.model.plan import ComputePlan
from seewhy.objectives.api import State
from seewhy.records.types import Question, StepLog
from seewhy.training.ahead import Ahead
from seewhy.training.api import Trainable, dropping, drops
from seewhy.training.checkpoint import newest_words
from seewhy.training.examples import TrainingExample, has_pictures
from seewhy.training.grouping import forwards_of, group_tokens, groups_of
from seewhy.training.memory.peak import PROCESS, StepPeak
from seewhy.training.monitor.lengths import with_cosine
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.parallel.engine import ONE_PROCESS, Engine
from seewhy.training.parallel.own_rows import own_rows
from seewhy.training.parallel.plan import ShardPlan
from seewhy.training.parallel.ranks import ALONE, Ranks
from seewhy.training.parallel.shard_files import gathered
from seewhy.training.plan import FitPlan, ValidationPlan
from seewhy.training.schedule import rate_at, set_rates
from seewhy.training.scoring import Scoring, rewards_of
from seewhy.training.sums import added
from seewhy.training.totals import AT_REFERENCE, StepTotals

WHOLE = ShardPlan()
START_TOLERANCE = 1e-4
"""How far the first loss may be from that of a policy equal to its reference: nats, or a share where that is above 1.
"""
ROUNDED_START_TOLERANCE = 2e-2
"""The same in bfloat16 and TF32, where a sum of log-probabilities depends on the batch that it was computed in."""


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
    """Figures that every step's log holds."""
    streams: tuple[str, ...] = ()
    """Names of the streams of rows; two or more are logged separately."""
    digest: str = ""
    """Hash of the rows."""
    held: Sequence[TrainingExample] = ()
    """Examples that are looked at and not trained on."""
    validation: ValidationPlan | None = None
    """How; None where there are none."""
    held_digest: str = ""
    """Hash of them."""
    ranks: Ranks = ALONE
    """The processes that take each step together."""
    shard: ShardPlan = WHOLE
    """How weights are distributed over these processes."""


def take_step(
    run: Run, optimizer: torch.optim.Optimizer, step: int, state: State, engine: Engine = ONE_PROCESS,
    ahead: Ahead | None = None,
) -> tuple[StepLog, State]:  # fmt: skip
    """One update: gradients of all forward passes of the step, clipped, at the scheduled rate.

    `ahead` has the rows of the step, and encodes the next one's meanwhile.
    """
    began = time.perf_counter()
    rows = ahead.begin(step) if ahead else [run.examples[place] for place in run.steps[step]]
    optimizer.zero_grad(set_to_none=True)
    peak = StepPeak.begin(next(run.model.net.parameters()).device)
    is_looked_at = step == 0 and drops(run.model)
    if is_looked_at:
        # What is dropped changes the loss of an adapter that is gone on with: the start is looked at whole.
        terms = figures_of_rows(run, engine, rows, state)
        _check(run, step, terms, terms.get(AT_REFERENCE))
    with dropping(run.model, f"{run.plan.seed}/{step}"):
        terms, state_after = _gradients(run, engine, rows, state, optimizer, ahead)
    expected = terms.pop(AT_REFERENCE, None)
    _check(run, step, terms, None if is_looked_at else expected)
    if not math.isfinite(terms["grad_norm"]):
        raise ArithmeticError(
            f"{run.directory}: the gradient of step {step} is not finite, and the step was not taken; "
            f"{newest_words(run.directory)}. Lower the learning rate, or look at the rows of this step"
        )
    factor = rate_at(step, len(run.steps), run.plan)
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
            **run.ranks.highest({"resident_mb": PROCESS.max_mb(), **peak.figures()}),
        },
        seconds=time.perf_counter() - began,
    )
    return log, state_after


@torch.no_grad()
def figures_of_rows(run: Run, engine: Engine, rows: Sequence[TrainingExample], state: State) -> dict[str, float]:
    """Means of all figures of some rows, of all processes, with the weights as they are."""
    return _gradients(run, engine, rows, state)[0]


def _gradients(
    run: Run, engine: Engine, rows: Sequence[TrainingExample], state: State,
    moves: torch.optim.Optimizer | None = None, ahead: Ahead | None = None,
) -> tuple[dict[str, float], State]:  # fmt: skip
    """Adds up the gradients of the weighted mean over the forward passes; means of all figures, and the state after.

    Where an optimiser `moves` weights, their gradients are clipped and `grad_norm` is the norm before. Nothing is read
    from the device before all passes are asked for, and then all at once. Each process takes some of the rows; what is
    returned is of them all.
    """
    totals = StepTotals.of(rows, run.streams)
    rewards: list[torch.Tensor] = []
    tokens, above = 0, 0
    prompts = ahead.prompts if ahead else None
    own, spare = own_rows(run.ranks, run.model, run.questions, rows, prompts)
    forwards = forwards_of(run.model, run.questions, own, run.plan.row_tokens, prompts) if own else []
    if engine.is_single:
        forwards = [[shared] for forward in forwards for shared in forward]
    passes = engine.count_passes(len(forwards))
    for number in range(passes):
        with engine.one_pass(number, passes):
            if number >= len(forwards):
                nothing = _nothing(run, spare)
                if moves is not None:
                    nothing.backward()
                continue
            forward = forwards[number]
            logps = run.model.group_logps(groups_of(forward))
            scored = run.scoring.score(forward, logps, state)
            part = totals.add(scored, [example for shared in forward for example in shared.examples])
            if moves is not None:
                part.backward()
        rewards.append(rewards_of(scored))
        size = sum(group_tokens(run.model, shared) for shared in forward)
        tokens, above = tokens + size, above + (size > run.plan.row_tokens)
    norms: list[torch.Tensor] = []
    if moves is not None:
        engine.end_passes(has_pictures=any(has_pictures(run.questions, row) for row in rows))
        norms.append(_clipped(run, moves))
    figures = {"tokens": float(tokens), "rows_above_budget": float(above)}
    read = totals.sums.read([*rewards, *norms])
    gained = [reward for of_pass in read[: len(rewards)] for reward in of_pass]
    if not run.ranks.is_alone:
        parts = run.ranks.gather([totals.sums.values, figures, gained])
        totals.sums.values = added([sums for sums, _, _ in parts])
        figures = added([each for _, each, _ in parts])
        gained = [reward for *_, some in parts for reward in some]
    if moves is not None:
        [figures["grad_norm"]] = read[-1]
    return with_cosine(totals.means()) | figures, run.scoring.advance(state, torch.tensor(gained))


def _nothing(run: Run, spare: TrainingExample) -> torch.Tensor:
    """A pass that weighs nothing, for the other processes wait for one."""
    [[shared]] = forwards_of(run.model, run.questions, [spare], run.plan.row_tokens)
    logps = run.model.group_logps(groups_of([shared]))
    return torch.stack([row.sum() for rows in logps for row in rows]).sum() * 0.0


def _check(run: Run, step: int, terms: Mapping[str, float], expected: float | None) -> None:
    """Stops before weights are harmed: a loss that is no number, or reference rows of another model."""
    loss = terms["loss"]
    if not math.isfinite(loss):
        raise ArithmeticError(
            f"{run.directory}: the loss of step {step} is {loss}, and the step was not taken; "
            f"{newest_words(run.directory)}. Lower the learning rate, or look at the rows of this step"
        )
    tolerance = ROUNDED_START_TOLERANCE if ComputePlan.rounds(run.model.settings) else START_TOLERANCE
    if step == 0 and expected is not None and not abs(loss - expected) <= tolerance * max(1.0, abs(expected)):
        raise ValueError(
            f"{run.directory}: the loss ({run.scoring.objective.name}) before the first update is {loss:.6f}; with "
            f"policy and reference equal it is {expected:.6f}. The reference rows do not belong to this model: run "
            "the reference stage again with it"
        )


def _clipped(run: Run, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    """Scales gradients down to the plan's norm where they are above it; [] the norm before, on the device."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    return gathered(torch.nn.utils.clip_grad_norm_(parameters, run.plan.max_grad_norm or math.inf))

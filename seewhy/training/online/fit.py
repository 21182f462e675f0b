"""Train a policy on rollouts that it draws: one loop that yields what happened in each round and can be resumed."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path

from torch import nn

from seewhy.model.plan import ComputePlan
from seewhy.objectives.api import State
from seewhy.records.step_logs import append_step, cut_steps, read_steps
from seewhy.records.types import StepLog
from seewhy.records.unknown_logprobs import unknown_logprobs
from seewhy.training.api import assume_frozen
from seewhy.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from seewhy.training.export import export
from seewhy.training.identity import weights_fingerprint
from seewhy.training.memory.peak import PROCESS
from seewhy.training.monitor.alarms import Alarm, AlarmDetector, AlarmError
from seewhy.training.monitor.plan import UNGUARDED, GuardPlan
from seewhy.training.monitor.stopping import stop_words
from seewhy.training.moving import words_of
from seewhy.training.online.draw import TRAINED, Drawing, DrawnRound, draw_round, folder_of
from seewhy.training.online.figures import drawn_figures, failures_of, reward_figures
from seewhy.training.online.pairs import PAIRS, OnlinePairs, keep_pairs, pairs_in, update_pairs
from seewhy.training.online.plan import require_whole_once
from seewhy.training.online.prepare import Learner, Prepared, keep, prepare
from seewhy.training.online.served import gap_fault, require_tokens
from seewhy.training.online.update import Mover, Sums, update
from seewhy.training.optimizers import optimizer_of
from seewhy.training.parallel.plan import SHARDED, ShardPlan
from seewhy.training.parallel.ranks import Ranks
from seewhy.training.parallel.summed import begin_equal
from seewhy.training.plan import FitPlan
from seewhy.training.resuming import reached, require_equal
from seewhy.training.schedule import moved_parameters, rate_at

WHOLE = ShardPlan()
ASKED, TAKEN = "asked", "updates"
"""In the checkpoint, in addition to the objective's own state: questions taken, and updates."""
SAMPLER_TOLERANCE = 1e-4
"""Nats by which sampler and trainer may differ in float32 without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineRun:
    """Everything that an online training is made of."""

    drawing: Drawing
    learner: Learner
    fit: FitPlan
    """`epochs` are passes over the rollouts of a round, `batch_size` rollouts an update, `save_every` rounds."""
    recipe: Mapping[str, object]
    """What else decides the run, as plain data: rewards with their settings and weights, the critic's plan."""
    note: Callable[[str], None]
    guard: GuardPlan = UNGUARDED
    shard: ShardPlan = WHOLE
    """How weights are distributed over processes: every one holds them whole here."""

    @property
    def ranks(self) -> Ranks:
        """The processes that train together."""
        return self.learner.ranks

    @property
    def directory(self) -> Path:
        """Its path."""
        return self.drawing.directory

    @property
    def total(self) -> int:
        """Updates at most."""
        plan = self.drawing.plan
        return plan.rounds * self.fit.epochs * -(-plan.questions * plan.per_question // self.fit.batch_size)


def fit_online(run: OnlineRun) -> Iterator[StepLog]:
    """Trains the policy in place, and yields a log a round.

    Called again after a stop, with the model as it was before the first round, it goes on from the newest checkpoint
    and yields the rounds from there; rollouts and rewards that are there as rows are not made again. At the end
    `directory/model` is the trained model and `directory/done.json` says so.

    Where this process has joined others (`parallel.ranks.join`), all of them call it, with equal models and questions,
    and get equal logs. They share the questions of a draw and the groups of each pass, and the first writes the files.
    """
    _require(run)
    run.directory.mkdir(parents=True, exist_ok=True)
    contents, ranks = _contents_of(run), run.ranks
    require_equal(ranks, run.directory, contents)
    detector = AlarmDetector()
    with _moving(run) as (mover, weights):
        found = reached(ranks, run.directory, contents)
        start = {**run.learner.objective.initial(), ASKED: 0.0, TAKEN: 0.0}
        progress = found[1] if found else Progress(steps=0, objective=start, run=contents)
        if found:
            load_checkpoint(found[0], weights, mover.optimizer)
        begin_equal(ranks, [p for p in weights.parameters() if p.requires_grad])
        if ranks.is_first:
            cut_steps(run.directory / "steps.jsonl", progress.steps)
        ranks.meet()
        rung = [alarm for log in read_steps(run.directory / "steps.jsonl") for alarm in detector.take(log)]
        if not (run.directory / "done.json").exists():
            _require_none(run, rung)
        state = progress.objective
        for number in range(progress.steps, run.drawing.plan.rounds):
            log, state = _round(run, mover, number, state)
            if ranks.is_first:
                append_step(run.directory / "steps.jsonl", log)
            rung = detector.take(log)
            is_stopped = any(run.guard.stops(alarm.name) for alarm in rung)
            if (number + 1) % run.fit.save_every == 0 or number + 1 == run.drawing.plan.rounds or is_stopped:
                progress = Progress(steps=number + 1, objective=state, run=contents)
                if ranks.is_first:
                    save_checkpoint(run.directory, weights, mover.optimizer, progress)
            yield log
            _require_none(run, rung)
    if ranks.is_first:
        export(run.learner.model, run.directory, run.drawing.plan.rounds)
    ranks.meet()


def _require(run: OnlineRun) -> None:
    wants = constant(run.learner.objective, "needs_critic")
    if wants and run.learner.critic is None:
        raise ValueError(f"{run.learner.objective.name} needs a critic")
    require_whole_once(run.fit, run.learner.objective.name, constant(run.learner.objective, "is_on_policy"))
    if not run.ranks.is_alone and run.shard.of_launcher(os.environ).kind == SHARDED:
        raise ValueError("online training draws with whole weights in every process: set machine.shard.kind to copies")


def _require_none(run: OnlineRun, rung: Sequence[Alarm]) -> None:
    """AlarmError where one of these alarms stops the run."""
    stop = next((alarm for alarm in rung if run.guard.stops(alarm.name)), None)
    if stop is not None:
        run.ranks.meet()  # the first process has saved what the words name
        raise AlarmError(stop_words(stop, run.directory))


def constant(objective: object, name: str) -> bool:
    """A constant of an objective's class that is False where it has none."""
    return bool(vars(type(objective)).get(name, False))


def _round(run: OnlineRun, mover: Mover, number: int, state: State) -> tuple[StepLog, State]:
    began = time.perf_counter()
    learner, own = run.learner, {name: value for name, value in state.items() if name not in (ASKED, TAKEN)}
    drawn = draw_round(run.drawing, number, int(state[ASKED]))
    drawn_at = time.perf_counter()
    taken = int(state[TAKEN])
    figures: dict[str, float] = {"draws": float(drawn.draws), "dropped_questions": float(drawn.dropped)}
    rate = run.fit.learning_rate * rate_at(taken, run.total, run.fit)
    loss = 0.0
    if drawn.chains:
        if learner.needs_drawn_tokens:
            require_tokens(drawn.chains)
        prepared = prepare(learner, drawn, own, f"round/{run.fit.seed}/{number}")
        figures |= _served_figures(run, number, drawn, prepared)
        if run.ranks.is_first:
            keep(prepared, folder_of(run.directory, number) / TRAINED)
        figures |= reward_figures(drawn, learner.weights) | drawn_figures(prepared)
        _tell(run, number, prepared.sampler_gap, failures_of(drawn))
        warming = learner.critic is not None and number < learner.critic.plan.warmup_rounds
        seed = f"update/{run.fit.seed}/{number}"
        before = taken
        if isinstance(learner.objective, OnlinePairs):
            place = folder_of(run.directory, number) / PAIRS
            taken, sums, own = _on_pairs(learner, learner.objective, prepared, place, mover, own, taken, seed)
        else:
            taken, sums = update(learner, prepared, mover, own, taken, seed, moves_policy=not warming)
        figures |= sums.means()
        figures["updates"] = float(taken - before)
        loss = figures.pop("loss", 0.0)
        own = learner.objective.advance(own, figures.get("kl_reference", 0.0), len(drawn.chains))
        figures |= own
    else:
        why = f"no question with outcomes that differ in {drawn.draws} draws"
        if drawn.unspelt:
            why = (f"none of {drawn.unspelt} rollouts has tokens: the servers hid them, and their text cannot be "
                   "encoded again")  # fmt: skip
        run.note(f"round {number}: {why}; no update")
        figures["updates"] = 0.0
    seconds = time.perf_counter() - began
    slowest = run.ranks.highest({"draw_seconds": drawn_at - began, "resident_mb": PROCESS.max_mb()})
    terms = {**figures, "rows": float(len(drawn.chains)), "steps": float(run.drawing.plan.rounds), **slowest}
    log = StepLog(step=number, loss=loss, learning_rate=rate, terms=terms, seconds=seconds)
    return log, {**own, ASKED: float(drawn.asked), TAKEN: float(taken)}


def _served_figures(run: OnlineRun, number: int, drawn: DrawnRound, prepared: Prepared) -> dict[str, float]:
    """Of servers that draw; ValueError where rollouts are of other weights than were given for this round."""
    served = run.drawing.served
    if served is None:
        return {}
    steps = {chain.weights_step for chain in drawn.chains}
    if steps == {number}:
        place = folder_of(run.directory, number)
        fault = gap_fault(prepared.gaps, served.max_gap)
        if fault:
            served.forget()
            if run.ranks.is_first:
                refused = place.with_name(f"{place.name}.refused")
                shutil.rmtree(refused, ignore_errors=True)
                place.rename(refused)
            raise ValueError(f"{place}: {fault}")
    ages = [number - step for step in steps if step is not None]
    return {
        **{f"sampler_gap/{kind}": gap for kind, gap in prepared.gaps.mean.items()}, **served.figures(),
        "weights_age": float(max(ages, default=0)), "respelt": float(sum(chain.is_respelt for chain in drawn.chains)),
        "unspelt": float(drawn.unspelt), "unknown_logprobs": float(unknown_logprobs(drawn.chains)),
    }  # fmt: skip


def _on_pairs(
    learner: Learner, online: OnlinePairs, prepared: Prepared, place: Path, mover: Mover, state: State, taken: int,
    seed: str,
) -> tuple[int, Sums, State]:  # fmt: skip
    """The updates of a round on pairs of its rollouts, which are kept as rows before."""
    pairs = pairs_in(prepared, online.plan)
    if learner.ranks.is_first:
        keep_pairs(prepared, pairs, place)
    return update_pairs(learner, online, prepared, pairs, mover, state, taken, seed)


def _tell(run: OnlineRun, number: int, gap: float, failures: Sequence[str]) -> None:
    is_exact = not ComputePlan.rounds(run.learner.model.settings)
    if number == 0 or (is_exact and gap > SAMPLER_TOLERANCE):
        within = "within" if gap <= SAMPLER_TOLERANCE else "above"
        run.note(f"round {number}: log-probabilities of sampler and trainer differ by at most {gap:.2g} nats, {within} "
                 f"{SAMPLER_TOLERANCE:g}")  # fmt: skip
    for line in failures[:3]:
        run.note(f"round {number}: {line}")


def _contents_of(run: OnlineRun) -> dict[str, str]:
    """Hashes of what must be the same for a run to be resumed; how often it saves may change."""

    def hashed(value: object) -> str:
        return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()

    objective = run.learner.objective
    settings = asdict(objective) if is_dataclass(objective) and not isinstance(objective, type) else {}
    fit = {name: value for name, value in asdict(run.fit).items() if name != "save_every"}
    return {
        "plan": hashed([fit, asdict(run.drawing.plan), run.drawing.style, run.drawing.seed]),
        "objective": hashed([objective.name, settings]),
        "rewards or critic": hashed(run.recipe),
        "questions": hashed([question.id for question in run.drawing.questions]),
        "starting model": weights_fingerprint(run.learner.model),
        **run.learner.model.settings,
    }


@contextmanager
def _moving(run: OnlineRun) -> Generator[tuple[Mover, nn.Module]]:
    """Who moves the weights, and what is saved of them; the others ask for no gradient, and dropout is off."""
    model, critic, fit = run.learner.model, run.learner.critic, run.fit
    moved = moved_parameters(model, fit)
    moving = {id(p) for parameters in moved.values() for p in parameters}
    asked = [(p, p.requires_grad) for p in model.net.parameters()]
    was_training = model.net.training
    try:
        model.net.eval()
        for parameter, _ in asked:
            parameter.requires_grad_(id(parameter) in moving)
        optimizer = optimizer_of(moved, fit, words_of(model.net))
        parts = [tuple(p for parameters in moved.values() for p in parameters)]
        saved = nn.ModuleDict({"policy": model.net})
        if critic is not None:
            saved["critic"] = critic
            own = [p for parameters in critic.moved().values() for p in parameters]
            parts.append(tuple(own))
            optimizer.add_param_group({"params": own, "peak": critic.plan.learning_rate, "weight_decay": 0.0})
        mover = Mover(optimizer=optimizer, fit=fit, total=run.total, parts=tuple(parts), directory=run.directory)
        with assume_frozen(model, [p for parameters in moved.values() for p in parameters]):
            yield mover, saved
    finally:
        for parameter, flag in asked:
            parameter.requires_grad_(flag)
            parameter.grad = None
        model.net.train(was_training)

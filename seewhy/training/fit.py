"""Train a model on lessons or on pairs: one loop that yields what happened at each step and can be resumed."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import asdict, is_dataclass, replace
from functools import partial
from pathlib import Path

from torch.optim import Optimizer

from seewhy.objectives.api import LessonObjective, PairObjective, WeighsByTokens, reference_views
from seewhy.objectives.parts.views import BOTH_SIDES, VARIED_PICTURES
from seewhy.records.by_key import Rows
from seewhy.records.step_logs import append_step, cut_steps, read_steps
from seewhy.records.types import Lesson, Pair, Question, StepLog
from seewhy.training.ahead import encoding_ahead
from seewhy.training.api import Trainable
from seewhy.training.checkpoint import KEPT, Progress, checkpoint_of, load_checkpoint
from seewhy.training.examples import (
    Asked,
    TrainingExample,
    lesson_example,
    pair_example,
    questions_by_id,
    require_question,
    without_own_pictures,
)
from seewhy.training.export import export
from seewhy.training.held_out import Best, Check, Encode, HeldOut, R, noting
from seewhy.training.identity import weights_fingerprint
from seewhy.training.monitor.monitor import TrainingMonitor
from seewhy.training.monitor.plan import UNGUARDED, GuardPlan
from seewhy.training.moving import moving
from seewhy.training.order import StepOrder
from seewhy.training.parallel.plan import ShardPlan
from seewhy.training.parallel.ranks import ranks_here
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore
from seewhy.training.resuming import reached, require_equal
from seewhy.training.rows import Mixture
from seewhy.training.scoring import LessonScoring, PairScoring, Scoring
from seewhy.training.step import Run, take_step
from seewhy.training.table import ExampleTable, tabulate

SHARD = ShardPlan()


def fit_lessons(
    model: Trainable,
    objective: LessonObjective,
    lessons: Rows[Lesson] | Mixture[Lesson],
    questions: Rows[Question] | Mapping[str, Question],
    plan: FitPlan,
    directory: Path,
    guard: GuardPlan = UNGUARDED,
    shard: ShardPlan = SHARD,
    held: HeldOut[Lesson] | None = None,
) -> Iterator[StepLog]:
    """Trains the model in place on replies to imitate, and yields a log a step.

    Called again after a stop, with the model as it was before the first step, it goes on from the newest checkpoint
    in `directory` and yields the steps from there; `steps.jsonl` holds all. At the end `directory/model` is the
    trained model (with an adapter merged in, which is in `directory/adapter` too) and `directory/done.json` says so.
    Rows are read by number when they are needed: from a list, a reader of shards, or a `Mixture` of streams, whose
    weights scale the losses of their rows. `guard` says what is probed while it trains, and which alarms stop it.
    Where this process has joined others (`parallel.ranks.join`), all of them call it, with equal models and rows, and
    get equal logs; they share each step's groups, and the first writes the files; `shard` says how weights lie there.
    `held` are rows of other questions: their loss is logged as `val_loss`, and may end the training or choose what of
    it is exported (`ValidationPlan`).
    Raises ValueError where rows, plan or model do not fit, AlarmError after the step of such an alarm.
    """
    known = questions_by_id(questions)

    def encode(lesson: Lesson) -> TrainingExample:
        example = lesson_example(model, lesson, plan.keep_tokens)
        weigh = objective.weight_of if isinstance(objective, WeighsByTokens) else None
        return replace(example, weight=weigh(len(example.responses[0]))) if weigh else example

    check, asked = partial(require_question, known), set[str]()
    table = tabulate(Mixture.of(lessons), encode, noting(check, asked) if held else check)
    run = _run_of(model, LessonScoring(objective=objective), table, known, plan, guard, shard, directory, {})
    yield from _train(_with_held(run, held, encode, check, asked))


def fit_pairs(
    model: Trainable,
    objective: PairObjective,
    pairs: Rows[Pair] | Mixture[Pair],
    questions: Rows[Question] | Mapping[str, Question],
    reference: ReferenceStore | None,
    plan: FitPlan,
    directory: Path,
    guard: GuardPlan = UNGUARDED,
    varied: Rows[Question] | Mapping[str, Question] | None = None,
    shard: ShardPlan = SHARD,
    held: HeldOut[Pair] | None = None,
) -> Iterator[StepLog]:
    """Trains the model in place on preferences, and yields a log a step; stops and resumes as `fit_lessons` does.

    Every pair must have its reference rows before the first step, unless the objective has no view of a reference:
    `reference` is then not read and may be None. Pairs whose two sides are equal after truncation are dropped and
    counted in `terms["dropped_pairs"]`. `varied` are the questions with varied pictures, for objectives that compare
    pictures. Raises ValueError where the loss before the first update is not the
    objective's `at_reference`: the reference rows are then of another model than the one that starts.
    """
    store = _needed_store(objective, reference)
    is_varied = any(view in VARIED_PICTURES for view in objective.views)
    if is_varied and varied is None:
        raise ValueError(f"{objective.name} compares pictures: pass the questions with varied pictures as `varied`")
    known = Asked(questions_by_id(questions), questions_by_id(varied or {}) if is_varied else {})

    def check(example: TrainingExample) -> None:
        require_question(known, example)
        if store:
            store.of_pair(known, example)

    def encode(pair: Pair) -> TrainingExample | None:
        return pair_example(model, without_own_pictures(pair, known), plan.keep_tokens, is_varied=is_varied)

    asked: set[str] = set()
    table = tabulate(Mixture.of(pairs), encode, noting(check, asked) if held else check)
    scoring = PairScoring(objective=objective, reference=store, questions=known)
    extra = {"dropped_pairs": float(table.dropped)}
    run = _run_of(model, scoring, table, known, plan, guard, shard, directory, extra)
    yield from _train(_with_held(run, held, encode, check, asked))


def _with_held(run: Run, held: HeldOut[R] | None, encode: Encode[R], check: Check, trained: Set[str]) -> Run:
    """The run with the rows that it looks at."""
    if held is None:
        return run
    table = held.table(encode, check, trained)
    return replace(run, held=table, validation=held.plan, held_digest=table.digest)


def _needed_store(objective: PairObjective, reference: ReferenceStore | None) -> ReferenceStore | None:
    """The store where the objective reads it; raises ValueError where it is missing or a view cannot be supplied."""
    for view in objective.views:
        if view not in (*BOTH_SIDES, *VARIED_PICTURES):
            raise ValueError(
                f"{objective.name} has the view ({view}), and training on pairs supplies "
                f"{'; '.join(map(str, (*BOTH_SIDES, *VARIED_PICTURES)))}"
            )
    if not reference_views(objective):
        return None
    if reference is None:
        raise ValueError(
            f"{objective.name} needs reference rows: compute them with `reference_rows` and pass the store"
        )
    return reference


def _run_of(
    model: Trainable,
    scoring: Scoring,
    table: ExampleTable,
    questions: Mapping[str, Question],
    plan: FitPlan,
    guard: GuardPlan,
    shard: ShardPlan,
    directory: Path,
    extra: Mapping[str, float],
) -> Run:
    if not table:
        raise ValueError(f"{directory}: no row to train on")
    return Run(
        model=model,
        scoring=scoring,
        examples=table,
        questions=questions,
        plan=plan,
        guard=guard,
        shard=shard,
        directory=directory,
        steps=StepOrder(units=table.units, plan=plan),
        extra=extra,
        streams=table.streams,
        digest=table.digest,
        ranks=ranks_here(),
    )


def _train(run: Run) -> Iterator[StepLog]:
    run.directory.mkdir(parents=True, exist_ok=True)
    contents = _contents_of(run)
    require_equal(run.ranks, run.directory, contents)
    rails = TrainingMonitor(run=run)
    ahead_of = encoding_ahead(run.model, run.questions, run.examples, run.steps, run.ranks)
    with moving(run) as (optimizer, engine), ahead_of as ahead:
        progress = _resume(run, optimizer, contents, rails)
        best = Best.of(run.validation, read_steps(run.directory / "steps.jsonl"))
        state, taken = progress.objective, progress.steps
        for step in range(progress.steps, len(run.steps)):
            if best.stops:
                break
            log, state = take_step(run, optimizer, step, state, engine, ahead)
            log, is_better = best.follow(run, engine, rails.follow(log), state)
            taken = step + 1
            is_due = (
                taken % run.plan.save_every == 0 or taken == len(run.steps) or best.stops or rails.stop or is_better
            )
            if run.ranks.is_first:
                append_step(run.directory / "steps.jsonl", log)
            if is_due:
                progress = Progress(steps=taken, objective=state, run=contents, best=best.kept, keep=best.plan.keep)
                engine.save(run.directory, run.model.net, optimizer, progress)
            if rails.stop:
                engine.flush()
            yield log
            rails.require_none()
        if best.kept not in (None, taken):
            engine.flush()
            run.ranks.meet()
            load_checkpoint(checkpoint_of(run.directory, best.kept), run.model.net, optimizer)
    if run.ranks.is_first:
        export(run.model, run.directory, taken, best.kept)
    run.ranks.meet()


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _contents_of(run: Run) -> dict[str, str]:
    """Hashes of what must be the same for a run to be resumed; how often it saves, and what it keeps, may change."""
    plan = {name: value for name, value in asdict(run.plan).items() if name != "save_every"}
    objective = run.scoring.objective
    looks = run.validation and asdict(replace(run.validation, keep=KEPT))
    settings = asdict(objective) if is_dataclass(objective) and not isinstance(objective, type) else {}
    return {
        "plan": _hash(plan),
        "objective": _hash([objective.name, settings]),
        "rows": run.digest,
        "starting model": weights_fingerprint(run.model),
        **({"validation": _hash([run.held_digest, looks])} if looks else {}),
        **run.model.settings,
    }


def _resume(run: Run, optimizer: Optimizer, contents: Mapping[str, str], rails: TrainingMonitor) -> Progress:
    """Where to go on: the newest whole checkpoint, put in place, or the start."""
    found = reached(run.ranks, run.directory, contents)
    progress = found[1] if found else Progress(steps=0, objective=run.scoring.initial(), run=contents)
    if progress.steps < len(run.steps):
        rails.begin(contents["starting model"])
    if found:
        load_checkpoint(found[0], run.model.net, optimizer)
    log = run.directory / "steps.jsonl"
    if run.ranks.is_first:
        cut_steps(log, progress.steps)
    run.ranks.meet()
    rails.recall(read_steps(log))
    return progress

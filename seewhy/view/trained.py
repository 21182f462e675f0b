"""Pages of trainings: curves, alone or beside another one's, alarms, and the rollouts of online training by round."""

import glob
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from seewhy.records.step_logs import read_steps
from seewhy.records.types import StepLog
from seewhy.report.curves import plot_terms, plot_training
from seewhy.report.inputs import TermPanel, TrainingRun
from seewhy.report.plots import Panel
from seewhy.view.contexts import MOST_CHAINS, Context, Looks
from seewhy.view.filters import MOST_PAGES, whole
from seewhy.view.shelf import ROLLOUTS, Unit
from seewhy.view.tables import PAGE, Row, scan
from seewhy.view.words import length_of, pieces_of

FIRST = ("loss", "learning_rate")
TOGETHER = (
    TermPanel(
        title="Log-probability", unit="nats a token", terms=("chosen_logp", "val_chosen_logp", "logp", "val_logp")
    ),
    TermPanel(title="Reward of each side", unit="nats", terms=("reward_chosen", "reward_rejected")),
    TermPanel(title="Length of each side", unit="tokens", terms=("chosen_tokens", "rejected_tokens", "lesson_tokens")),
    TermPanel(title="Replies cut at the limit", unit="share", terms=("probe_cut", "start_cut")),
    TermPanel(title="Divergence from the start, of replies", unit="nats a reply", terms=("kl_from_start_chain",)),
    TermPanel(title="Parts of the loss", unit="nats", terms=("dpo", "bco", "nll")),
    TermPanel(title="Memory", unit="MiB", terms=("peak_mb", "resident_mb")),
)
"""Figures that the report leaves out, as `docs/training-log.md` tells them."""


@dataclass(frozen=True, slots=True)
class Training:
    """A training's log, under the name by which pages tell it from another one."""

    name: str
    steps: Sequence[StepLog]

    def values(self) -> Iterator[tuple[int, Mapping[str, float]]]:
        """Step and all figures, loss and learning rate among them."""
        for step in self.steps:
            yield step.step, {"loss": step.loss, "learning_rate": step.learning_rate, **step.terms}


def training(looks: Looks, ref: str, query: QueryParams) -> Context:
    """The curves of a training: its loss, every term, and the learning rate; with `beside` those of another one."""
    own = Training(ref, _steps(looks, ref))
    others = {f"{number}/{one}": look for number, look in enumerate(looks.all) for one in look.shelf.trainings()
              if look is not looks or one != ref}  # fmt: skip
    beside = query.get("beside", "")
    if beside and beside not in others:
        raise LookupError(f"training {beside!r}")
    if beside:
        number, _, name = beside.partition("/")
        run = looks.all[int(number)].shelf.name
        there = Training(f"{run}: {name}", _steps(others[beside], name))
        units = {**units_of(others[beside].training(name)), **units_of(looks.training(ref))}
        curves = list(plot_two(own, there, units))
    else:
        curves = list(plot_one(own, looks.training(ref)))
    return {
        "title": ref, "curves": curves, "steps": own.steps, "others": list(others), "beside": beside,
        "alarms": looks.alarms(ref), "rounds": len(looks.shelf.rounds(ref)),
        "seconds": sum(step.seconds for step in own.steps),
    }  # fmt: skip


def _steps(looks: Looks, ref: str) -> Sequence[StepLog]:
    if ref not in looks.shelf.trainings():
        raise LookupError(f"training {ref!r}")
    return read_steps(looks.shelf.root / ref / "steps.jsonl")


def plot_one(one: Training, known: TrainingRun | None) -> Iterator[Panel]:
    """A figure for the loss, those of the report, one for each other term, and the learning rate."""
    if one.steps:
        run = known or TrainingRun(name=one.name, steps=())
        panels = (*run.panels, *TOGETHER)
        drawn = {term for panel in panels for term in panel.terms}
        terms = sorted({term for step in one.steps for term in step.terms} - drawn)
        others = (TermPanel(title=term.replace("_", " "), unit="", terms=(term,)) for term in terms)
        yield from plot_training(replace(run, steps=tuple(one.steps), panels=(*panels, *others)))


def units_of(known: TrainingRun | None) -> Mapping[str, str]:
    """The unit of each term whose figure has one."""
    panels = (*(known or TrainingRun(name="", steps=())).panels, *TOGETHER)
    return {term: panel.unit for panel in panels for term in panel.terms}


def plot_two(one: Training, other: Training, units: Mapping[str, str]) -> Iterator[Panel]:
    """A figure for each term that either has, with a line for each of the two."""
    names = {figure for side in (one, other) for _, values in side.values() for figure in values}
    ordered = [name for name in FIRST if name in names] + sorted(names - set(FIRST))
    panels = tuple(
        TermPanel(title=name.replace("_", " "), unit=units.get(name, ""),
                  terms=(f"{one.name}: {name}", f"{other.name}: {name}"))
        for name in ordered
    )  # fmt: skip
    steps = tuple(
        StepLog(step=step, loss=0.0, learning_rate=0.0, seconds=0.0,
                terms={f"{side.name}: {name}": value for name, value in values.items()})
        for side in (one, other) for step, values in side.values()
    )  # fmt: skip
    for panel in plot_terms(TrainingRun(name=f"{one.name} and {other.name}", steps=steps, panels=panels)):
        yield replace(panel, key=tuple((slot, label.rpartition(": ")[0]) for slot, label in panel.key))


def rollouts(looks: Looks, ref: str, query: QueryParams) -> Context:
    """A round of an online training: what its questions earned, and one question's rollouts, now and in every round."""
    rounds = looks.shelf.rounds(ref)
    if not rounds:
        raise LookupError(f"online training {ref!r}")
    number = min(whole(query, "round", 0, most=MOST_PAGES), len(rounds) - 1)
    parts = looks.shelf.parts(rounds[number])
    if "chains" not in parts or "rewards" not in parts:
        return {"title": ref, "ref": ref, "round": number, "last": len(rounds) - 1, "rewards": [], "table": [],
                "name": "", "question": None, "shown": [], "history": [], "pairs": None}  # fmt: skip
    earned, rewards = _earned(looks, parts["rewards"])
    totals = _totals(looks, parts.get("trained"))
    name = query.get("id") or str(next(iter(earned), ""))
    questions = looks.shelf.origin(ref, "questions")
    return {
        "title": ref, "ref": ref, "round": number, "last": len(rounds) - 1, "rewards": rewards, "name": name,
        "table": [{"id": one, "means": means, **_spread(totals.get(one, {}))} for one, means in earned.items()],
        "question": looks.question_of(questions, name),
        "shown": _rollouts_of(looks, parts, name, totals.get(name, {})),
        "history": _history(looks, ref, name), "pairs": parts.get("pairs"),
    }  # fmt: skip


def _earned(looks: Looks, unit: Unit) -> tuple[Mapping[str, Mapping[str, float]], Sequence[str]]:
    """By question the mean of each reward, the first `PAGE` of the round, and the rewards' names."""
    rows = looks.tables.rows(
        f"SELECT question_id, reward, avg(value) AS mean FROM {scan(unit)} GROUP BY ALL ORDER BY ALL"
    )
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        found[str(row["question_id"])][str(row["reward"])] = row["mean"]
    return dict(list(found.items())[:PAGE]), sorted({str(row["reward"]) for row in rows})


def _totals(looks: Looks, unit: Unit | None) -> Mapping[str, Mapping[int, Row]]:
    """By question and index: the total reward, and mean advantage and number of the tokens."""
    if unit is None:
        return {}
    rows = looks.tables.rows(
        f"SELECT question_id, index, total, list_avg(advantages) AS advantage, len(advantages) AS tokens, "
        f"list_sum(old) AS old, list_sum(reference) AS reference FROM {scan(unit)}"
    )
    found: defaultdict[str, dict[int, Row]] = defaultdict(dict)
    for row in rows:
        found[str(row["question_id"])][int(row["index"])] = row
    return found


def _spread(rows: Mapping[int, Row]) -> Context:
    totals = [row["total"] for row in rows.values() if row["total"] is not None]
    return {"total": sum(totals) / len(totals) if totals else None, "flat": len(totals) > 1 and len(set(totals)) == 1}


def _rollouts_of(looks: Looks, parts: Mapping[str, Unit], name: str, totals: Mapping[int, Row]) -> list[Row]:
    earned: defaultdict[int, list[Row]] = defaultdict(list)
    for row in looks.tables.of_question(parts["rewards"], name):
        earned[int(row["index"])].append(row)
    chains = looks.tables.of_question(parts["chains"], name, MOST_CHAINS)
    most = length_of(len(chains))
    shown = [
        {**chain, "marked": pieces_of(str(chain["text"]), most), "earned": earned[int(chain["index"])],
         "of": totals.get(int(chain["index"]))}
        for chain in chains
    ]  # fmt: skip
    return sorted(shown, key=lambda one: -(one["of"] or {"total": 0})["total"] if (one["of"] or {}).get("total") else 0)


def _history(looks: Looks, ref: str, name: str) -> list[Row]:
    """What a question earned in every round that asked it: the mean of each reward, and the spread of its rollouts."""
    place = glob.escape(str(looks.shelf.root / ref / ROLLOUTS)).replace("'", "''")
    return looks.tables.rows(
        "SELECT regexp_extract(filename, 'round-([0-9]+)', 1)::INT AS round, reward, avg(value) AS mean, "
        "min(value) AS low, max(value) AS high, count(*) AS n "
        f"FROM read_parquet('{place}/round-*/rewards/part-*.parquet', filename=true, union_by_name=true, "
        "hive_partitioning=false) "
        "WHERE question_id = ? GROUP BY ALL ORDER BY ALL", name
    )  # fmt: skip

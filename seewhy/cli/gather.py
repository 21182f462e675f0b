"""Reads a run's rows back and makes of them what the report shows."""

import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from seewhy.cli.claim import run_command
from seewhy.cli.evaluate import Setting, settings_of
from seewhy.cli.stages import STAGES
from seewhy.cli.train import find_objective
from seewhy.cli.workspace import Workspace
from seewhy.evaluation.agreement import mean_agreement
from seewhy.evaluation.compare import paired_difference
from seewhy.evaluation.pictures import picture_clusters
from seewhy.evaluation.scorecard import scorecard_of
from seewhy.pairs.by_outcome import ByOutcome
from seewhy.records.lineage import MANIFEST, Manifest, library_versions, read_manifest
from seewhy.records.measures import CurvePoint, Interval, Scorecard
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Outcome, Question, Split, Style, TokenCredit, Verdict
from seewhy.report.inputs import (
    Count,
    Credit,
    CreditChain,
    Distillation,
    Header,
    ModelName,
    Reply,
    ReportInput,
    Reproduction,
    Sample,
    Sampling,
    Stage,
    Step,
    TrainingRun,
)
from seewhy.training.checkpoint import read_steps
from seewhy.training.monitor.alarms import alarms_of

SHOWN = 8


def gather(space: Workspace) -> ReportInput:
    """Everything that the report shows, from rows and manifests."""
    test = space.questions(Split.TEST)
    models = tuple(model_names(space))
    cards = tuple(_card(space, setting) for setting in settings_of(space))
    return ReportInput(
        header=_header(space, len(test)),
        models=models,
        cards=cards,
        steps=tuple(_steps(space)),
        distillation=_distillation(space),
        sampling=_sampling(space),
        training=tuple(_training(space)),
        curves=tuple(read_rows(space.need("rerank", "curves", stage="rerank"), CurvePoint)),
        drawn_by=next(model.label for model in models if model.key == space.recipe.rerank.sampler),
        credit=_credit(space, test),
        samples=tuple(_samples(space, test)),
        stages=tuple(_stages(space)),
        reproduction=_reproduction(space),
    )


def model_names(space: Workspace) -> Iterator[ModelName]:
    """Base, SFT, and every preference-trained model under the name of its objective."""
    yield ModelName(key="base", label="Base")
    yield ModelName(key="sft", label="SFT")
    for key in space.trained_keys():
        yield ModelName(key=key, label=find_objective(space.objective_of(key), 0.1).name.upper())


def _verdicts(space: Workspace, setting: Setting) -> list[Verdict]:
    return list(read_rows(space.need(*setting.place, "verdicts", stage="eval"), Verdict))


def _card(space: Workspace, setting: Setting) -> Scorecard:
    questions = space.questions(setting.split)
    return scorecard_of(
        questions, _verdicts(space, setting), model=setting.model, blind=setting.blind,
        clusters=picture_clusters(questions),
    )  # fmt: skip


def _steps(space: Workspace) -> Iterator[Step]:
    """SFT over base, each preference-trained model over SFT, with both prompts, on test."""
    clusters = picture_clusters(space.questions(Split.TEST))
    for before, after in [("base", "sft"), *(("sft", key) for key in space.trained_keys())]:
        for style in (Style.REASON, Style.DIRECT):
            sides = [_verdicts(space, Setting(model=model, split=Split.TEST, style=style, blind=False))
                     for model in (before, after)]  # fmt: skip
            change = paired_difference(*sides, clusters=clusters)
            what = "" if after == "sft" else f"Preference training by {space.objective_of(after).upper()}"
            yield Step(before=before, after=after, style=style, change=change, what=what)


def _counts(counts: Iterable[tuple[str, int]], prefix: str) -> tuple[Count, ...]:
    return tuple(Count(name=name.removeprefix(prefix).replace("_", " "), count=count)
                 for name, count in counts if name.startswith(prefix))  # fmt: skip


def _distillation(space: Workspace) -> Distillation:
    lessons = read_manifest(space.need("distil", "lessons", stage="distil")).counts
    asked = read_manifest(space.place("distil", "chains")).counts["rows"]
    dropped = _counts(lessons.items(), "dropped ")
    mix = tuple(Count(name=name, count=count) for name, count in lessons.items()
                if name not in ("inputs", "rows") and not name.startswith("dropped "))  # fmt: skip
    return Distillation(asked=asked, kept=asked - sum(row.count for row in dropped), dropped=dropped, mix=mix)


def _sampling(space: Workspace) -> Sampling:
    drawn = read_manifest(space.need("sample", "chains", stage="sample"))
    paired = read_manifest(space.need("pair", "pairs", stage="pair"))
    right: dict[str, list[bool]] = {}
    verdicts = list(read_rows(space.need("judge", "verdicts", stage="judge"), Verdict))
    for row in verdicts:
        if row.outcome is not Outcome.UNJUDGED:
            right.setdefault(row.question_id, []).append(row.outcome is Outcome.CORRECT)
    plan, is_by_outcome = space.recipe.pairing, isinstance(space.recipe.pairing.rule, ByOutcome)
    return Sampling(
        questions=drawn.counts["inputs"], per_question=space.recipe.sampling.per_question,
        chains=drawn.counts["rows"], tokens=drawn.counts["tokens"], seconds=drawn.seconds,
        accuracies=tuple(sum(row) / len(row) for row in right.values()),
        band=(plan.lowest, plan.highest) if is_by_outcome else None, margin=None if is_by_outcome else plan.margin,
        dropped=_counts(paired.counts.items(), "dropped "), pairs=paired.counts["rows"],
        agreement=mean_agreement(verdicts),
    )  # fmt: skip


def _training(space: Workspace) -> Iterator[TrainingRun]:
    runs = [("SFT", space.place("sft"))]
    runs += [(name.label, space.place("train", name.key)) for name in model_names(space)
             if name.key not in ("base", "sft")]  # fmt: skip
    for name, place in runs:
        steps = tuple(read_steps(place / "steps.jsonl"))
        yield TrainingRun(name=name, steps=steps, alarms=tuple(alarm.summary for alarm in alarms_of(steps)))


def _picture(question: Question) -> bytes | None:
    return Path(question.images[0].path).read_bytes() if question.images else None


def _credit(space: Workspace, test: list[Question]) -> Credit | None:
    found = list(read_rows(space.need("credit", "auroc", stage="credit"), Interval))
    if not found:
        return None
    asked = {question.id: question for question in test}
    outcomes = {(row.question_id, row.index): row.outcome
                for row in read_rows(space.place("rerank", "verdicts"), Verdict)}  # fmt: skip
    tokens: dict[tuple[str, int], list[TokenCredit]] = {}
    for row in read_rows(space.place("credit", "tokens"), TokenCredit):
        tokens.setdefault((row.question_id, row.index), []).append(row)
    texts = {(row.question_id, row.index): row.text for row in read_rows(space.place("rerank", "chains"), Chain)}
    shown: list[CreditChain] = []
    for key, rows in tokens.items():
        if len(shown) == space.recipe.credit.shown:
            break
        # One chain a question, and only those with something to find.
        if any(row.wrong for row in rows) and all(chain.question.id != key[0] for chain in shown):
            question = asked[key[0]]
            shown.append(CreditChain(question=question, picture=_picture(question), text=texts[key],
                                     tokens=tuple(rows), outcome=outcomes[key]))  # fmt: skip
    return Credit(auroc=found[0], chains=tuple(shown))


def _samples(space: Workspace, test: list[Question]) -> Iterator[Sample]:
    """Questions with every model's chain of thought: the first of each kind."""
    settings = [Setting(model=model, split=Split.TEST, style=Style.REASON, blind=False)
                for model in ["base", "sft", *space.trained_keys()]]  # fmt: skip
    said = {setting.model: {row.question_id: row for row in read_rows(space.place(*setting.place, "chains"), Chain)}
            for setting in settings}  # fmt: skip
    found = {setting.model: {row.question_id: row for row in _verdicts(space, setting)} for setting in settings}
    seen: set[str] = set()
    for question in test:
        kind = dict(question.facets).get("kind", question.id)
        if kind in seen or len(seen) == SHOWN:
            continue
        seen.add(kind)
        replies = tuple(
            Reply(model=model, style=Style.REASON, text=said[model][question.id].text,
                  outcome=found[model][question.id].outcome, answer=found[model][question.id].answer)
            for model in said
        )  # fmt: skip
        yield Sample(question=question, picture=_picture(question), replies=replies)


def manifests_under(place: Path) -> list[Manifest]:
    """Manifests of all finished directories below a folder."""
    return [read_manifest(path.parent) for path in sorted(place.rglob(MANIFEST))]


def _stages(space: Workspace) -> Iterator[Stage]:
    for name, stage in STAGES.items():
        if name == "report":
            continue
        found = [manifest for folder in stage.folders for manifest in manifests_under(space.place(folder))]
        yield Stage(
            name=name, command=space.command(name), seconds=sum(manifest.seconds for manifest in found),
            rows=sum(manifest.counts["rows"] for manifest in found), unit=stage.unit,
        )  # fmt: skip


def _header(space: Workspace, n: int) -> Header:
    recipe = space.recipe
    base = space.shelf.open(space.model_name("base"), "base")
    return Header(
        recipe=recipe.name, model=recipe.model, parameters=sum(p.numel() for p in base.net.parameters()),
        seed=recipe.questions.seed, n=n, machine=f"{platform.system()} {platform.machine()}",
        versions=library_versions(), seconds=sum(stage.seconds for stage in _stages(space)),
        date=datetime.now(UTC).date().isoformat(),
    )  # fmt: skip


def _reproduction(space: Workspace) -> Reproduction:
    folders = {"test questions": ("questions", "test"), "lessons": ("distil", "lessons"), "pairs": ("pair", "pairs")}
    return Reproduction(
        commands=(run_command(space.root, space.recipe), *(space.command(name) for name in STAGES)),
        seeds={"questions": space.recipe.questions.seed, "sft": space.recipe.sft.seed,
               "sampling": space.recipe.sampling.seed, "fit": space.recipe.fit.seed},
        versions=library_versions(),
        fingerprints=dict(space.hashes(**{key: space.place(*parts) for key, parts in folders.items()})),
    )  # fmt: skip

"""Puts a report together from the sections of a run's steps, whatever stages these are of."""

from collections.abc import Iterator, Mapping, Sequence

from seewhy.records.measures import Scorecard
from seewhy.records.types import Split, Style
from seewhy.report.cards import find_card, seen_cards
from seewhy.report.inputs import (
    Choices,
    Credit,
    Distillation,
    Evaluation,
    Facts,
    Header,
    ModelName,
    ReportInput,
    Reproduction,
    Sampling,
    Section,
    Stage,
    Step,
    TrainingRun,
)


def compose(
    header: Header, sections: Mapping[str, Section], stages: Sequence[Stage], reproduction: Reproduction
) -> ReportInput:
    """The input of a report: each evaluation's score cards, each training's curves, and what each training changed.

    Args:
        header: what was run.
        sections: by step, in the order of the run.
        stages: time and rows of each step.
        reproduction: how to get the same numbers again.
    """
    evaluations = [one for one in sections.values() if isinstance(one, Evaluation)]
    trainings = [one for one in sections.values() if isinstance(one, TrainingRun)]
    models = _models(evaluations, trainings)
    return ReportInput(
        header=header,
        models=models,
        cards=tuple(_first_cards(evaluations)),
        measurements=tuple(evaluations),
        steps=tuple(_changes(evaluations, trainings)),
        distillations=tuple(one for one in sections.values() if isinstance(one, Distillation)),
        samplings=tuple(one for one in sections.values() if isinstance(one, Sampling)),
        training=tuple(trainings),
        choices=tuple(one for one in sections.values() if isinstance(one, Choices)),
        credits=tuple(one for one in sections.values() if isinstance(one, Credit)),
        samples=next((one.samples for one in evaluations if one.samples), ()),
        facts=tuple(one for one in sections.values() if isinstance(one, Facts)),
        stages=tuple(stages),
        reproduction=reproduction,
    )


def _first_cards(evaluations: Sequence[Evaluation]) -> Iterator[Scorecard]:
    """The cards of each model, style and split where they were measured first: one number of each is the headline."""
    seen: set[tuple[str, Style, Split, bool]] = set()
    for card in (card for one in evaluations for card in one.cards):
        key = (card.model, card.style, card.split, card.blind)
        if key not in seen:
            seen.add(key)
            yield card


def _models(evaluations: Sequence[Evaluation], trainings: Sequence[TrainingRun]) -> tuple[ModelName, ...]:
    """Models in the order in which they are first measured."""
    objectives = {one.objective for one in trainings}
    keys = dict.fromkeys(model for one in evaluations for model in one.models)
    return tuple(ModelName(key=key, label=label_of(key, objectives)) for key in keys)


def label_of(key: str, objectives: set[str]) -> str:
    """A model's name as a reader wants it: objectives within it in capitals, as the field writes them.

    Example:
        >>> [label_of(key, {"sft", "dpo"}) for key in ("dpo", "base", "dpo-2", "hard-dpo", "sft-format-slow")]
        ['DPO', 'Base', 'DPO-2', 'Hard-DPO', 'SFT-format-slow']
    """
    name = "-".join(part.upper() if part in objectives else part for part in key.split("-"))
    return name[:1].upper() + name[1:]


def _changes(evaluations: Sequence[Evaluation], trainings: Sequence[TrainingRun]) -> Iterator[Step]:
    """Each trained model compared with the nearest model before it that was measured on the same test questions."""
    starts = {one.name: one.start for one in trainings}
    described: set[tuple[str, str, Style]] = set()
    for one in evaluations:
        if any(card.split is not Split.TEST for card in one.cards):
            continue
        for training in trainings:
            before = _measured_start(training.name, starts, one.models)
            if before is None:
                continue
            for style in (Style.REASON, Style.DIRECT):
                change = one.changes.get((before, training.name, style))
                if change is not None and (before, training.name, style) not in described:
                    described.add((before, training.name, style))
                    yield Step(before=before, after=training.name, style=style, change=change,
                               what=_what(training), levels=_levels(one, before, training.name, style))  # fmt: skip


def _measured_start(name: str, starts: Mapping[str, str], measured: Sequence[str]) -> str | None:
    """The nearest model from which `name` was trained, directly or in several steps, that was measured."""
    if name not in measured:
        return None
    start = starts.get(name)
    while start is not None and start not in measured:
        start = starts.get(start)
    return start


def _levels(one: Evaluation, before: str, after: str, style: Style) -> tuple[Scorecard, Scorecard] | None:
    """The cards of an evaluation that its comparison is about: a model may be tested elsewhere in another way."""
    cards = seen_cards(one.cards, Split.TEST)
    found = [find_card(cards, model, style) for model in (before, after)]
    return (found[0], found[1]) if found[0] is not None and found[1] is not None else None


def _what(training: TrainingRun) -> str:
    """The treatment; the training's own name beside it where it is not that of its objective."""
    if training.objective == "sft":
        return ""
    own = "" if training.name == training.objective else f" ({training.name})"
    kind = "Online training" if training.is_online else "Preference training"
    return f"{kind} by {training.objective.upper()}{own}"

"""What differs between two runs: settings by step, rows of each unit, and results on the same questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seewhy.evaluation.compare import paired_difference
from seewhy.evaluation.pictures import picture_clusters
from seewhy.evaluation.scorecard import scorecard_of
from seewhy.records.canonical import flatten_plain
from seewhy.records.measures import Comparison, Interval
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Question, Verdict
from seewhy.runs.api import TrainStage
from seewhy.runs.changes import UnitStatus, status_of
from seewhy.runs.graph import Node
from seewhy.runs.recipe_text import plain_of
from seewhy.runs.run import OpenRun

LEFT_ONLY, RIGHT_ONLY = "first run only", "second run only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting that differs; None where a run has none of this name."""

    step: str
    """Of the first run, or of the second where it alone has it; empty for what is of no step."""
    field: str
    first: object
    second: object


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPair:
    """A unit that both runs have, or one of them."""

    ref: str
    first: UnitStatus | None
    second: UnitStatus | None
    is_same: bool | None
    """Whether both rows follow from the same settings and inputs; None where one is not finished."""
    counts: Mapping[str, tuple[int | None, int | None]]
    """What the stage counted, where the two differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Verdicts on the same questions in both runs."""

    ref: str
    first: Interval
    """Accuracy over the questions of the first run."""
    second: Interval
    paired: Comparison | None
    """Second minus first over the questions that both asked; None where they asked no equal question."""
    unequal: int
    """Questions of a run that the other did not ask, or asked in other words or about other pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The end of a training in both runs."""

    ref: str
    first: float
    second: float
    steps: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """All that differs."""

    settings: tuple[Setting, ...]
    units: tuple[UnitPair, ...]
    results: tuple[Result, ...]
    losses: tuple[Loss, ...]


def diff_runs(first: OpenRun, second: OpenRun, names: Mapping[str, str] | None = None) -> RunDiff:
    """The differences of two runs.

    Args:
        first: the run that `second` is compared with.
        second: its accuracies less those of `first` are the differences.
        names: name of a step of the first run to that of the step which is compared with it, such as dpo to mpo.

    Raises:
        ValueError: a name is no step of its run.
    """
    renamed = names or {}
    for run, given in ((first, renamed.keys()), (second, renamed.values())):
        unknown = [name for name in given if name not in run.steps()]
        if unknown:
            raise ValueError(f"{unknown[0]} is no step of {run.root}; there are {', '.join(run.steps())}")
    units = list(_units(first, second, renamed))
    done = [(one.ref, other_ref(one.ref, renamed)) for one in units if one.is_same is not None]
    return RunDiff(
        settings=tuple(_settings(first, second, renamed)),
        units=tuple(units),
        results=tuple(filter(None, (_result(first, second, *refs) for refs in done))),
        losses=tuple(filter(None, (_loss(first, second, *refs) for refs in done))),
    )


def other_ref(ref: str, names: Mapping[str, str]) -> str:
    """The reference of a unit in the second run.

    Example:
        >>> other_ref("test.dpo/reason/chains", {"dpo": "mpo"})
        'test.mpo/reason/chains'
    """
    step, dot, part = ref.partition(".")
    parts = "/".join(names.get(one, one) for one in part.split("/"))
    return f"{names.get(step, step)}{dot}{parts}"


def _settings(first: OpenRun, second: OpenRun, names: Mapping[str, str]) -> Iterator[Setting]:
    plain = plain_of(first.recipe)
    steps = {names.get(name, name): step for name, step in _mapping(plain["steps"]).items()}
    here, there = flatten_plain({**plain, "steps": steps}), flatten_plain(plain_of(second.recipe))
    back = {new: old for old, new in names.items()}
    for place in dict.fromkeys((*here, *there)):
        if here.get(place) == there.get(place) or place == "name":
            continue
        group, _, rest = place.partition(".")
        step, _, field = rest.partition(".") if group == "steps" else ("", "", place)
        yield Setting(step=back.get(step, step), field=field, first=here.get(place), second=there.get(place))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _units(first: OpenRun, second: OpenRun, names: Mapping[str, str]) -> Iterator[UnitPair]:
    here = {one.ref: one for one in status_of(first)}
    there = {one.ref: one for one in status_of(second)}
    for ref, one in here.items():
        ref_there = other_ref(ref, names)
        other = there.pop(ref_there, None)
        both = other is not None and first.is_done(ref) and second.is_done(ref_there)
        counts: Mapping[str, tuple[int | None, int | None]] = {}
        is_same = None
        if both:
            left, right = first.manifest(ref), second.manifest(ref_there)
            is_same = left.fingerprint == right.fingerprint
            counts = {
                name: (left.counts.get(name), right.counts.get(name))
                for name in dict.fromkeys((*left.counts, *right.counts))
                if left.counts.get(name) != right.counts.get(name)
            }
        yield UnitPair(ref=ref, first=one, second=other, is_same=is_same, counts=counts)
    for ref, other in there.items():
        yield UnitPair(ref=ref, first=None, second=other, is_same=None, counts={})


def _result(first: OpenRun, second: OpenRun, ref: str, ref_there: str) -> Result | None:
    """The comparison of two units that hold one verdict a question; None for others."""
    here, there = _one_each(first, first.nodes[ref]), _one_each(second, second.nodes[ref_there])
    if here is None or there is None:
        return None
    verdicts = [{row.question_id: row for row in run.read(place, Verdict)}
                for run, place in ((first, ref), (second, ref_there))]  # fmt: skip
    equal = [name for name, question in here.items() if name in there and _content(question) == _content(there[name])]
    sides = [[rows[name] for name in equal] for rows in verdicts]
    paired = paired_difference(*sides, clusters=picture_clusters([here[name] for name in equal])) if equal else None
    return Result(
        ref=ref, first=_accuracy(here, verdicts[0]), second=_accuracy(there, verdicts[1]), paired=paired,
        unequal=len(here.keys() | there.keys()) - len(equal),
    )  # fmt: skip


def _one_each(run: OpenRun, node: Node) -> Mapping[str, Question] | None:
    """The questions of a unit of verdicts, each of which has one verdict."""
    if node.makes is not Verdict:
        return None
    rows = run.manifest(node.ref).counts["rows"]
    asked = _asked(run, node.ref)
    # Looked at before they are read: a judged sampling may have millions of verdicts.
    if not asked or not rows or rows > len(asked):
        return None
    ids = {row.question_id for row in run.read(node.ref, Verdict)}
    return {question.id: question for question in asked if question.id in ids} if len(ids) == rows else None


def _asked(run: OpenRun, ref: str) -> Sequence[Question]:
    """The questions behind a unit's rows; none where they are not there.

    A run of an earlier version lacks units that its stages have since: their questions are those that they read.
    """
    found = run.origin(ref, Question)
    while found in run.nodes and not run.is_done(found):
        before = next((need.ref for need in run.nodes[found].unit.needs() if need.wants is Question), "")
        if not before:
            return ()
        found = run.origin(before, Question)
    return run.questions(found)


def _content(question: Question) -> Question:
    """A question without where its pictures are."""
    return replace(question, images=tuple(replace(image, path="") for image in question.images))


def _accuracy(asked: Mapping[str, Question], verdicts: Mapping[str, Verdict]) -> Interval:
    questions: Sequence[Question] = list(asked.values())
    return scorecard_of(questions, verdicts.values(), model="", clusters=picture_clusters(questions)).accuracy


def _loss(first: OpenRun, second: OpenRun, ref: str, ref_there: str) -> Loss | None:
    if not isinstance(first.nodes[ref].unit, TrainStage) or not isinstance(second.nodes[ref_there].unit, TrainStage):
        return None
    logs = [read_steps(run.place(place) / "steps.jsonl") for run, place in ((first, ref), (second, ref_there))]
    if not all(logs):
        return None
    return Loss(ref=ref, first=logs[0][-1].loss, second=logs[1][-1].loss, steps=(len(logs[0]), len(logs[1])))

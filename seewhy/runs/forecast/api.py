"""What a unit says it will need, and what it can learn of the units before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from seewhy.endpoints.chat import Request
from seewhy.endpoints.recording import RecordingClient
from seewhy.judging.api import FollowUp
from seewhy.model.plan import AdapterPlan
from seewhy.records.columns import Record
from seewhy.records.types import Question, Response, Style
from seewhy.training.plan import FitPlan

R = TypeVar("R", bound=Record)
LONGEST = 8
"""Of questions that are looked at, those with the most words, where all are there to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWork:
    """Responses that a local model draws or scores; a few questions and responses stand for all.

    Example:
        >>> work = ModelWork(model="sft", is_drawn=True, prompts=10, per_prompt=4, questions=(),
        ...                  responses=(Response(text="", token_ids=(0, 0)),))
        >>> work.prompts * work.per_prompt
        40
    """

    model: str
    is_drawn: bool
    """Drawn token by token, and not read in one pass."""
    prompts: int
    per_prompt: int = 1
    style: Style = Style.REASON
    is_blind: bool = False
    questions: tuple[Question, ...]
    """A few of those that are asked."""
    responses: tuple[Response, ...]
    """A few, as long as those that are drawn or scored will probably be."""
    max_tokens: int = 0
    """Tokens of a drawn response, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedPrompt:
    """A prompt with the distinct responses to it that a step trains on."""

    question: Question
    style: Style
    responses: tuple[Response, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWork:
    """A training: its settings, its rows by prompt, and a few of its prompts."""

    start: str
    """The model that is trained."""
    fit: FitPlan
    adapter: AdapterPlan
    counts: Sequence[int]
    """Rows of each prompt, in order."""
    prompts: tuple[TrainedPrompt, ...]
    """A few, which stand for all."""
    max_tokens: int = 0
    """Tokens of a response, at most; 0 where the responses of `prompts` are all that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWork:
    """What a model behind a server would be asked.

    Example:
        >>> ServerWork(model="teacher", requests=()).unknown
        ''
    """

    model: str
    requests: Sequence[Request]
    """All that are known before the first reply; those whose replies are kept already included."""
    follow_ups: Sequence[FollowUp] = ()
    """What may be asked after first replies that are not there yet, one for each of them."""
    is_batch: bool = False
    unknown: str = ""
    """In words, what is asked beside and cannot be known; empty where nothing is left out."""
    assumed: str = ""
    """In words, what is assumed of rows that are not there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageForecast:
    """What a unit will need, as far as it can say before anything runs; None is unknown.

    Example:
        >>> StageForecast(rows=800, unit="chains").rows
        800
    """

    rows: int | None = None
    unit: str = "rows"
    is_exact: bool = True
    """Whether the number of rows is known, and not the most that there can be."""
    per_prompt: int = 1
    """Rows that share a prompt, at most."""
    max_tokens: int = 0
    """Tokens of a row's response, at most; 0 where no limit is known."""
    is_tried: bool = False
    """`expected` does the unit's own work on a few rows, so that its time can be measured there."""
    is_right: bool = False
    """Every row is known to be right by its question's gold answer."""
    disk_bytes: float = 0.0
    """Beside the rows of models, such as pictures."""
    work: tuple[ModelWork, ...] = ()
    training: TrainingWork | None = None
    server: ServerWork | None = None
    basis: str = ""
    """In words, what the figures rest on."""


class Outlook(Protocol):
    """What is known of the units of a run before they run: their forecasts, and rows as they are expected."""

    @property
    def scratch(self) -> Path:
        """A folder for pictures that are drawn to be looked at; it is removed in the end."""
        ...

    @property
    def limit(self) -> int:
        """Questions of a unit that are looked at; 0 looks at all, and takes responses as long as they may be."""
        ...

    def all_rows(self) -> "Outlook":
        """The same without a limit."""
        ...

    def rows(self, ref: str, record: type[R]) -> Sequence[R]:
        """Rows of a unit or an input: its own where they are finished, else those that it expects."""
        ...

    def questions(self, ref: str) -> Mapping[str, Question]:
        """By id, the questions from which the rows of a unit follow."""
        ...

    def counts(self, ref: str) -> Sequence[int]:
        """Rows of each prompt, in order: counted where they are finished, else the most that there can be."""
        ...

    def forecast(self, ref: str) -> StageForecast:
        """The forecast of a unit; of a finished unit or an input, its number of rows."""
        ...

    def is_there(self, ref: str) -> bool:
        """Whether the rows of a unit are finished, or come from outside the run."""
        ...

    def replies(self, model: str, style: Style) -> Sequence[Response]:
        """Responses such as a model will give: those that it is trained on; empty where nothing is known."""
        ...

    def listener(self, model: str) -> RecordingClient:
        """A client for a model behind a server: it records requests, and answers from the kept replies alone."""
        ...


def forecast_like(stage: Any, outlook: Outlook) -> StageForecast:  # noqa: ANN401
    """The forecast of a `RowStage` without one of its own: as many rows as it reads of the record that it writes."""
    ref = _input_like(stage)
    if not ref:
        return StageForecast(unit=stage.unit)
    found = outlook.forecast(ref)
    return StageForecast(rows=found.rows, unit=found.unit, is_exact=False, per_prompt=found.per_prompt,
                         max_tokens=found.max_tokens, basis=f"assumed: as many as {ref}")  # fmt: skip


def expect_like(stage: Any, outlook: Outlook) -> Sequence[Any]:  # noqa: ANN401
    """The rows that `forecast_like` counts; empty where the stage reads no rows of the record that it writes."""
    ref = _input_like(stage)
    return outlook.rows(ref, stage.rows) if ref else ()


def _input_like(stage: Any) -> str:  # noqa: ANN401
    return next((need.ref for need in stage.needs() if need.wants is stage.rows and not need.behind), "")


def total_rows(outlook: Outlook, ref: str, ask: int = 0) -> int:
    """Rows of a unit, or the first `ask` of them where that is not 0; 0 where nothing is known."""
    found = outlook.forecast(ref).rows or 0
    return min(ask, found) if ask else found


def first_of(rows: Sequence[Any], ask: int) -> Sequence[Any]:
    """The first `ask` rows; 0 takes all.

    Example:
        >>> first_of([1, 2, 3], 2), first_of([1, 2, 3], 0)
        ([1, 2], [1, 2, 3])
    """
    return rows[:ask] if ask else rows


def spread(found: Sequence[Any], count: int) -> list[Any]:
    """At most `count` of them, evenly spread.

    Example:
        >>> spread(["a", "b", "c", "d"], 2)
        ['a', 'c']
    """
    return [found[n * len(found) // count] for n in range(count)] if len(found) > count else list(found)


def pick(questions: Sequence[Question], count: int) -> list[Question]:
    """At most `count`: the longest by their words, and others spread evenly."""
    if len(questions) <= count:
        return list(questions)
    ordered = sorted(range(len(questions)), key=lambda place: -len(questions[place].text))
    longest = set(ordered[: min(LONGEST, count)])
    left = [place for place in range(len(questions)) if place not in longest]
    return [questions[place] for place in sorted(longest | set(spread(left, count - len(longest))))]

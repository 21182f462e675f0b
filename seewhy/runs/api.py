"""What a stage is to the graph, the runner, the forecast and the report; none of them knows a stage by name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.model.api import Generates
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.records.columns import Record
from seewhy.records.lineage import Manifest
from seewhy.records.rows import RowReader
from seewhy.records.types import Question, Response, StepLog, Style
from seewhy.report.inputs import Section
from seewhy.runs.counted import Counted
from seewhy.runs.forecast.api import Outlook, StageForecast, expect_like, forecast_like
from seewhy.runs.machine import Machine, ModelSpec

R = TypeVar("R", bound=Record)


class ModelKind(StrEnum):
    """What a field that names a model takes."""

    WEIGHTS = "a model with weights"
    SERVER = "a model behind a server"
    ANY = "a model"


Wants = type[Any] | ModelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a unit reads: the field that names it, the reference, and what must be there.

    Example:
        >>> Need(field="model", ref="sft", wants=ModelKind.WEIGHTS).ref
        'sft'
    """

    field: str
    ref: str
    """A step, `step.part`, a model or an input of the recipe."""
    wants: Wants
    also: type[Any] | None = None
    """Another record that it takes in place of what it wants."""
    is_served: bool = False
    """Whether servers hold the model's weights, so that none are opened here."""
    behind: bool = False
    """Whether `ref` names rows that follow from what is wanted, such as the chains of the questions that are read."""


class Run(Protocol):
    """A recipe in a directory, as stages see it: paths and rows, no console and no open model."""

    @property
    def root(self) -> Path:
        """The run's directory."""
        ...

    @property
    def machine(self) -> Machine:
        """Where the run works, and how fast; nothing of it changes a row."""
        ...

    @property
    def compute(self) -> ComputePlan:
        """Device and precision of local models."""
        ...

    @property
    def name(self) -> str:
        """The recipe's name."""
        ...

    @property
    def seed(self) -> int:
        """The recipe's seed."""
        ...

    @property
    def models(self) -> Mapping[str, ModelSpec]:
        """Models that the run starts from, by name."""
        ...

    def steps(self) -> Sequence[str]:
        """Names of the steps, in order."""
        ...

    def units_of(self, step: str) -> Sequence[str]:
        """References of the units of a step."""
        ...

    def command(self, step: str) -> str:
        """The command line that runs one step of this run, or all where `step` is empty."""
        ...

    def place(self, ref: str) -> Path:
        """The folder of a unit's rows or of a training, or where an input of the recipe is."""
        ...

    def read(self, ref: str, record: type[R]) -> RowReader[R]:
        """The rows of a unit or an input, in order, read from disk as they are asked for."""
        ...

    def questions(self, ref: str) -> Sequence[Question]:
        """Question rows, the paths of their pictures resolved."""
        ...

    def origin(self, ref: str, record: type[Any]) -> str:
        """The nearest unit or input from which `ref` follows that holds rows of this kind, `ref` itself included.

        Raises:
            ValueError: there is none.
        """
        ...

    def manifest(self, ref: str) -> Manifest:
        """What a finished unit says of itself."""
        ...

    def is_done(self, ref: str) -> bool:
        """Whether a unit is finished; one that the recipe does not have is not."""
        ...

    def spec(self, ref: str) -> ModelSpec | None:
        """The model of this name in the recipe; None where a step trains it."""
        ...

    def weights(self, ref: str) -> str:
        """Folder or Hub name of a model with weights."""
        ...

    def identity(self, ref: str) -> str:
        """Hash of the content of rows, weights, or of who a model behind a server is."""
        ...


class Models(Protocol):
    """What a process has open: local models and sessions with servers; and a way to say something to the user."""

    def local(self, ref: str) -> Generates:
        """A model with weights, ready to draw and score, called `ref` in the rows it makes."""
        ...

    def sampler(self, ref: str, engine: EnginePlan) -> Generates:
        """Who draws chains of a model: the model itself, or the servers of an engine."""
        ...

    def reference(self, ref: str, adapter: AdapterPlan) -> Any:  # noqa: ANN401
        """A model as it is where a training with this adapter starts, for its reference log-probabilities."""
        ...

    def trainable(self, ref: str, label: str, adapter: AdapterPlan) -> Any:  # noqa: ANN401
        """A model anew from its files, to be trained; all other local models are closed."""
        ...

    def server(self, ref: str, *, by_batch: bool = False) -> ChatModel:
        """A session with a model behind a server; its canary is asked before the first picture is sent."""
        ...

    def end_block(self) -> None:
        """To be called when the rows of a block are made: too many failed requests are an error then."""
        ...

    def note(self, text: str, /) -> None:
        """Pass a line on to whoever watches the run."""
        ...


class Stage(Protocol):
    """A kind of work with its settings; a frozen dataclass, one a file of `seewhy/stages`."""

    version: ClassVar[int] = 1
    """Raised when the same settings give other rows than before: finished rows are stale then."""
    main: ClassVar[str] = ""
    """The part that is meant where a step is named alone."""
    shows_parts: ClassVar[bool] = False
    """Whether its section is of what is finished, where some of its units follow from one that kept nothing."""

    def follows(self) -> Mapping[str, object]:
        """What its rows follow from beside settings and inputs, such as the content of a file that a setting names."""
        return {}

    def units(self, name: str) -> Mapping[str, "RowStage | TrainStage | PageStage"]:
        """The units of work of the step called `name`, by part, in order; a plain stage is one, of part ""."""
        return {"": self}  # pyright: ignore[reportReturnType]

    def require(self, compute: ComputePlan) -> None:
        """Make on trial what settings stand for, before anything runs.

        Args:
            compute: how models of the recipe are computed.

        Raises:
            ValueError: a kind, a setting or a file that a setting names does not fit.
        """

    def section(self, run: Run, name: str) -> Section | None:
        """Its part of the report, once it is finished."""
        return None


@runtime_checkable
class RowStage(Stage, Protocol):
    """Maps rows to rows, block by block, wherever it runs."""

    rows: ClassVar[type[Any]]
    """The record that it writes."""
    unit: ClassVar[str] = "rows"
    """What an input row is called in the progress line, in the plural."""

    def block_size(self) -> int:
        """Input rows a block; a block's rows are one shard."""
        ...

    def needs(self) -> Sequence[Need]:
        """What it reads."""
        ...

    def inputs(self, run: Run) -> Sequence[Any]:
        """Its input rows, in order: what a block holds follows from the block's number alone."""
        ...

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Any]], Iterable[Any] | Counted]:
        """Made once a process: maps a block of input rows to output rows."""
        ...

    def tally(self, block: Sequence[Any], rows: Sequence[Any]) -> Mapping[str, int]:
        """Counts of a block, given its input and output rows; the manifest holds their sums."""
        return {}

    def cost(self, rows: Sequence[Any]) -> float:
        """Dollars that the rows of a block cost."""
        return 0.0

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        """Look at the sums over all blocks, before the unit counts as finished; what a user should read, or nothing.

        Raises:
            ValueError: so little is left that nothing can follow; with the reasons.
        """
        return ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        """What it will need, without server or model; as many rows as it reads of its record unless it says more."""
        return forecast_like(self, outlook)

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Any]:
        """Rows such as it will write, of as many questions as `outlook` looks at; empty where it cannot say."""
        return expect_like(self, outlook)


@runtime_checkable
class TrainStage(Stage, Protocol):
    """Reads rows and a model, leaves a model under `model` of its folder."""

    def needs(self) -> Sequence[Need]:
        """What it reads."""
        ...

    def train(self, run: Run, models: Models, place: Path) -> Iterator[StepLog]:
        """Takes every step that is left, yields what happened, and leaves the trained model in `place/model`."""
        ...

    def steps(self, run: Run) -> int | None:
        """How many steps it takes, where that is known before it runs."""
        return None

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        """What it will need; no model is opened for it."""
        return StageForecast(unit="steps")

    def replies(self, run: Run, outlook: Outlook, style: Style) -> Sequence[Response]:
        """Responses such as the trained model will give; empty where it cannot say."""
        return ()


@runtime_checkable
class PageStage(Stage, Protocol):
    """Reads finished steps and writes files for people, such as a report."""

    shows_steps: ClassVar[bool] = True
    """Whether it shows the sections of all finished steps; one that does not follows from `needs` alone."""

    def needs(self) -> Sequence[Need]:
        """What it reads beside these."""
        ...

    def write(self, run: Run, place: Path, sections: Mapping[str, Section]) -> Sequence[Path]:
        """Writes its files under `place` and returns them."""
        ...


Unit = RowStage | TrainStage | PageStage

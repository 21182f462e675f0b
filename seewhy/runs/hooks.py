"""What a stage may offer beside its form, found by its methods: questions ahead of a run, faults ahead, a result."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from seewhy.endpoints.engine.plan import EnginePlan, RefreshPlan
from seewhy.model.plan import AdapterPlan
from seewhy.records.types import Question
from seewhy.runs.api import Run
from seewhy.training.plan import FitPlan


class NothingLeftError(ValueError):
    """A unit kept nothing, or too little, for what follows from it; other steps of the run do not depend on it."""


@runtime_checkable
class Previews(Protocol):
    """A unit that makes questions and can show some before it runs."""

    def preview(self, run: Run, scratch: Path, count: int) -> Sequence[Question]:
        """At most `count` of its questions, with pictures; nothing is written but under `scratch`."""
        ...


@runtime_checkable
class LooksAhead(Protocol):
    """A unit that can tell by a few of its questions that it will keep or ask nothing."""

    def fault_ahead(self, questions: Sequence[Question]) -> str:
        """What is wrong with its settings for such questions; empty where nothing is."""
        ...


class OnceAUnit(str):
    """A note that each worker process may have, and of which a unit needs the first alone."""

    __slots__ = ()


@runtime_checkable
class DrawsByEngine(Protocol):
    """A unit whose chains may be drawn by servers."""

    @property
    def engine(self) -> EnginePlan:
        """Who draws."""
        ...


@runtime_checkable
class RefreshesEngine(Protocol):
    """A training whose rollouts may be drawn by servers, which get its weights."""

    @property
    def refresh(self) -> RefreshPlan:
        """How they get them."""
        ...


@runtime_checkable
class TrainsWeights(Protocol):
    """A training whose settings can be tried on the model that it starts from, without weights."""

    @property
    def start(self) -> str:
        """The model that is trained: of the recipe, or of a step before."""
        ...

    @property
    def fit(self) -> FitPlan:
        """How the weights move."""
        ...

    @property
    def adapter(self) -> AdapterPlan:
        """What is trained beside them."""
        ...


@runtime_checkable
class MayBeComputed(Protocol):
    """A row stage whose blocks may take a processor so long that many of them are worth worker processes."""

    def is_computed(self) -> bool:
        """Whether they do, with these settings: it asks no server."""
        ...


@runtime_checkable
class SendsBlocks(Protocol):
    """Inputs of which a block is a few numbers a row that take a while to find: workers are sent them."""

    def sent(self, block: slice) -> Sequence[Any]:
        """The input rows of a block."""
        ...


@runtime_checkable
class Concludes(Protocol):
    """A stage with a result that is said when the run ends."""

    def conclusion(self, run: Run, name: str) -> Sequence[str]:
        """The result in a few lines, figures with their intervals; empty where nothing is finished."""
        ...

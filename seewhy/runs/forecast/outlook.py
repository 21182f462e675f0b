"""The outlook on a run: finished rows where they are there, and what the other units expect of themselves."""

import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

from seewhy.endpoints.cache import ReplyCache
from seewhy.endpoints.chat import ChatResponse, Request
from seewhy.endpoints.payload import prepare_request
from seewhy.endpoints.plan import EndpointPlan
from seewhy.endpoints.recording import RecordingClient
from seewhy.records.columns import Record
from seewhy.records.ranked import RankedGroup
from seewhy.records.types import Question, Response, Style
from seewhy.runs.api import ModelKind, PageStage, RowStage, TrainStage
from seewhy.runs.changes import State, status_of
from seewhy.runs.engines import SERVERS
from seewhy.runs.forecast.api import StageForecast, pick, spread
from seewhy.runs.graph import input_place, resolve
from seewhy.runs.models import REPLIES
from seewhy.runs.run import OpenRun

R = TypeVar("R", bound=Record)
SAMPLED = 48
"""Questions of a unit whose rows are looked at."""


@dataclass(slots=True, kw_only=True)
class RunOutlook:
    """`Outlook` of `runs/forecast/api.py`."""

    run: OpenRun
    scratch: Path
    limit: int
    finished: frozenset[str]
    """References of finished units, which later steps read as they are."""
    stack: ExitStack
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Of one expected row of each unit."""
    found: dict[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    forecasts: dict[str, StageForecast] = field(default_factory=dict[str, StageForecast])
    whole: "RunOutlook | None" = None

    def all_rows(self) -> "RunOutlook":
        """The same without a limit."""
        if not self.limit:
            return self
        self.whole = self.whole or replace(self, limit=0, found={}, seconds={})
        return self.whole

    def is_there(self, ref: str) -> bool:
        """Whether the rows of a unit are finished, or come from outside the run."""
        name = self._resolved(ref)
        return name in self.finished or input_place(self.run.recipe, name) is not None

    def rows(self, ref: str, record: type[R]) -> Sequence[R]:
        """Rows of a unit or an input: its own where they are finished, else those that it expects."""
        name = resolve(self.run.recipe, ref, self.run.nodes, record)
        if name not in self.found:
            self.found[name] = self._there(name, record) if self.is_there(name) else self._expected(name)
        return self.found[name]

    def questions(self, ref: str) -> Mapping[str, Question]:
        """By id, the questions from which the rows of a unit follow."""
        origin = self.run.origin(ref, Question)
        view = self.all_rows() if self.is_there(origin) else self
        return {question.id: question for question in view.rows(origin, Question)}

    def counts(self, ref: str) -> Sequence[int]:
        """Rows of each prompt, in order: counted where they are finished, else the most that there can be."""
        source = self.forecast(ref)
        if not self.is_there(ref):
            return [source.per_prompt] * ((source.rows or 0) // max(1, source.per_prompt))
        record = self._record(self._resolved(ref))
        rows = self.run.read(ref, record) if record else ()
        keys = (_prompt_of(row) for row in rows for _ in range(_pairs_of(row)))
        return list(Counter(keys).values())

    def forecast(self, ref: str) -> StageForecast:
        """The forecast of a unit; of a finished unit or an input, its number of rows."""
        name = self._resolved(ref)
        if name not in self.forecasts:
            self.forecasts[name] = self._forecast(name)
        return self.forecasts[name]

    def replies(self, model: str, style: Style) -> Sequence[Response]:
        """Responses such as a model will give: those that it is trained on; empty where nothing is known."""
        node = self.run.nodes.get(self._resolved(model))
        if node is None or not isinstance(node.unit, TrainStage):
            return ()
        return node.unit.replies(self.run, self, style)

    def listener(self, model: str) -> RecordingClient:
        """A client for a model behind a server: it records requests, and answers from the kept replies alone."""
        endpoint = self.endpoint(model)
        if not Path(endpoint.cache).is_file():
            return RecordingClient(name=endpoint.model)
        cache = self.stack.enter_context(closing(ReplyCache(endpoint.cache)))

        def recall(request: Request) -> ChatResponse | None:
            kept = cache.find(prepare_request(request, endpoint).key)
            if len(kept.replies) < request.count:
                return None
            return ChatResponse(replies=kept.replies[: request.count], model=kept.model)

        return RecordingClient(name=endpoint.model, recall=recall)

    def endpoint(self, model: str) -> EndpointPlan:
        """A model behind a server, with the replies that this run keeps of it."""
        return self.run.server_spec(model).endpoint(str(self.run.root / SERVERS / REPLIES))

    def _resolved(self, ref: str) -> str:
        return resolve(self.run.recipe, ref, self.run.nodes)

    def _there(self, ref: str, record: type[R]) -> Sequence[R]:
        if record is Question:
            asked = self.run.questions(ref)
            return cast(Sequence[R], pick(asked, self.limit) if self.limit else asked)
        rows = self.run.read(ref, record)
        if not self.limit:
            return rows
        kept = set(spread(list(dict.fromkeys(map(_question_of, rows))), self.limit))
        return [row for row in rows if _question_of(row) in kept]

    def _expected(self, ref: str) -> Sequence[Any]:
        unit = self.run.nodes[ref].unit
        if not isinstance(unit, RowStage):
            return ()
        began = time.perf_counter()
        rows = list(unit.expected(self.run, self))
        self.seconds[ref] = (time.perf_counter() - began) / max(1, len(rows))
        if self.limit and rows and isinstance(rows[0], Question):
            return pick(rows, self.limit)
        return rows

    def _forecast(self, ref: str) -> StageForecast:
        if input_place(self.run.recipe, ref) is not None:
            record = self._record(ref)
            rows = len(self.all_rows().rows(ref, record)) if record else None
            return StageForecast(rows=rows, basis=f"as {self.run.place(ref)} has them")
        unit = self.run.nodes[ref].unit
        if ref in self.finished:
            name = "steps" if isinstance(unit, TrainStage) else "rows"
            return StageForecast(rows=self.run.manifest(ref).counts["rows"], unit=name, basis="finished")
        if isinstance(unit, PageStage):
            return StageForecast(unit="pages")
        unknown = [other for other in self.run.reads(self.run.nodes[ref]).values() if self._is_unknown(other)]
        if unknown:
            basis = f"not known: {unknown[0]} does not say how many rows it will write"
            return StageForecast(is_exact=False, basis="" if type(unit).forecast is RowStage.forecast else basis)
        return unit.forecast(self.run, self)

    def _is_unknown(self, ref: str) -> bool:
        """Whether a unit writes rows that are not there and does not say how many there will be."""
        node = self.run.nodes.get(ref)
        is_pending = node is not None and isinstance(node.unit, RowStage) and ref not in self.finished
        return is_pending and self.forecast(ref).rows is None

    def _record(self, ref: str) -> type[Any] | None:
        """The record of a unit's rows; of an input, the one that is first read from it."""
        node = self.run.nodes.get(ref)
        if node is not None:
            return node.unit.rows if isinstance(node.unit, RowStage) else None
        wants = [need.wants for one in self.run.nodes.values() for need in one.unit.needs() if need.ref == ref]
        return next((want for want in wants if not isinstance(want, ModelKind)), None)


def _question_of(row: Any) -> str:  # noqa: ANN401
    return str(row.question_id) if "question_id" in {one.name for one in fields(row)} else ""


def _prompt_of(row: Any) -> tuple[str, str]:  # noqa: ANN401
    names = {one.name for one in fields(row)}
    return _question_of(row), str(row.style) if "style" in names else ""


def _pairs_of(row: Any) -> int:  # noqa: ANN401
    """Pairs of a ranked group; of another row 1."""
    return len(row.picks) if isinstance(row, RankedGroup) else 1


@contextmanager
def outlook_on(run: OpenRun) -> Generator[RunOutlook]:
    """The outlook on a run, as long as the context lasts; nothing is written into the run's directory."""
    with TemporaryDirectory(prefix="seewhy-") as folder, ExitStack() as stack:
        finished: Iterable[str] = (one.ref for one in status_of(run) if one.state is State.FINISHED)
        yield RunOutlook(run=run, scratch=Path(folder), limit=SAMPLED, finished=frozenset(finished), stack=stack)

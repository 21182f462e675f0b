"""Models of one process: local ones in bounded memory, and sessions with servers."""

import gc
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.model.api import Generates
from seewhy.model.free_memory import memory_bytes
from seewhy.model.plan import AdapterPlan, FeaturePlan
from seewhy.model.weights import base_of, size_of_weights, unopened
from seewhy.records.types import Question
from seewhy.runs.discovery import load_part
from seewhy.runs.engines import SERVERS, OpenEngine, open_engine
from seewhy.runs.machine import ORACLE
from seewhy.runs.memory import SHARE
from seewhy.runs.run import OpenRun

REPLIES = "replies.sqlite"


def features_of(run: OpenRun) -> Any:  # noqa: ANN401
    """The store of image features that the models of a process share."""
    plan: FeaturePlan = run.machine.features
    return load_part("model", "vision.feature_cache").FeatureCache(plan, run.root / "features")


@dataclass(slots=True, kw_only=True)
class ProcessModels:
    """`Models` of `runs/api.py`; use it in a `with`."""

    run: OpenRun
    note: Callable[[str], None]
    """Passes a line on to whoever watches the run."""
    opened: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    prompts: Any = None
    """Encoded prompts: models of one process and one processor encode a question once."""
    features: Any = None
    sessions: dict[tuple[str, bool], Any] = field(default_factory=dict[tuple[str, bool], Any])
    stack: ExitStack = field(default_factory=ExitStack)
    """Closes sessions, and after them the run's own oracle."""
    oracle: str = ""
    """Where the run's own oracle answers; empty until it is asked."""
    engines: dict[tuple[str, str], OpenEngine] = field(default_factory=dict[tuple[str, str], OpenEngine])
    """By model and by all settings of the engine: two plans are equal wherever their servers are."""

    def local(self, ref: str) -> Generates:
        """A model with weights, ready to draw and score, called `ref` in the rows it makes.

        Raises:
            ValueError: it cannot be opened.
        """
        if ref not in self.opened:
            self._make_room(self.run.weights(ref))
            self.opened[ref] = self._load(ref, masters=False)
            self.opened[ref].image_features.freeze()
        self.opened.move_to_end(ref)
        return self.opened[ref]

    def sampler(self, ref: str, engine: EnginePlan) -> Generates:
        """The model itself, or the servers of an engine; ValueError where none of them has the model."""
        if not engine.is_server:
            return self.local(ref)
        key = (ref, repr(engine))
        if key not in self.engines:
            self.engines[key] = open_engine(self.run, ref, engine, self.note)
            self.stack.enter_context(self.engines[key].session)
        return self.engines[key].model

    def reference(self, ref: str, adapter: AdapterPlan) -> Any:  # noqa: ANN401
        """A model whose weights are as those of a training that starts from it; for its reference rows."""
        is_merged = not adapter.go_on and base_of(self.run.weights(ref)) is not None
        is_usual = self.run.compute.precision == type(self.run.compute)().precision
        if not is_merged and (adapter.rank or is_usual):
            return self.local(ref)
        self.close_models()
        model = self._load(ref, masters=not adapter.rank)
        if is_merged:
            model.adapt(AdapterPlan())  # added into the weights, as the training does before it makes its own
        model.image_features.freeze()
        return model

    def trainable(self, ref: str, label: str, adapter: AdapterPlan) -> Any:  # noqa: ANN401
        """The model anew from its files, to be trained: itself, or an adapter. All other local models are closed."""
        self.close_models()
        model = self._load(ref, masters=not adapter.rank, label=label)
        model.adapt(adapter)
        return model

    def server(self, ref: str, *, by_batch: bool = False) -> ChatModel:
        """A session with a model behind a server; its vision check comes before the first picture."""
        key = (ref, by_batch)
        if key not in self.sessions:
            spec, machine = self.run.server_spec(ref), self.run.machine
            folder = self.run.root / SERVERS
            folder.mkdir(parents=True, exist_ok=True)
            address = self._serve_oracle() if spec.is_own_oracle else ""
            session = load_part("endpoints", "session").TeacherSession(
                endpoint=spec.endpoint(str(folder / REPLIES), address), pace=machine.pace,
                spend=replace(machine.spend, is_free=machine.spend.is_free or spec.is_own_oracle),
                canary=machine.canary, batch=machine.batch if by_batch else None, folder=folder, note=self.note,
            )  # fmt: skip
            self.sessions[key] = self.stack.enter_context(session)
        return self.sessions[key]

    def end_block(self) -> None:
        """To be called when the rows of a block are made: too many failed requests are an error then."""
        for session in (*self.sessions.values(), *(engine.session for engine in self.engines.values())):
            session.check_block()

    @property
    def spent(self) -> str:
        """What servers were paid so far, in words; empty where none was asked."""
        return ", ".join(filter(None, (session.summary() for session in self.sessions.values())))

    def close_models(self) -> None:
        """Free the memory of all local models."""
        self.opened.clear()
        gc.collect()

    def __enter__(self) -> "ProcessModels":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_models()
        self.stack.close()

    def _serve_oracle(self) -> str:
        """The address of an oracle that knows the questions that are finished by now, on loopback."""
        if not self.oracle:
            served = load_part("testing", "served.server")
            questions = tuple(known_questions(self.run))
            folder = self.run.root / SERVERS / ORACLE
            folder.mkdir(parents=True, exist_ok=True)
            serving = served.Serving(questions=questions, folder=folder)
            self.oracle = self.stack.enter_context(served.running(serving)).base_url
        return self.oracle

    def _load(self, ref: str, *, masters: bool, label: str = "") -> Any:  # noqa: ANN401
        place = self.run.weights(ref)
        try:
            model = load_part("model", "families.hub").HubModel.load(
                place, label=label or ref, compute=self.run.compute, masters=masters, prompt=self.run.prompt(ref)
            )
            if model.has_adapter:
                load_part("model", "loading.adapter_files").require_effect(model.net, place)
        except (OSError, ValueError) as error:
            raise ValueError(unopened(f"{ref} ({place})", error)) from error
        if self.features is None:
            self.features = features_of(self.run)
        if self.prompts is None:
            self.prompts = load_part("model", "loading.prompt_cache").PromptCache(self.run.machine.prompts_mib << 20)
        model.prompts = self.prompts.of_processor(model.processor_fingerprint)
        model.image_features.cache = self.features
        return model

    def _make_room(self, place: str) -> None:
        """Close the models that were used longest ago until the next one fits beside the others."""
        wanted = size_of_weights(place)
        while self.opened and wanted + sum(_bytes_of(model) for model in self.opened.values()) > SHARE * memory_bytes():
            self.opened.popitem(last=False)
            gc.collect()


def known_questions(run: OpenRun) -> Iterator[Question]:
    """The questions of the steps that made some, as they are; those with pictures varied from them are left out."""
    for node in run.nodes.values():
        if node.makes is Question and not node.unit.needs() and run.is_done(node.ref):
            yield from run.questions(node.ref)


def _bytes_of(model: Any) -> int:  # noqa: ANN401
    return sum(parameter.nbytes for parameter in model.net.parameters())

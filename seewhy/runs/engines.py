"""Opens the servers of an engine for a model of a run: which of them have it, under which name, and how long it is."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from seewhy.endpoints.engine.plan import EnginePlan, RefreshPlan
from seewhy.endpoints.engine.words import NEUTRAL, TOKENS
from seewhy.endpoints.plan import EndpointPlan, SpendPlan
from seewhy.endpoints.served_models import ServedModels
from seewhy.model.api import Generates
from seewhy.model.free_memory import memory_bytes
from seewhy.model.weights import size_of_weights
from seewhy.records.appended import append_lines
from seewhy.records.canonical import hash_json
from seewhy.records.types import Question, Style
from seewhy.runs.discovery import call_part, load_part
from seewhy.runs.memory import SHARE
from seewhy.runs.run import OpenRun

FOLDER, WHOLE = "served", "weights"
"""Beneath the folder of a training whose rollouts servers draw: what they are given, and of it whole weights."""
SERVERS = "servers"
"""Folder of a run with what servers replied, and what their vision checks said."""
LOG = "engines.jsonl"
"""Within it: which servers drew for which model, and with which settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEngine:
    """Servers that are asked for chains, as a model."""

    model: Generates
    session: Any
    """A `TeacherSession`, which counts failed requests and is to be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Servers that have a model.

    Example:
        >>> Found(name="sft", urls=("http://127.0.0.1:8000/v1",), window=8192, away=()).window
        8192
    """

    name: str
    """As the servers know it."""
    urls: tuple[str, ...]
    window: int
    """Tokens that the smallest of them takes; 0 where none says."""
    away: tuple[str, ...]
    """Why the others are not asked, a line each."""


def open_engine(run: OpenRun, ref: str, engine: EnginePlan, note: Callable[[str], None]) -> OpenEngine:
    """The servers that have the model `ref`.

    Raises:
        ValueError: none of them answers, or has it.
    """
    spec, machine = run.spec(ref), run.machine
    far = spec if spec and spec.is_server else None
    found = find_servers(engine, ref, names_at_servers(run, ref))
    for line in found.away:
        note(f"engine of {ref}: {line}")
    folder = run.root / SERVERS
    folder.mkdir(parents=True, exist_ok=True)
    endpoint = EndpointPlan(
        base_url=found.urls[0], more_urls=found.urls[1:], model=found.name, key_variable=engine.key_variable,
        cache_salt=run.identity(ref), detail=far.detail if far else "auto",
        max_pixels=far.max_pixels if far else 0,
    )  # fmt: skip
    # With weights the prompt's own tokens are compared, pictures among them, and a tiny model need not know colours.
    canary = replace(machine.canary, trials=0) if far is None else machine.canary
    session = load_part("endpoints", "session").TeacherSession(
        endpoint=endpoint, pace=machine.pace, spend=SpendPlan(is_free=True), canary=canary, folder=folder, note=note,
    )  # fmt: skip
    spelling: Any = None
    if far is None:
        meta = call_part("runs", "forecast.meta", "open_meta", run.weights(ref), run.prompt(ref))
        spelling = load_part("runs", "spelling").HubSpelling(hub=meta)
    write_line(folder, ref, found)
    check = None if spelling is None or not engine.max_gap else partial(check_weights, run, ref, engine.max_gap, note)
    model = load_part("sampling", "served").ServedModel(
        name=ref, chat_model=session, spelling=spelling, window=found.window, note=note, check_weights=check,
    )  # fmt: skip
    return OpenEngine(model=model, session=session)


def names_at_servers(run: OpenRun, ref: str) -> list[str]:
    """What servers may call a model of a run: by its own name, or by the folder or Hub name of its weights."""
    spec = run.spec(ref)
    return [spec.model] if spec and spec.is_server else [ref, *_names_of(run.weights(ref))]


def served_folder(run: OpenRun, place: Path, refresh: RefreshPlan) -> Path:
    """Where a training writes its weights for servers; `place` is its own folder."""
    own = place / FOLDER
    return (Path(refresh.folder) / label_at_servers(run, place) if refresh.folder else own).resolve()


def label_at_servers(run: OpenRun, place: Path) -> str:
    """A step's name with a mark of its run, for names at servers that several runs may use.

    Letters, digits and hyphens.
    """
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', place.name)}-{hash_json(str(run.root.resolve()))[:6]}"


def names_of_refreshed(run: OpenRun, ref: str, place: Path, refresh: RefreshPlan) -> list[str]:
    """What servers may call the model that a training starts from, or goes on with.

    SGLang calls its model by the folder of the weights that it took last.
    """
    first, *others = names_at_servers(run, ref)
    return [first, str(served_folder(run, place, refresh) / WHOLE), *others]


def find_servers(engine: EnginePlan, ref: str, names: Sequence[str]) -> Found:
    """Those servers that have a model under the name that the engine's plan gives it, or under one of `names`.

    A server that keeps no list of its models is believed to have it.

    Raises:
        ValueError: none of them has it; the message says what each said.
    """
    answered = dict(ask_servers(engine))
    answers = {url: one for url, one in answered.items() if isinstance(one, ServedModels)}
    faults = [one for one in answered.values() if isinstance(one, str)]
    listed = {name for one in answers.values() for name in one.names}
    name = engine.names.get(ref) or next((one for one in names if one in listed), names[-1] if not listed else "")
    urls = tuple(url for url, one in answers.items() if name and (name in one.names or not one.names))
    if not urls and name in engine.names.values() and answers:
        urls = tuple(answers)  # said by name: `transformers serve` lists what it has kept, and serves more
    lacks = [f"{url} has {', '.join(one.names)}" for url, one in answers.items() if url not in urls]
    if not urls:
        wanted, said = " or ".join(dict.fromkeys(names)), "; ".join([*faults, *lacks])
        raise ValueError(f"no server of the engine has the model {wanted}: {said}. Start one, "
                         f"as docs/engines.md shows, or say its name at the servers as engine.names.{ref}")  # fmt: skip
    windows = [answers[url].windows[name] for url in urls if name in answers[url].windows]
    return Found(name=name, urls=urls, window=min(windows, default=0), away=(*faults, *lacks))


def ask_servers(engine: EnginePlan) -> Iterator[tuple[str, ServedModels | str]]:
    """What models each server lists, or why it did not say, without what to do: one remedy stands for all."""
    probe = load_part("endpoints", "probe")
    for url in engine.urls:
        plan = EndpointPlan(base_url=url, model="any", key_variable=engine.key_variable)
        with closing(probe.Probe(plan)) as asked:
            try:
                yield url, asked.models()
            except ValueError as error:
                yield url, str(error).removesuffix(f": {probe.REMEDY}")


def _names_of(place: str) -> tuple[str, ...]:
    """What a server may call a model that was started by the folder or Hub name of its weights."""
    path = Path(place)
    if not path.is_dir():
        return (place,)
    here = path.resolve()
    near = [str(here.relative_to(Path.cwd()))] if here.is_relative_to(Path.cwd()) else []
    return (*near, place, str(here))


def check_weights(
    run: OpenRun, ref: str, bound: float, note: Callable[[str], None], servers: Generates, question: Question,
    style: Style,
) -> None:  # fmt: skip
    """Score chains of the servers by the weights here, and write down by how much the two differ.

    Weights that take more than `SHARE` of this machine's memory are not opened.

    Raises:
        ValueError: they differ by more than `bound`.
    """
    place = run.weights(ref)
    if size_of_weights(place) > SHARE * memory_bytes():
        note(f"engine of {ref}: its weights do not fit into this machine's memory, and were not compared")
        return
    weights = load_part("model", "families.hub").HubModel.load(
        place, label=ref, compute=run.compute, prompt=run.prompt(ref)
    )
    check = load_part("sampling", "weights_check")
    gaps = check.measured_gaps(servers, weights, question, style)
    append(run.root / SERVERS, {"model": ref, "gaps": gaps})
    if not gaps:
        note(f"engine of {ref}: the servers give no log-probabilities, so that their weights cannot be compared")
        return
    check.require_same_weights(ref, gaps, bound)
    by_kind = ", ".join(f"{gap:.2g} ({kind})" for kind, gap in gaps.items())
    note(f"engine of {ref}: its log-probabilities differ from those here by {by_kind} a token")


def write_line(folder: Path, ref: str, found: Found) -> None:
    """Write down who draws, and what is sent beside each request's own settings."""
    sent = {**NEUTRAL, **TOKENS}
    append(folder, {"model": ref, "name": found.name, "urls": found.urls, "window": found.window, "sent": sent})


def append(folder: Path, figures: Mapping[str, object]) -> None:
    """Add a line to the log of engines."""
    append_lines(folder / LOG, [{"at": datetime.now(UTC).isoformat(timespec="seconds"), **figures}])

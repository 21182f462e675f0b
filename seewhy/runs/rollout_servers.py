"""Servers that draw the rollouts of a training: they are given its weights, looked at, and asked."""

import json
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seewhy.endpoints.engine.plan import EnginePlan, GivenAs, RefreshPlan
from seewhy.endpoints.engine.words import SGLANG
from seewhy.endpoints.plan import LISTS_MODEL, NEVER, EndpointPlan, SpendPlan
from seewhy.model.api import Generates
from seewhy.model.plan import AdapterPlan
from seewhy.records.files import write_text_atomically
from seewhy.records.types import Question, Style
from seewhy.runs.discovery import load_part
from seewhy.runs.engines import (
    SERVERS,
    WHOLE,
    append,
    find_servers,
    label_at_servers,
    names_of_refreshed,
    served_folder,
)
from seewhy.runs.run import OpenRun

SEEN = "seen.json"
"""In the step's folder: what servers answered last."""
DONE = "done.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """What of a training its servers must know."""

    ref: str
    """The model that it starts from."""
    model: Any
    """The `HubModel` that is trained."""
    adapter: AdapterPlan
    place: Path
    """The step's folder."""
    questions: Sequence[Question]
    style: Style
    max_tokens: int
    ranks: Any
    """The processes that train together."""


@dataclass(slots=True, kw_only=True)
class RolloutServers:
    """`ServesRollouts` of `training/online/served.py`; close it."""

    run: OpenRun
    rollouts: Rollouts
    engine: EnginePlan
    refresh: RefreshPlan
    note: Callable[[str], None]
    step: int | None = None
    check: Any = None
    """A `RefreshCheck`, made at the first refresh."""
    served: Any = None
    """A `ServedModel`."""
    stack: ExitStack = field(default_factory=ExitStack)
    """Holds the session of this refresh."""
    news: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def max_gap(self) -> float:
        """Of the engine's plan."""
        return self.engine.max_gap

    @property
    def gives_adapter(self) -> bool:
        """Whether servers are given the adapter, and not whole weights."""
        if self.refresh.given is GivenAs.AUTO:
            return self.rollouts.adapter.is_servable
        return self.refresh.given is GivenAs.ADAPTER

    @property
    def folder(self) -> Path:
        """Where weights for servers are written."""
        return served_folder(self.run, self.rollouts.place, self.refresh)

    @property
    def _label(self) -> str:
        return label_at_servers(self.run, self.rollouts.place)

    def sampler(self, number: int) -> Generates:
        """Who draws round `number`; servers are given the weights first, where it is time."""
        if self.step is None or (number % self.refresh.every == 0 and number != self.step):
            given = self.rollouts.ranks.broadcast(lambda: self._give(number))
            self._open(given, number)
        return self.served

    def figures(self) -> dict[str, float]:
        """Of the last refresh; empty when they were asked before."""
        news, self.news = self.news, {}
        return news

    def forget(self) -> None:
        """Let go of replies that are kept, and give the weights anew before the next request."""
        self.stack.close()
        self._forget_replies("")
        self.step = None

    def close(self) -> None:
        """Take adapters from the servers, as far as they answer, and remove what was written for them."""
        self.stack.close()
        if self.rollouts.ranks.is_first and self.folder.is_dir():
            adapters = self._adapters()
            if adapters and self.step is not None:
                with self._giver() as giver:
                    giver.take(adapters)
            shutil.rmtree(self.folder)
        if (self.rollouts.place / DONE).is_file():
            self._forget_replies("")

    def _give(self, number: int) -> dict[str, Any]:
        """Give the weights to all servers that answer, and look at each; plain data for all processes."""
        names = names_of_refreshed(self.run, self.rollouts.ref, self.rollouts.place, self.refresh)
        (self.run.root / SERVERS).mkdir(parents=True, exist_ok=True)
        try:
            found = find_servers(self.engine, self.rollouts.ref, names)
        except ValueError as error:
            raise ConnectionError(str(error)) from error
        away = list(found.away)
        name = f"{self._label}-{number:06d}-{secrets.token_hex(4)}"
        old = self._adapters()
        path = self.folder / (name if self.gives_adapter else WHOLE)
        model = self.rollouts.model
        load_part("training", "export").write_folder(path, model.save_adapter if self.gives_adapter else model.save)
        weights = load_part("endpoints", "engine.refresh").NewWeights(
            path=str(path), name=name, is_adapter=self.gives_adapter
        )
        with self._giver(found.urls) as giver:
            came = giver.give(weights, old)
        refused = [one.refusal for one in came if one.refusal]
        if refused:
            raise ValueError("; ".join(dict.fromkeys(refused)))
        away += [f"{one.url} did not take the weights: {one.is_away}" for one in came if one.is_away]
        kinds = {one.kind for one in came if not one.is_away}
        if len(kinds) > 1:
            raise ValueError(f"engine.urls are of {' and '.join(sorted(kinds))}: name servers of one kind")
        asked = self._asked_as(found.name, name, is_sglang=kinds == {SGLANG})
        given = {"name": asked, "version": "" if self.gives_adapter else name, "window": found.window, "urls": [],
                 "figures": {}}  # fmt: skip
        looks = self._look_at([one.url for one in came if not one.is_away], given, number, away)
        for line in away:
            self.note(f"engine of {self.rollouts.ref}: {line}")
        if not given["urls"]:
            raise ConnectionError(f"no server of the engine has the weights, because {', and '.join(away)}: start "
                                  "one anew, and run the same command again")  # fmt: skip
        for place in self.folder.iterdir():
            if place.is_dir() and place.name != name:
                shutil.rmtree(place)  # whole weights are loaded; earlier adapters are no longer
        append(self.run.root / SERVERS, {"model": self.rollouts.place.name, "step": number, **given, "looks": looks})
        return given

    def _asked_as(self, base: str, name: str, *, is_sglang: bool) -> str:
        """How requests name the weights; SGLang calls its model by the folder of the weights that it took."""
        if self.gives_adapter:
            return f"{base}:{name}" if is_sglang else name
        return str(self.folder / WHOLE) if is_sglang else base

    def _look_at(
        self, urls: Sequence[str], given: dict[str, Any], number: int, away: list[str]
    ) -> dict[str, dict[str, Mapping[str, float]]]:  # fmt: skip
        """Ask each server; those that answer by the new weights are put among the given ones, with the largest figures.

        Raises:
            ValueError: a server has other weights.
        """
        if not self.engine.max_gap:
            given["urls"] = list(urls)
            return {}
        if self.check is None:
            self.check = load_part("sampling", "refresh_check").RefreshCheck(bound=self.engine.max_gap)
            kept = self.rollouts.place / SEEN
            self.check.recall(json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else ())
        question = next((one for one in self.rollouts.questions if one.images), self.rollouts.questions[0])
        found: dict[str, dict[str, Mapping[str, float]]] = {}
        for url in urls:
            try:
                with self._session(given, [url], "") as session:
                    server = self._model(given, number, session)
                    looks = self.check.look(url, server, self.rollouts.model, question, self.rollouts.style, number)
            except ConnectionError as error:
                away.append(f"{url}: {error}")
                continue
            given["urls"].append(url)
            found[url] = {kind: {"gap": one.gap, "moved": one.moved} for kind, one in looks.items()}
            for kind, one in looks.items():
                for figure, value in (("engine_gap", one.gap), ("engine_moved", one.moved)):
                    key = f"{figure}/{kind}"
                    given["figures"][key] = max(value, given["figures"].get(key, 0.0))
        write_text_atomically(self.rollouts.place / SEEN, json.dumps(self.check.records()))
        return found

    def _open(self, given: Mapping[str, Any], number: int) -> None:
        """Ask the servers for rollouts from here on; replies are kept on disk until their draw is."""
        self.stack.close()
        rank = self.rollouts.ranks.rank
        kept = self.rollouts.place / "rollouts" / f"replies-{number:05d}-{rank}.sqlite"
        kept.parent.mkdir(parents=True, exist_ok=True)
        self._forget_replies(kept.name)
        session = self.stack.enter_context(self._session(given, given["urls"], str(kept)))
        is_first, compared = self.served is None, 0 if self.served is None else self.served.compared
        self.served = self._model(given, number, session)
        self.served.compared = compared
        if is_first:
            self.served.require_room(
                self.rollouts.questions, self.rollouts.style, self.rollouts.max_tokens, blind=False
            )
        self.step = number
        self.news = {**given["figures"], "servers": float(len(given["urls"]))}

    def _forget_replies(self, but: str) -> None:
        """Remove this process's replies of draws that are rows by now."""
        for old in (self.rollouts.place / "rollouts").glob(f"replies-*-{self.rollouts.ranks.rank}.sqlite*"):
            if not but or not old.name.startswith(but):
                old.unlink()

    def _model(self, given: Mapping[str, Any], number: int, session: object) -> Any:  # noqa: ANN401
        part = load_part("sampling", "served")
        label = self.rollouts.place.name
        weights = part.GivenWeights(step=number, kept_as=f"{label}/{number}", version=given["version"])
        spelling = load_part("runs", "spelling").HubSpelling(hub=self.rollouts.model)
        warned = set[str]() if self.served is None else self.served.warned
        return part.ServedModel(name=label, chat_model=session, spelling=spelling, window=given["window"],
                                note=self.note, given=weights, warned=warned)  # fmt: skip

    def _session(self, given: Mapping[str, Any], urls: Sequence[str], kept: str) -> Any:  # noqa: ANN401
        machine, folder = self.run.machine, self.run.root / SERVERS
        endpoint = EndpointPlan(
            base_url=urls[0], more_urls=tuple(urls[1:]), model=given["name"], key_variable=self.engine.key_variable,
            cache=kept, cache_salt=self.run.identity(self.rollouts.ref),
            comes_back=LISTS_MODEL if self.gives_adapter else NEVER,
        )  # fmt: skip
        return load_part("endpoints", "session").TeacherSession(
            endpoint=endpoint, pace=machine.pace, spend=SpendPlan(is_free=True),
            canary=replace(machine.canary, trials=0), folder=folder, note=self.note,
        )  # fmt: skip

    def _giver(self, urls: Sequence[str] = ()) -> Any:  # noqa: ANN401
        made = load_part("endpoints", "engine.refresh").WeightGiver
        return made(urls or self.engine.urls, self.engine.key_variable, self.refresh.within_s)

    def _adapters(self) -> list[str]:
        """Names of adapters that servers may hold, those of a killed run among them: each has its folder here."""
        return [one.name for one in sorted(self.folder.glob(f"{self._label}-*")) if one.is_dir()]

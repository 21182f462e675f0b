"""Engines on loopback that take new weights while they run, as vLLM and SGLang do, and ones that do not quite."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock

import torch
from engine_server import Engine
from loopback import Answer, Asked, as_json, error

from seewhy.endpoints.plan import PacePlan
from seewhy.model.families.hub import HubModel
from seewhy.model.plan import AdapterPlan
from seewhy.model.weights import SHIPPED
from seewhy.records.types import Question
from seewhy.runs.machine import Machine

VLLM, SGLANG = "vLLM", "SGLang"
ADAPTER, WHOLE = AdapterPlan(rank=2), AdapterPlan()
QUICK = Machine(workers=1, threads=1, pace=PacePlan(concurrency=4, tries=4, first_wait_s=0.01, deadline_s=20.0))
KEPT: list[HubModel] = []
"""Every model that was opened: `Engine` knows them by their ids."""
ONE_AT_A_TIME = Lock()
"""Models are opened under defaults of the whole process."""


def opened(path: str | Path) -> HubModel:
    """The model of a folder, an adapter's too."""
    with ONE_AT_A_TIME:
        KEPT.append(HubModel.load(path))
        # Found of the first one, and true of all: it is the same net.
        KEPT[-1].checks, KEPT[-1].draw_checks = KEPT[0].checks, KEPT[0].draw_checks
        return KEPT[-1]


@cache
def start() -> HubModel:
    """The model that servers are started with; they share it, and give it up for others."""
    return opened(SHIPPED)


@dataclass(kw_only=True)
class Refreshed:
    """A rule of a `LoopServer`: the shipped tiny model, under whatever weights it is given."""

    questions: Sequence[Question]
    kind: str = VLLM
    fault: str = ""
    """`ignores` new weights, takes those of the `language` model alone, keeps `prompts` of older ones, answers under
    another `name`, or takes no adapters or weights at all (`refuses`)."""
    dies_after: int = -1
    """Replies after which every connection breaks off."""
    held: dict[str, HubModel] = field(default_factory=dict)
    version: str = "default"
    calls: list[tuple[str, dict]] = field(default_factory=list)
    """Each path that was posted to, with its body."""
    drawn: int = 0
    first: dict[str, HubModel] = field(default_factory=dict)
    """The weights by which each prompt was first answered."""

    def __post_init__(self):
        self.held = self.held or {"tiny": start()}

    def __call__(self, asked: Asked) -> Answer:
        path = "/" + asked.path.removeprefix("/v1/").lstrip("/")
        if 0 <= self.dies_after <= self.drawn:
            return Answer(body=b"{", cut_at=0)
        if asked.method == "GET":
            return self._get(path)
        if path == "/chat/completions":
            return self._chat(asked)
        self.calls.append((asked.path, asked.body))
        return error(404, "Not Found") if self.fault == "refuses" else self._take(path, asked.body)

    def _get(self, path: str) -> Answer:
        if path == "/model_info" and self.kind == SGLANG:
            return as_json({"model_path": "somewhere", "weight_version": self.version})
        if path in ("/models", "/health"):
            return as_json({"data": [{"id": name, "max_model_len": 2048} for name in self.held]})
        return error(404, "Not Found")

    def _take(self, path: str, body: dict) -> Answer:
        name, is_ignored = body.get("lora_name"), self.fault == "ignores"
        if path == "/load_lora_adapter":
            self.held[name] = self.held["tiny"] if is_ignored else opened(body["lora_path"])
        elif path == "/unload_lora_adapter":
            return as_json({}) if self.held.pop(name, None) else error(404, "no such adapter")
        elif path == "/collective_rpc" and self.kind == VLLM:
            assert body["method"] == "reload_weights"
            self._reload("tiny", body["kwargs"]["weights_path"])
        elif path == "/update_weights_from_disk" and self.kind == SGLANG:
            self.version = body["weight_version"]
            self._reload(body["model_path"], body["model_path"])
        elif path == "/update_weight_version" and self.kind == VLLM:
            self.version = body["new_version"]
        elif not path.startswith("/reset_"):
            return error(404, "Not Found")
        return as_json({"success": True})

    def _reload(self, name: str, path: str) -> None:
        old = next(iter(self.held.values()))
        new = old if self.fault == "ignores" else opened(path)
        if self.fault == "language":
            with torch.no_grad():
                for part in ("tower", "projector"):
                    for one, other in zip(new.parameter_groups()[part], old.parameter_groups()[part], strict=True):
                        one.copy_(other)
        self.held = {name: new}

    def _chat(self, asked: Asked) -> Answer:
        body = asked.body
        name = body["model"].rpartition(":")[2] if self.kind == SGLANG else body["model"]
        if name not in self.held:
            return error(404, f"The model `{name}` does not exist.")
        first = self.first.setdefault(json.dumps(body["messages"]), self.held[name])
        model = first if self.fault == "prompts" else self.held[name]
        self.drawn += 1
        told = json.loads(Engine(model, self.questions, body["model"])(asked).body)
        if self.fault == "name":
            told["model"] = "tiny-of-before"
        if self.kind == SGLANG:
            told["metadata"] = {"weight_version": self.version}
        elif body.get("return_weight_versions"):
            for choice in told["choices"]:
                choice["weight_versions"] = [{"version": self.version, "start": 0, "end": 1}]
        return as_json(told)

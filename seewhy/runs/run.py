"""A recipe in a directory: where its rows and models are, and what they are by content. It pickles."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from seewhy.model.plan import ComputePlan
from seewhy.model.prompt_plan import AS_IS, PromptPlan
from seewhy.model.weights import weights_identity, weights_place
from seewhy.records.columns import Record
from seewhy.records.lineage import MANIFEST, Manifest, hash_directory, read_manifest
from seewhy.records.rows import RowReader
from seewhy.records.types import Question
from seewhy.runs.api import ModelKind, TrainStage
from seewhy.runs.graph import Node, input_place, nodes_of, origin, reads_of, resolve
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.outside import hash_input, is_questions_file, read_questions
from seewhy.runs.question_rows import question_rows
from seewhy.runs.recipe import Recipe
from seewhy.runs.yaml_text import RECIPE_FILE

R = TypeVar("R", bound=Record)
PICTURES = "pictures"
"""Folder of a run with pictures that inputs hold as bytes."""
MODEL = "model"
"""Folder of the trained model within a training's folder."""


@dataclass(frozen=True, kw_only=True)
class OpenRun:
    """Paths, rows and identities of a run; `Run` of `runs/api.py`."""

    root: Path
    recipe: Recipe
    machine: Machine
    out: Path | None = None
    """The folder of the only step, where a stage runs without a recipe's directory."""

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.recipe.name

    @property
    def seed(self) -> int:
        """The recipe's seed."""
        return self.recipe.seed

    @property
    def models(self) -> Mapping[str, ModelSpec]:
        """Models that the run starts from, by name."""
        return self.recipe.models

    def steps(self) -> Sequence[str]:
        """Names of the steps, in order."""
        return list(self.recipe.steps)

    def units_of(self, step: str) -> Sequence[str]:
        """References of the units of a step."""
        return [ref for ref, node in self.nodes.items() if node.step == step]

    def command(self, step: str) -> str:
        """The command line that runs one step of this run, or all where `step` is empty."""
        words = ["seewhy", "run", str(self.root / RECIPE_FILE), "--run", str(self.root)]
        return shlex.join([*words, "--only", step] if step else words)

    @property
    def compute(self) -> ComputePlan:
        """Device and precision of local models."""
        return self.recipe.compute

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """Every unit by its reference, in order."""
        return nodes_of(self.recipe)

    def node(self, ref: str) -> Node:
        """The unit of a reference; KeyError where there is none."""
        return self.nodes[resolve(self.recipe, ref, self.nodes)]

    def reads(self, node: Node) -> dict[str, str]:
        """Field to resolved reference, of what a unit reads."""
        return reads_of(self.recipe, self.nodes, node)

    def place(self, ref: str) -> Path:
        """The folder of a unit's rows or of a training, or where an input of the recipe is."""
        found = resolve(self.recipe, ref, self.nodes)
        outside = input_place(self.recipe, found)
        if outside is not None:
            return outside
        node = self.nodes[found]
        step = self.out if self.out is not None and node.step in self.recipe.steps else self.root / node.step
        return step / node.part if node.part else step

    def read(self, ref: str, record: type[R]) -> RowReader[R]:
        """The rows of a unit or an input, in order, read from disk as they are asked for."""
        return RowReader(self.place(resolve(self.recipe, ref, self.nodes, record)), record)

    def questions(self, ref: str) -> Sequence[Question]:
        """Question rows, the paths of their pictures resolved."""
        place = self.place(ref)
        if is_questions_file(place):
            return read_questions(place, self.root / PICTURES)
        return question_rows(self.read(ref, Question), place if place.is_dir() else place.parent)

    def origin(self, ref: str, record: type[Any]) -> str:
        """The nearest unit or input from which `ref` follows that holds rows of this kind, `ref` itself included."""
        return origin(self.recipe, self.nodes, ref, record)

    def manifest(self, ref: str) -> Manifest:
        """What a finished unit says of itself."""
        return read_manifest(self.place(ref))

    def is_done(self, ref: str) -> bool:
        """Whether a unit is finished; one that the recipe does not have is not."""
        try:
            place = self.place(ref)
        except KeyError:
            return False
        return (place / MANIFEST).is_file()

    def spec(self, ref: str) -> ModelSpec | None:
        """The model of this name in the recipe; None where a step trains it."""
        return self.recipe.models.get(ref)

    def server_spec(self, ref: str) -> ModelSpec:
        """A model behind a server; ValueError where this is none, which a stage does not say that it needs."""
        spec = self.spec(ref)
        if spec is None or not spec.is_server:
            raise ValueError(f"{ref} is no model behind a server: name one that is in `needs` of the stage")
        return spec

    def weights(self, ref: str) -> str:
        """Folder or Hub name of a model with weights."""
        spec = self.spec(ref)
        if spec is not None:
            return weights_place(spec.path)
        return str(self.place(ref) / MODEL)

    def prompt(self, ref: str) -> PromptPlan:
        """How a model with weights is asked; one that a step trained has it from its folder."""
        spec = self.spec(ref)
        return AS_IS if spec is None else spec.prompt

    def identity(self, ref: str) -> str:
        """Hash of the content of rows, weights, or of who a model behind a server is."""
        found = resolve(self.recipe, ref, self.nodes)
        spec = self.spec(found)
        if spec is not None and spec.is_server:
            return "server " + " ".join(f"{key}={value}" for key, value in spec.server_identity.items())
        if spec is not None:
            return weights_identity(spec.path) + ("" if spec.prompt.is_usual else f" asked by {spec.prompt}")
        outside = input_place(self.recipe, found)
        if outside is not None:
            return hash_input(outside)
        if isinstance(self.nodes[found].unit, TrainStage):
            return weights_identity(str(self.place(found) / MODEL))
        return hash_directory(self.place(found))

    def uses_weights(self, node: Node) -> bool:
        """Whether a unit works with a local model."""
        for need in node.unit.needs():
            if need.wants in (ModelKind.WEIGHTS, ModelKind.ANY) and not need.is_served:
                spec = self.spec(need.ref)
                if spec is None or not spec.is_server:
                    return True
        return False

    def asks_server(self, node: Node) -> bool:
        """Whether a unit works with a model behind a server."""
        for need in node.unit.needs():
            spec = self.spec(need.ref) if isinstance(need.wants, ModelKind) else None
            if need.is_served or (spec is not None and spec.is_server):
                return True
        return False

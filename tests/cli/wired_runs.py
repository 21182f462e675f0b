"""Small runs whose teacher or judge is an oracle behind a server on loopback."""

from dataclasses import replace
from pathlib import Path

from seewhy.benchmarks import inkgrid
from seewhy.endpoints.plan import PacePlan, SpendPlan
from seewhy.endpoints.vision_check import CanaryPlan
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.files import write_text_atomically
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, Question, Split, Style
from seewhy.runs.choice import Choice, choose
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import plain_of
from seewhy.runs.structure import unstructure
from seewhy.runs.yaml_text import dump_yaml
from seewhy.stages.distil import Distil
from seewhy.stages.judge import Judge
from seewhy.stages.lessons import Lessons
from seewhy.stages.questions import Questions
from seewhy.testing.oracle import Oracle

TRAIN, TAUGHT, SAMPLED, CHAINS = 20, 8, 6, 4
CANARY = 6
"""Calls of a canary."""
QUICK = Machine(
    pace=PacePlan(concurrency=8, tries=2, first_wait_s=0.01, deadline_s=20.0), spend=SpendPlan(is_free=True)
)
BLINDLY = replace(QUICK, canary=CanaryPlan(trials=0))
"""No canary is asked."""


def pages(place: Path) -> list[Question]:
    """The questions of the run, drawn beside it: their pictures are the same to the byte."""
    return list(inkgrid.load(place / "pages", Split.TRAIN, count=TRAIN))


def server_at(base_url: str) -> ModelSpec:
    return ModelSpec(base_url=base_url, model="oracle")


def distilling(base_url: str) -> Recipe:
    """Questions, rationales from the server, and lessons."""
    return Recipe(name="wired", models={"teacher": server_at(base_url)}, steps={
        "questions": Questions(train=TRAIN, validation=0, test=0),
        "rationales": Distil(questions="questions.train", ask=TAUGHT, teacher=choose("endpoint"), model="teacher"),
        "lessons": Lessons(rationales="rationales", verdicts="rationales.verdicts", direct="questions.train",
                           ask=TAUGHT),
    })  # fmt: skip


def judging(base_url: str, chains: Path, judge: str | Choice) -> Recipe:
    """Chains from outside, judged by the server."""
    choice = judge if isinstance(judge, Choice) else choose(judge)
    return Recipe(
        name="wired", models={"teacher": server_at(base_url)}, inputs={"chains": str(chains)},
        steps={
            "questions": Questions(train=TRAIN, validation=0, test=0),
            "verdicts": Judge(chains="chains", questions="questions.train", judge=choice, model="teacher"),
        },
    )  # fmt: skip


def write_recipe(place: Path, recipe: Recipe, machine: Machine = QUICK) -> str:
    """The path of its file."""
    path = place / "recipe.yaml"
    write_text_atomically(path, dump_yaml({**plain_of(recipe), "machine": unstructure(machine)}))
    return str(path)


def oracle_chains(place: Path) -> Path:
    """Chains of an erring oracle, as another program might have left them."""
    asks = [GenerateRequest(question=question, style=Style.REASON, count=CHAINS)
            for question in pages(place)[TAUGHT : TAUGHT + SAMPLED]]  # fmt: skip
    chains = [chain for group in Oracle(error_rate=0.5, seed=3).generate(asks, SamplingParams()) for chain in group]
    write_shard(place / "chains", 0, chains, Chain)
    return place / "chains"

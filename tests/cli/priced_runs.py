"""Small runs whose teacher and judge are behind a server, with chains that an oracle draws."""

from dataclasses import replace
from pathlib import Path

from seewhy.benchmarks import inkgrid
from seewhy.cli.main import main
from seewhy.endpoints.plan import PacePlan, SpendPlan
from seewhy.recipes.inkgrid import recipe as inkgrid_recipe
from seewhy.records.types import Question, Split
from seewhy.runs.api import Stage
from seewhy.runs.choice import choose
from seewhy.runs.discovery import class_of
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import plain_of
from seewhy.runs.structure import unstructure
from seewhy.runs.yaml_text import dump_yaml
from seewhy.stages.distil import Distil
from seewhy.stages.judge import Judge

TRAIN, TAUGHT, SAMPLED, CHAINS = 20, 8, 6, 4
OWN = f"{Path(__file__).parent / 'oracle_sample.py'}:OracleSample"
QUICK = PacePlan(concurrency=8, tries=2, first_wait_s=0.01, deadline_s=20.0)
MACHINE = Machine(pace=QUICK, spend=SpendPlan(is_free=True))
CANARY = 6
"""Calls of a vision check."""


def pages(place: Path) -> list[Question]:
    """The questions of the run, drawn beside it: their pictures are the same to the byte."""
    return list(inkgrid.load(place / "pages", Split.TRAIN, count=TRAIN))


def recipe_at(base_url: str, *, judge: str = "outcome", **settings: object) -> Recipe:
    """Questions, rationales of a server, chains and their verdicts."""
    steps: dict[str, Stage] = {
        "questions": replace(inkgrid_recipe().steps["questions"], train=TRAIN, validation=2, test=2, shifted=0),
        "rationales": Distil(questions="questions.train", ask=TAUGHT, teacher=choose("endpoint"), model="teacher"),
        "chains": class_of("stages", OWN)(
            model="base", questions="questions.train", ask=SAMPLED, after=TAUGHT, per_question=CHAINS, max_tokens=96
        ),
        "verdicts": Judge(
            chains="chains", judge=choose(judge, **settings), model="" if judge == "outcome" else "teacher"
        ),
    }
    models = {"base": ModelSpec(path="tiny"), "teacher": ModelSpec(base_url=base_url, model="oracle")}
    return Recipe(name="priced", models=models, steps=steps)


def saved(place: Path, recipe: Recipe, machine: Machine = MACHINE) -> str:
    """The recipe and the machine as a file."""
    path = place / "mine.yaml"
    path.write_text(dump_yaml({**plain_of(recipe), "machine": unstructure(machine)}))
    return str(path)


def run_until(place: Path, recipe: Recipe, *steps: str) -> Path:
    """A run in which these steps are finished."""
    for step in steps:
        assert main(["run", saved(place, recipe), "--run", str(place / "run"), "--only", step]) == 0
    return place / "run"

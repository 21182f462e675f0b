"""Small runs whose teacher or judge is an oracle behind a server on loopback."""

from dataclasses import replace
from pathlib import Path

from seewhy.cli.recipes import save_recipe
from seewhy.cli.sample import asked
from seewhy.cli.workspace import open_workspace
from seewhy.recipes.plans import JudgePlan, Recipe, TeacherPlan
from seewhy.runners.local import run_blocks

from seewhy.benchmarks import inkgrid
from seewhy.cli.main import main
from seewhy.endpoints.plan import PacePlan, SpendPlan
from seewhy.endpoints.vision_check import CanaryPlan
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.recipes.inkgrid import recipe as inkgrid_recipe
from seewhy.records.types import Chain, Question, Split, Style
from seewhy.testing.oracle import Oracle

TRAIN, TAUGHT, SAMPLED, CHAINS = 20, 8, 6, 4
QUICK = PacePlan(concurrency=8, tries=2, first_wait_s=0.01, deadline_s=20.0)
CANARY = 6
"""Calls of a canary."""


def pages(place: Path) -> list[Question]:
    """The questions of the run, drawn beside it: their pictures are the same to the byte."""
    return list(inkgrid.load(place / "pages", Split.TRAIN, count=TRAIN))


def recipe_at(base_url: str, *, judge: str = "outcome", allow_blind: bool = False, **pace: float) -> Recipe:
    plans = inkgrid_recipe()
    return replace(
        plans,
        questions=replace(plans.questions, train=TRAIN, validation=2, test=2, shifted=0),
        distil=replace(plans.distil, questions=TAUGHT, teacher="endpoint"),
        sampling=replace(plans.sampling, questions=SAMPLED, per_question=CHAINS, with_options=True),
        teacher=TeacherPlan(base_url=base_url, model="oracle"),
        judge=JudgePlan(name=judge),
        pace=replace(QUICK, **pace),
        spend=SpendPlan(is_free=True),
        canary=CanaryPlan(allow_blind=allow_blind),
    )


def draw_run(place: Path, recipe: Recipe) -> Path:
    """A run with its questions."""
    save_recipe(place / "recipe.yaml", recipe)
    assert main(["questions", "--run", str(place / "run"), "--recipe", str(place / "recipe.yaml")]) == 0
    return place / "run"


def sampled_run(place: Path, recipe: Recipe) -> Path:
    """A run whose sampled chains are an erring oracle's: nothing need be trained to have some."""
    run = draw_run(place, recipe)
    space = open_workspace(run, recipe)
    questions = asked(space)

    def work(block):
        asks = [GenerateRequest(question=question, style=Style.REASON, count=CHAINS) for question in block]
        for chains in Oracle(error_rate=0.5, seed=3).generate(asks, SamplingParams()):
            yield from chains

    run_blocks(space.place("sample", "chains"), questions, work, Chain, per_shard=64, stage="sample", plan={},
               input_hashes={}, command="", on_done=lambda _: None)  # fmt: skip
    return run

"""Cascade RL (InternVL3.5): MPO on pairs made once, then GRPO on rollouts of the model that this leaves."""

from dataclasses import replace

from seewhy.recipes.grpo import group_relative
from seewhy.recipes.mpo import INTERNVL3, by_answer, by_sight, optimised
from seewhy.recipes.shared import TOKENS, asked, computing, start, unfit
from seewhy.runs.api import Stage
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.report import Report

NAME = "questions"


def recipe(size: Size = Size.LAPTOP) -> Recipe:
    """The offline stage warms the online one up: fewer of its groups are all wrong."""
    online = group_relative(size, "mpo")
    # InternVL3.5 takes GSPO, whose ratio is of whole responses, in place of GRPO; the clips are GSPO's own.
    gspo = choose("gspo", epsilon_low=3e-4, epsilon_high=4e-4)
    steps: dict[str, Stage] = {
        NAME: asked(size, "m3cot", train=7_863, test=2_318),
        **by_answer(size, NAME), **by_sight(size, NAME),
        "mpo": optimised(size, {f"{NAME}-right": 1.0, f"{NAME}-format": 0.2, f"{NAME}-blind": 0.3}, INTERNVL3),
        "grpo": online,
        "gspo": replace(online, objective=gspo),
        "test": Evaluate(models=("base", "mpo", "grpo", "gspo"), questions=f"{NAME}.test", unfit=unfit(size),
                         max_tokens=size.pick(paper=2048, laptop=TOKENS, toy=32)),
        "report": Report(),
    }  # fmt: skip
    return Recipe(
        name=f"cascade-{size.value}", compute=computing(size), steps=steps,
        models={"base": start(size, INTERNVL3)},
    )  # fmt: skip

"""inkgrid with everything measured: DPO beside MPO, and pages unlike those of training."""

from dataclasses import replace

from seewhy.recipes.inkgrid import PREFERENCES
from seewhy.recipes.inkgrid import recipe as inkgrid
from seewhy.records.types import Style
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.fitting import Unfit
from seewhy.stages.train import Train

MODELS = ("base", "sft", "mpo", "dpo")


def recipe() -> Recipe:
    """The steps of inkgrid, with `dpo` after `mpo` and `shifted` after `test`."""
    base = inkgrid()
    dpo = Train(start="sft", data={"pairs": 1.0}, objective=choose("dpo", beta=0.1), fit=PREFERENCES,
                reference="reference")  # fmt: skip
    steps = {}
    for name, step in base.steps.items():
        if name == "test":
            steps["dpo"] = dpo
            steps["test"] = Evaluate(
                models=MODELS, questions="questions.test", blind=(Style.REASON,), unfit=Unfit.UNCHECKED
            )
            steps["shifted"] = Evaluate(models=MODELS, questions="questions.shifted", blind=(), unfit=Unfit.UNCHECKED)
        else:
            steps[name] = step
    return replace(base, name="inkgrid-full", steps=steps)

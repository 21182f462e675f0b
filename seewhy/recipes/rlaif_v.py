"""RLAIF-V (arXiv 2405.17220): rounds of ten answers, pairs by the facts that a labeller rejects, DPO."""

from seewhy.recipes.shared import INKGRID, TOKENS, computing, start, unfit
from seewhy.records.types import Style
from seewhy.runs.api import Stage
from seewhy.runs.choice import choose
from seewhy.runs.machine import ORACLE, ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.judge import Judge
from seewhy.stages.pair import PairChains
from seewhy.stages.questions import Questions
from seewhy.stages.report import Report
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan

ROUNDS = 4
"""Iterations, each of 4k instructions and 4 epochs (section 4.1)."""


def recipe(size: Size = Size.LAPTOP, rounds: int = ROUNDS) -> Recipe:
    """The steps, with the figure of the paper or its code beside each constant."""
    at = size.pick
    each = at(paper=4000, laptop=400, toy=6)
    # Written by the user: an instruction and a picture a line, without an answer.
    own = at(paper="~/data/rlaif-v-instructions.jsonl", laptop="", toy="")
    asked = Questions(
        benchmark="jsonl" if own else INKGRID,
        source=own,
        train=rounds * each,
        validation=0,
        test=at(paper=300, laptop=1000, toy=4),
    )
    steps: dict[str, Stage] = {"questions": asked}
    models = ["base"]
    for number in range(1, rounds + 1):
        steps |= iterated(size, number, models[-1], each)
        models.append(f"dpo-{number}")
    for model in ("base", models[-1]):
        steps |= counted(size, model)
    if size is not Size.PAPER:
        steps["test"] = Evaluate(models=tuple(models), questions="questions.test", styles=(Style.REASON,),
                                 max_tokens=at(paper=512, laptop=TOKENS, toy=32), unfit=unfit(size))  # fmt: skip
    labeller = ModelSpec(base_url="http://127.0.0.1:8000/v1", model="openbmb/MiniCPM-Llama3-V-2_5")
    return Recipe(
        name=f"rlaif-v-{size.value}", compute=computing(size), steps={**steps, "report": Report()},
        models={"base": start(size, "llava-hf/llava-1.5-7b-hf"),
                "labeller": labeller if size is Size.PAPER else ModelSpec(base_url=ORACLE, model=ORACLE)},
    )  # fmt: skip


def iterated(size: Size, number: int, model: str, each: int) -> dict[str, Stage]:
    """One iteration: chains of the newest model, which is the reference too, on instructions of their own."""
    at, heat = size.pick, size.pick(paper=0.7, laptop=0.7, toy=1.4)
    return {
        f"chains-{number}": Sample(
            model=model, questions="questions.train", ask=each, after=(number - 1) * each,
            style=at(paper=Style.PLAIN, laptop=Style.REASON, toy=Style.REASON),
            per_question=at(paper=10, laptop=10, toy=6), temperature=heat, multiple_choice_temperature=heat,
            max_tokens=at(paper=512, laptop=TOKENS, toy=48), seed=number,
        ),
        # Divide and conquer: a yes-or-no question a fact, minus the number of rejected facts.
        f"facts-{number}": Judge(chains=f"chains-{number}", judge=choose("facts"), model="labeller"),
        f"pairs-{number}": PairChains(chains=f"chains-{number}", verdicts=f"facts-{number}",
                                      rule=choose("by_score", margin=1.0, balance=True)),
        # Code: beta 0.1, 5e-7 for all weights, decay 0.01, warm-up 0.05.
        f"dpo-{number}": Train(
            start=model, data={f"pairs-{number}": 1.0}, objective=choose("dpo", beta=0.1),
            fit=FitPlan(learning_rate=at(paper=5e-7, laptop=3e-5, toy=1e-4), epochs=at(paper=4, laptop=2, toy=1),
                        batch_size=at(paper=32, laptop=32, toy=8), warmup=0.05, weight_decay=0.01, save_every=20,
                        row_tokens=at(paper=4096, laptop=8192, toy=4096)),
        ),
    }  # fmt: skip


def counted(size: Size, model: str) -> dict[str, Stage]:
    """Rejected facts in the likeliest replies of a model to held-out instructions."""
    at = size.pick
    return {
        f"said-{model}": Sample(
            model=model, questions="questions.test", style=at(paper=Style.PLAIN, laptop=Style.REASON,
                                                              toy=Style.REASON),
            ask=at(paper=0, laptop=200, toy=0), per_question=1, temperature=0.0, multiple_choice_temperature=0.0,
            max_tokens=at(paper=512, laptop=TOKENS, toy=32),
        ),
        f"rejected-{model}": Judge(chains=f"said-{model}", judge=choose("facts"), model="labeller"),
    }  # fmt: skip

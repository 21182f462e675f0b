"""Iterative DPO: rounds of fresh chains of the newest model, which is the next round's start and reference."""

from seewhy.recipes.shared import TOKENS, asked, between, computing, start, unfit
from seewhy.records.types import Style
from seewhy.runs.api import Stage
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.judge import Judge
from seewhy.stages.pair import PairChains
from seewhy.stages.report import Report
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan

ROUNDS = 3


def recipe(size: Size = Size.LAPTOP, rounds: int = ROUNDS) -> Recipe:
    """DPO of LLaVA-Reasoner (arXiv 2410.16198, section 5), round after round, each on other chains."""
    at = size.pick
    fit = FitPlan(
        learning_rate=at(paper=5e-7, laptop=3e-5, toy=1e-4), epochs=at(paper=1, laptop=2, toy=1),
        batch_size=at(paper=32, laptop=32, toy=8), warmup=0.03, save_every=20,
        row_tokens=at(paper=6144, laptop=8192, toy=4096), keep_tokens=at(paper=90, laptop=0, toy=0),
    )  # fmt: skip
    heat, letter = at(paper=1.0, laptop=0.7, toy=1.4), at(paper=1.2, laptop=0.7, toy=1.4)
    steps: dict[str, Stage] = {"questions": asked(size, "chartqa", train=28_299, test=2_500)}
    models = ["base"]
    for number in range(1, rounds + 1):
        steps |= {
            f"chains-{number}": Sample(
                model=models[-1], questions="questions.train", ask=at(paper=0, laptop=1500, toy=12),
                with_options=at(paper=True, laptop=False, toy=True), per_question=at(paper=32, laptop=16, toy=6),
                temperature=heat, multiple_choice_temperature=letter, max_tokens=at(paper=512, laptop=TOKENS, toy=48),
                seed=number,
            ),
            f"verdicts-{number}": Judge(chains=f"chains-{number}"),
            f"pairs-{number}": PairChains(
                chains=f"chains-{number}", verdicts=f"verdicts-{number}", rule=between(size),
            ),
            f"dpo-{number}": Train(start=models[-1], data={f"pairs-{number}": 1.0}, objective=choose("dpo", beta=0.1),
                                   fit=fit),
        }  # fmt: skip
        models.append(f"dpo-{number}")
    test = Evaluate(models=tuple(models), questions="questions.test", styles=(Style.REASON,),
                    max_tokens=at(paper=512, laptop=TOKENS, toy=32), unfit=unfit(size))  # fmt: skip
    return Recipe(
        name=f"iterative-dpo-{size.value}", compute=computing(size),
        steps={**steps, "test": test, "report": Report()},
        models={"base": start(size, "llava-hf/llama3-llava-next-8b-hf")},
    )  # fmt: skip

"""mm-cot-rlaif: eight chains a question, graded by a judge that sees no picture, best against worst, LoRA DPO."""

from dataclasses import replace

from seewhy.model.plan import AdapterPlan
from seewhy.recipes.shared import OPENAI, TOKENS, asked, computing, served, start, unfit
from seewhy.runs.api import Stage
from seewhy.runs.choice import Choice, choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.judge import Judge
from seewhy.stages.pair import PairChains
from seewhy.stages.report import Report
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan


def recipe(size: Size = Size.LAPTOP) -> Recipe:
    """The system as it was run: its judge was not sent the pictures, which its bill shows."""
    return system(size, "mm-cot-rlaif", choose("rubric", blind=True), is_right=False)


def system(size: Size, name: str, judge: Choice, *, is_right: bool) -> Recipe:
    """The steps, with the notebooks' figure beside each constant.

    Args:
        size: of the run.
        name: of the recipe, before its size.
        judge: who grades the chains.
        is_right: whether the preferred chain must end in the gold answer, and the other in a wrong one.
    """
    at = size.pick
    heat = at(paper=0.5, laptop=0.5, toy=1.4)
    steps: dict[str, Stage] = {
        "questions": asked(size, "aokvqa", train=10_000),
        # 2,017 of 4,241 have a picture; their hints are not shown in the notebooks, and are here.
        "science": replace(asked(size, "scienceqa", test=2_017), only=at(paper={"IMG": "yes"}, laptop={}, toy={})),
        "chains": Sample(
            model="base", questions="questions.train", ask=at(paper=0, laptop=2000, toy=8),
            per_question=at(paper=8, laptop=8, toy=6), temperature=heat, multiple_choice_temperature=heat,
            max_tokens=at(paper=250, laptop=TOKENS, toy=48),
        ),
        "grades": Judge(chains="chains", judge=judge, model="judge"),
        # The best of eight above 2 of 5, a grade or more above the worst, where the notebooks take any difference;
        # 10,000 questions gave 9,314 pairs there.
        "pairs": PairChains(chains="chains", verdicts="grades",
                            rule=choose("by_score", margin=1.0, above=2.0, right=is_right)),
        "dpo": Train(
            start="base", data={"pairs": 1.0}, objective=choose("dpo", beta=0.1),
            adapter=AdapterPlan(rank=at(paper=64, laptop=64, toy=4), alpha=at(paper=128, laptop=128, toy=8),
                                dropout=at(paper=0.1, laptop=0.0, toy=0.0)),
            # 1e-5, 2 epochs (more over-fit), batch 256, warm-up 0.1, cosine.
            fit=FitPlan(learning_rate=at(paper=1e-5, laptop=3e-4, toy=1e-3), epochs=at(paper=2, laptop=2, toy=1),
                        batch_size=at(paper=256, laptop=32, toy=8), warmup=0.1, save_every=20,
                        row_tokens=at(paper=4096, laptop=8192, toy=4096)),
        ),
    }  # fmt: skip
    for part, temperature in (("low", 0.4), ("high", 0.8)):
        steps[f"test-{part}"] = Evaluate(
            models=("base", "dpo"), questions="science.test", blind=(), temperature=temperature,
            max_tokens=at(paper=500, laptop=TOKENS, toy=32), unfit=unfit(size),
        )  # fmt: skip
    return Recipe(
        name=f"{name}-{size.value}", compute=computing(size), steps={**steps, "report": Report()},
        models={"base": start(size, "llava-hf/llava-1.5-7b-hf"),
                "judge": served(size, "gpt-4o-mini-2024-07-18", OPENAI)},
    )  # fmt: skip

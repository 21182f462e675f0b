"""GRPO (arXiv 2402.03300) for a VLM as R1-V and EasyR1 run it: rewards by rule, advantages within each group."""

from seewhy.recipes.shared import TOKENS, asked, computing, start, unfit
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.online import Online
from seewhy.stages.report import Report
from seewhy.training.online.plan import RolloutPlan
from seewhy.training.plan import FitPlan


def recipe(size: Size = Size.LAPTOP) -> Recipe:
    """One online training from the base model."""
    return Recipe(
        name=f"grpo-{size.value}", compute=computing(size),
        models={"base": start(size, "Qwen/Qwen2.5-VL-3B-Instruct")},
        steps={
            "questions": asked(size, "geoqa", train=8_031, test=750),
            "grpo": group_relative(size, "base"),
            "test": Evaluate(models=("base", "grpo"), questions="questions.test", unfit=unfit(size),
                             max_tokens=size.pick(paper=2048, laptop=TOKENS, toy=32)),
            "report": Report(),
        },
    )  # fmt: skip


def group_relative(size: Size, model: str) -> Online:
    """EasyR1's figures: 5 rollouts a question at temperature 1, 512 questions a round, 1e-6, KL 1e-2 (low variance), a
    reward of 0.9 for the answer and 0.1 for its form, questions that all rollouts get right or wrong drawn anew.
    """
    at = size.pick
    return Online(
        start=model, questions="questions.train", objective=choose("grpo", epsilon=0.2, kl=at(paper=1e-2, laptop=0.0,
                                                                                            toy=1e-2)),
        rewards={"right": choose("outcome"), "form": choose("format")}, weights={"right": 0.9, "form": 0.1},
        rollouts=RolloutPlan(
            rounds=at(paper=240, laptop=60, toy=2), questions=at(paper=512, laptop=32, toy=3),
            per_question=at(paper=5, laptop=8, toy=3), temperature=1.0, redraw=at(paper=2, laptop=0, toy=0),
            redraw_by=at(paper="right", laptop="", toy=""), max_tokens=at(paper=2048, laptop=TOKENS, toy=40),
        ),
        fit=FitPlan(
            learning_rate=at(paper=1e-6, laptop=2e-5, toy=1e-4), epochs=1, batch_size=at(paper=640, laptop=128, toy=9),
            warmup=at(paper=0.0, laptop=0.03, toy=0.0), weight_decay=at(paper=1e-2, laptop=0.0, toy=0.0),
            row_tokens=at(paper=8192, laptop=8192, toy=4096), save_every=at(paper=5, laptop=10, toy=1),
        ),
    )  # fmt: skip

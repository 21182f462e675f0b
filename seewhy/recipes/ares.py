"""ARES (arXiv 2407.00087): PPO with a score for each sentence, then SFT on corrected chains, round after round."""

from seewhy.model.plan import AdapterPlan
from seewhy.recipes.shared import ANTHROPIC, OPENAI, TOKENS, asked, computing, served, start, unfit
from seewhy.records.types import Style
from seewhy.runs.api import Stage
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.compare import Compare
from seewhy.stages.correct import Correct
from seewhy.stages.distil import Distil
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.imitate import Imitate
from seewhy.stages.judge import Judge
from seewhy.stages.online import Online
from seewhy.stages.report import Report
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.online.plan import CriticPlan, RolloutPlan
from seewhy.training.plan import FitPlan

ROUNDS = 2
"""The paper does not say how many; its README shows one."""


def recipe(size: Size = Size.LAPTOP, rounds: int = ROUNDS) -> Recipe:
    """The steps, with the figure of the paper's code for its base model (251 M weights) beside each constant."""
    at = size.pick
    steps: dict[str, Stage] = {
        "questions": asked(size, "scienceqa", train=12_726, test=4_241),
        # MM-CoT's first stage: the solutions that come with the questions.
        "solutions": Distil(questions="questions.train", ask=at(paper=0, laptop=6000, toy=12),
                            teacher=choose("gold" if size is Size.PAPER else "oracle")),
        "told": Imitate(chains="solutions", verdicts="solutions.verdicts"),
        "mm-cot": Train(start="base", data={"told": 1.0}, objective=choose("sft"), fit=imitating(size)),
    }  # fmt: skip
    models = ["base", "mm-cot"]
    for number in range(1, rounds + 1):
        steps |= alternated(size, number, models[-1])
        models += [f"ppo-{number}", f"sft-{number}"]
    last = models[-1]
    steps |= answering(size, last)
    for model in (f"ppo-{rounds}", last):
        steps[f"wins-{model}"] = Compare(first=model, second="mm-cot", questions="questions.test", model="judge",
                                         max_tokens=at(paper=512, laptop=TOKENS, toy=40))  # fmt: skip
    test = Evaluate(models=(*models, "answers"), questions="questions.test", styles=(Style.REASON,),
                    max_tokens=at(paper=576, laptop=TOKENS, toy=32), unfit=unfit(size))  # fmt: skip
    return Recipe(
        name=f"ares-{size.value}", compute=computing(size), steps={**steps, "test": test, "report": Report()},
        # The paper's Flan-Alpaca reads features of a picture and is no chat model; this one has about its size.
        models={"base": start(size, "HuggingFaceTB/SmolVLM-256M-Instruct"),
                "teacher": served(size, "claude-3-haiku-20240307", ANTHROPIC),
                "judge": served(size, "gpt-4o", OPENAI)},
    )  # fmt: skip


def alternated(size: Size, number: int, model: str) -> dict[str, Stage]:
    """One round: PPO by the scores of a teacher that knows the answer, then SFT on what it corrects."""
    at, heat = size.pick, size.pick(paper=1.0, laptop=0.7, toy=1.0)
    return {
        f"ppo-{number}": Online(
            start=model, questions="questions.train", reward=choose("sentences"), model="teacher",
            objective=choose("ppo", epsilon=0.2, gamma=1.0, lam=0.95, whiten=True, kl=1e-4),
            # 4 rationales of each of 12,726 problems, 64 rationales a batch; top-k 50 there, the whole mass here.
            rollouts=RolloutPlan(
                rounds=at(paper=795, laptop=40, toy=2), questions=at(paper=16, laptop=16, toy=3),
                per_question=at(paper=4, laptop=4, toy=3), max_tokens=at(paper=512, laptop=TOKENS, toy=40),
            ),
            # 10 PPO epochs over each batch of 64, 2e-5, decay 0.01; the critic a copy, 2e-5, its values not clipped.
            fit=FitPlan(learning_rate=at(paper=2e-5, laptop=2e-5, toy=1e-4), epochs=at(paper=10, laptop=2, toy=1),
                        batch_size=at(paper=64, laptop=64, toy=9), warmup=0.0, weight_decay=0.01,
                        save_every=at(paper=50, laptop=10, toy=1)),
            critic=CriticPlan(learning_rate=at(paper=2e-5, laptop=2e-4, toy=2e-5), clip=0.0),
        ),
        f"chains-{number}": Sample(
            model=f"ppo-{number}", questions="questions.train", ask=at(paper=0, laptop=1500, toy=8), per_question=1,
            temperature=heat, multiple_choice_temperature=heat, top_k=50,
            max_tokens=at(paper=512, laptop=TOKENS, toy=48), seed=number,
        ),
        f"corrected-{number}": Correct(chains=f"chains-{number}", model="teacher"),
        f"sft-{number}": Train(start=f"ppo-{number}", data={f"corrected-{number}": 1.0}, objective=choose("sft"),
                               fit=imitating(size)),
    }  # fmt: skip


def answering(size: Size, model: str) -> dict[str, Stage]:
    """The adapter that answers (step 3): LoRA r 64 alpha 128, 20 epochs, 8e-5, batch 16, here on right chains alone."""
    at = size.pick
    heat = at(paper=0.0, laptop=0.0, toy=1.0)
    fit = FitPlan(learning_rate=at(paper=8e-5, laptop=3e-4, toy=1e-3), epochs=at(paper=20, laptop=2, toy=1),
                  batch_size=16, save_every=50)  # fmt: skip
    return {
        "own": Sample(
            model=model, questions="questions.train", ask=at(paper=0, laptop=3000, toy=16),
            per_question=at(paper=1, laptop=1, toy=4), temperature=heat, multiple_choice_temperature=heat,
            max_tokens=at(paper=576, laptop=TOKENS, toy=48),
        ),
        "own-verdicts": Judge(chains="own"),
        "own-right": Imitate(chains="own", verdicts="own-verdicts", own=True),
        "answers": Train(
            start=model, data={"own-right": 1.0}, objective=choose("sft"), fit=fit,
            adapter=AdapterPlan(rank=at(paper=64, laptop=64, toy=4), alpha=at(paper=128, laptop=128, toy=8),
                                dropout=at(paper=0.05, laptop=0.0, toy=0.0)),
        ),
    }  # fmt: skip


def imitating(size: Size) -> FitPlan:
    """20 epochs at 8e-5, batch 8, for MM-CoT's rationales and for the corrected ones alike."""
    at = size.pick
    return FitPlan(
        learning_rate=at(paper=8e-5, laptop=3e-4, toy=1e-4), epochs=at(paper=20, laptop=2, toy=1),
        batch_size=at(paper=8, laptop=32, toy=8), row_tokens=at(paper=4096, laptop=8192, toy=4096), save_every=50,
    )  # fmt: skip

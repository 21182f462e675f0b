"""LoRA on LLaVA-1.5-7B at the rates of its script: SFT on questions of your own, and MPO on the model's own chains."""

from seewhy.model.plan import AdapterPlan
from seewhy.recipes.shared import INKGRID, TOKENS, asked, between, computing, start, unfit
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.direct import Direct
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.judge import Judge
from seewhy.stages.pair import PairChains
from seewhy.stages.questions import Questions
from seewhy.stages.report import Report
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan


def recipe(size: Size = Size.PAPER) -> Recipe:
    """LLaVA-1.5 (arXiv 2310.03744), code: r 128, alpha 256, 2e-4, batch 128, 1 epoch; mDPO: 1e-5 for preferences."""
    return adapted(size, "llava-lora", "llava-hf/llava-1.5-7b-hf", rank=128, imitation=2e-4, preference=1e-5)


def adapted(size: Size, name: str, path: str, *, rank: int, imitation: float, preference: float) -> Recipe:
    """The steps: questions of one's own, an adapter by SFT, one by MPO, accuracy of all three models.

    Args:
        size: of the run.
        name: of the recipe, before its size.
        path: of the model at paper size.
        rank: of both adapters at paper size; alpha is twice the rank.
        imitation: peak rate of SFT at paper size.
        preference: peak rate of MPO at paper size.
    """
    at = size.pick
    adapter = AdapterPlan(rank=at(paper=rank, laptop=64, toy=4))
    heat = at(paper=1.0, laptop=0.7, toy=1.4)
    own = Questions(benchmark="jsonl", source="~/data/questions.jsonl", train=10_000, validation=0, test=1000)
    fit = FitPlan(learning_rate=at(paper=imitation, laptop=3e-4, toy=1e-4), batch_size=at(paper=128, laptop=32, toy=8),
                  warmup=0.03, row_tokens=at(paper=4096, laptop=8192, toy=4096), save_every=50)  # fmt: skip
    return Recipe(
        name=f"{name}-{size.value}", compute=computing(size), models={"base": start(size, path)},
        steps={
            "questions": own if size is Size.PAPER else asked(size, INKGRID, train=1, test=1),
            "answers": Direct(questions="questions.train", ask=at(paper=0, laptop=2000, toy=12)),
            "sft": Train(start="base", data={"answers": 1.0}, objective=choose("sft"), adapter=adapter, fit=fit),
            "chains": Sample(
                model="base", questions="questions.train", ask=at(paper=0, laptop=1000, toy=12),
                per_question=at(paper=16, laptop=16, toy=6), temperature=heat, multiple_choice_temperature=heat,
                max_tokens=at(paper=512, laptop=TOKENS, toy=48),
            ),
            "verdicts": Judge(chains="chains"),
            "pairs": PairChains(chains="chains", verdicts="verdicts", rule=between(size)),
            # MPO with an NLL term in place of plain DPO: it holds the chosen chains up (arXiv 2411.10442, section 5).
            "mpo": Train(
                start="base", data={"pairs": 1.0}, objective=choose("mpo", beta=0.1), adapter=adapter,
                fit=FitPlan(learning_rate=at(paper=preference, laptop=3e-4, toy=1e-3),
                            batch_size=at(paper=32, laptop=32, toy=8), warmup=0.1, save_every=50,
                            row_tokens=at(paper=4096, laptop=8192, toy=4096)),
            ),
            "test": Evaluate(models=("base", "sft", "mpo"), questions="questions.test", unfit=unfit(size),
                             max_tokens=at(paper=512, laptop=TOKENS, toy=32)),
            "report": Report(),
        },
    )  # fmt: skip

"""mDPO (arXiv 2406.11839): the chosen response under the whole picture against it under a crop, and an anchor."""

from seewhy.model.plan import AdapterPlan
from seewhy.recipes.shared import OPENAI, TOKENS, asked, computing, served, start, unfit
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
from seewhy.stages.vary_pictures import VaryPictures
from seewhy.training.plan import FitPlan, OptimizerPlan


def recipe(size: Size = Size.LAPTOP) -> Recipe:
    """The objective of the paper beside DPO on the same pairs, each measured with and without pictures."""
    at = size.pick
    heat = at(paper=1.0, laptop=0.7, toy=1.4)
    # Section 4.1: 1e-5, 3 epochs, batch 32, warm-up 0.1, decay 0.05, AdamW's second beta 0.98, LoRA r 64 alpha 128.
    fit = FitPlan(
        learning_rate=at(paper=1e-5, laptop=3e-4, toy=1e-3), epochs=at(paper=3, laptop=3, toy=1),
        batch_size=at(paper=32, laptop=32, toy=8), warmup=0.1, weight_decay=0.05, save_every=20,
        row_tokens=at(paper=4096, laptop=8192, toy=4096), optimizer=OptimizerPlan(betas=(0.9, 0.98)),
    )  # fmt: skip
    adapter = AdapterPlan(rank=at(paper=64, laptop=64, toy=4), alpha=at(paper=128, laptop=128, toy=8))
    data = {"pairs": 1.0}
    steps: dict[str, Stage] = {
        # 10k pairs of Silkie (VLFeedback) in the paper; here the model's own, on as many questions.
        "questions": asked(size, "aokvqa", train=10_000, validation=1_145),
        "chains": Sample(
            model="base", questions="questions.train", ask=at(paper=0, laptop=1500, toy=8),
            with_options=at(paper=True, laptop=False, toy=True), per_question=at(paper=8, laptop=8, toy=6),
            temperature=heat, multiple_choice_temperature=heat, max_tokens=at(paper=512, laptop=TOKENS, toy=32),
        ),
        "ratings": Judge(chains="chains", judge=choose("rubric"), model="judge"),
        "pairs": PairChains(chains="chains", verdicts="ratings", rule=choose("by_score", margin=1.0)),
        # Code: crops of 0.01 to 0.2 of the area; another picture, or a crop of 0.2 to 0.5, is worse (ablation).
        "crops": VaryPictures(questions="questions.train", kind=choose("cropped", least=0.01, most=0.2)),
        "dpo": Train(start="base", data=data, objective=choose("dpo", beta=0.1), adapter=adapter, fit=fit),
        "mdpo": Train(
            start="base", data=data, objective=choose("mdpo", beta=0.1, conditional=1.0, anchor=1.0, delta=0.0),
            adapter=adapter, fit=fit, pictures="crops",
        ),
        "test": Evaluate(
            models=("base", "dpo", "mdpo"), questions=at(paper="questions.validation", laptop="questions.test",
                                                         toy="questions.test"),
            split=at(paper="validation", laptop="test", toy="test"), max_tokens=at(paper=512, laptop=TOKENS, toy=8),
            unfit=unfit(size),
        ),
        "report": Report(),
    }  # fmt: skip
    return Recipe(
        name=f"mdpo-{size.value}", compute=computing(size), steps=steps,
        models={"base": start(size, "llava-hf/llava-1.5-7b-hf"), "judge": served(size, "gpt-4o", OPENAI)},
    )  # fmt: skip

"""LLaVA-Reasoner's path on pages of handwritten digits: minutes on two CPU cores, with the shipped model."""

from seewhy.records.types import Style
from seewhy.runs.choice import choose
from seewhy.runs.machine import ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.stages.credit import Credit
from seewhy.stages.distil import Distil
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.fitting import Unfit
from seewhy.stages.judge import Judge
from seewhy.stages.lessons import Lessons
from seewhy.stages.pair import PairChains
from seewhy.stages.questions import Questions
from seewhy.stages.reference import Reference
from seewhy.stages.report import Report
from seewhy.stages.rerank import Rerank
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan

PREFERENCES = FitPlan(learning_rate=3e-5, epochs=2, batch_size=32, warmup=0.03, row_tokens=8192, save_every=20)
"""Of every preference training of inkgrid."""


def recipe() -> Recipe:
    """The steps; constants without a paper were set on the validation split (`docs/log.md`)."""
    return Recipe(name="inkgrid", models={"base": ModelSpec(path="tiny")}, steps={
        "questions": Questions(train=8000, validation=400, test=1000, shifted=500),
        "rationales": Distil(
            questions="questions.train", ask=6000, teacher=choose("oracle", error_rate=0.1, terse_rate=0.4),
        ),
        "lessons": Lessons(
            rationales="rationales", verdicts="rationales.verdicts", direct="questions.train", ask=6000,
            direct_share=0.1, format_aligned=50,
        ),
        "sft": Train(
            start="base", data={"lessons": 1.0}, objective=choose("sft"),
            fit=FitPlan(learning_rate=2e-3, tower_learning_rate=2e-4, batch_size=32, warmup=0.03, row_tokens=8192,
                        save_every=20),
        ),
        "chains": Sample(
            model="sft", questions="questions.train", ask=1200, after=6000, with_options=False, per_question=16,
            temperature=0.7, multiple_choice_temperature=0.7, max_tokens=96,
        ),
        "verdicts": Judge(chains="chains"),
        "pairs": PairChains(
            chains="chains", verdicts="verdicts", rule=choose("by_outcome", lowest=0.25, highest=0.85, most=3),
        ),
        "reference": Reference(model="sft", pairs=("pairs",), row_tokens=PREFERENCES.row_tokens),
        "mpo": Train(
            start="sft", data={"pairs": 1.0}, objective=choose("mpo", beta=0.1), fit=PREFERENCES,
            reference="reference",
        ),
        "test": Evaluate(models=("base", "sft", "mpo"), questions="questions.test", blind=(Style.REASON,),
                         unfit=Unfit.UNCHECKED),
        "verifier": Rerank(
            policy="mpo", reference="sft", sampler="sft", questions="questions.test", ask=300, per_question=16,
            temperature=0.7,
        ),
        "credit": Credit(
            policy="mpo", reference="sft", chains="verifier", verdicts="verifier.verdicts", scores="verifier.scores",
        ),
        "report": Report(),
    })  # fmt: skip

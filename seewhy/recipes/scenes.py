"""A model of five million parameters from random weights: does it reason about photographs and NLVR's boxes?"""

from seewhy.recipes.untrained import Untrained
from seewhy.records.types import Style
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.stages.direct import Direct
from seewhy.stages.distil import Distil
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.fitting import Unfit
from seewhy.stages.judge import Judge
from seewhy.stages.lessons import Lessons
from seewhy.stages.pair import PairChains
from seewhy.stages.questions import Questions
from seewhy.stages.report import Report
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan, TowerPlan

BASE = FitPlan(learning_rate=1e-3, batch_size=16, weight_decay=0.01, row_tokens=8192, save_every=50)
"""Of the language model and the projector; the tower is left as it was taught."""
TEACH = FitPlan(learning_rate=5e-4, batch_size=32, row_tokens=8192, save_every=25)
PREFER = FitPlan(learning_rate=3e-5, epochs=2, batch_size=32, row_tokens=8192, save_every=20)
"""As inkgrid's (`docs/log.md`)."""
SHORT, TAUGHT, ASKED = 8000, 2400, 300
"""Questions that the base answers in short; of them those that are taught; and others that chains are drawn of."""


def recipe() -> Recipe:
    """The steps; every model is asked the same test questions, of boxes and photographs that none was trained on."""
    return Recipe(name="scenes", steps={
        "questions": Questions(benchmark="scenes", source="~/data", train=SHORT + ASKED, validation=300, test=500),
        "untrained": Untrained(
            questions="questions.train", tower=TowerPlan(steps=700, batch_size=48, learning_rate=1.5e-3),
        ),
        "short": Direct(questions="questions.train", ask=SHORT),
        "base": Train(start="untrained", data={"short": 1.0}, objective=choose("sft"), fit=BASE),
        "again": Direct(questions="questions.train", ask=TAUGHT),
        "sft-direct": Train(start="base", data={"again": 1.0}, objective=choose("sft"), fit=TEACH),
        "rationales": Distil(questions="questions.train", ask=TAUGHT, teacher=choose("gold")),
        "lessons": Lessons(
            rationales="rationales", verdicts="rationales.verdicts", direct="questions.train", ask=TAUGHT,
            direct_share=0.1, format_aligned=50,
        ),
        "sft": Train(start="base", data={"lessons": 1.0}, objective=choose("sft"), fit=TEACH),
        "chains": Sample(
            model="sft", questions="questions.train", ask=ASKED, after=SHORT, per_question=8, temperature=0.7,
            max_tokens=64,
        ),
        "verdicts": Judge(chains="chains"),
        "pairs": PairChains(
            chains="chains", verdicts="verdicts", rule=choose("by_outcome", lowest=0.1, highest=0.9, most=3),
        ),
        "dpo": Train(start="sft", data={"pairs": 1.0}, objective=choose("dpo", beta=0.1), fit=PREFER),
        "test": Evaluate(
            models=("base", "sft-direct", "sft", "dpo"), questions="questions.test", blind=(Style.REASON,),
            unfit=Unfit.UNCHECKED, max_tokens=64,
        ),
        "report": Report(),
    })  # fmt: skip

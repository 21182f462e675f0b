"""LLaVA-Reasoner's path on pages of handwritten digits: minutes on two CPU cores, with the tiny model."""

from seewhy.model.plan import AdapterPlan
from seewhy.pairs.plan import PairingPlan
from seewhy.recipes.plans import (
    CreditPlan,
    DistilPlan,
    EvaluationPlan,
    MixPlan,
    PreferencePlan,
    QuestionsPlan,
    Recipe,
    RerankPlan,
)
from seewhy.sampling.plan import SamplingPlan
from seewhy.training.plan import FitPlan


def recipe(seed: int = 0) -> Recipe:
    """The plans; constants without a paper were set on the validation split (`docs/log.md`)."""
    return Recipe(
        name="inkgrid",
        model="tiny",
        questions=QuestionsPlan(train=8000, validation=400, test=1000, shifted=500, seed=seed),
        distil=DistilPlan(questions=6000, error_rate=0.1, terse_rate=0.4, seed=seed),
        mix=MixPlan(direct_share=0.1, format_aligned=50, seed=seed),
        sft=FitPlan(learning_rate=2e-3, tower_learning_rate=2e-4, batch_size=32, warmup=0.03, row_tokens=8192,
                    save_every=20, seed=seed),
        sampling=SamplingPlan(questions=1200, with_options=False, per_question=16, temperature=0.7,
                              multiple_choice_temperature=0.7, max_tokens=96, seed=seed),
        pairing=PairingPlan(lowest=0.25, highest=0.85, most=3, seed=seed),
        preference=PreferencePlan(objective="mpo", beta=0.1, compare=("dpo",)),
        fit=FitPlan(learning_rate=3e-5, epochs=2, batch_size=32, warmup=0.03, row_tokens=8192, save_every=20,
                    seed=seed),
        evaluation=EvaluationPlan(max_tokens=128),
        rerank=RerankPlan(questions=300, per_question=16, temperature=0.7, seed=seed),
        credit=CreditPlan(),
        adapter=AdapterPlan(seed=seed),
    )  # fmt: skip

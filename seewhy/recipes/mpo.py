"""MPO of InternVL (arXiv 2411.10442): pairs by answer, by form and by sight, and their loss of three terms."""

from collections.abc import Mapping

from seewhy.recipes.shared import INKGRID, OPENAI, TOKENS, asked, computing, served, start, unfit
from seewhy.records.types import Style
from seewhy.runs.api import Stage
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.continue_blind import ContinueBlind
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.judge import Judge
from seewhy.stages.pair import PairChains
from seewhy.stages.report import Report
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan

INTERNVL3 = "OpenGVLab/InternVL3-8B-hf"
MODEL = "OpenGVLab/InternVL2-8B"
RATES: Mapping[str, float] = {
    MODEL: 5e-6, "OpenGVLab/InternVL2_5-8B": 1e-6, INTERNVL3: 2e-7, "OpenGVLab/InternVL3_5-8B-HF": 2e-7,
}  # fmt: skip
"""Code (`shell/*mpo*`): the rate falls 25-fold over generations; at 5e-5 InternVL2 collapses (appendix)."""
WITH_GOLD = {"m3cot": 7_863, "scienceqa": 6_218, "chartqa": 28_299, "geoqa": 12_054}
"""Sources with a gold answer and their training questions (table 1: those of MMPR that we read)."""
WITHOUT_GOLD = {"textvqa": 34_602, "infovqa": 23_946}
"""Sources whose answers compare badly (section 3): DropoutNTP alone."""
MEASURED = {"m3cot": 2_318, "mathvista": 1_000, "mathvision": 3_040, "pope": 9_000, "crpe": 7_615}
"""Benchmarks whose answers compare by rule (the model card's table), and their questions."""
RATED = {"mmvet": 218, "llavabench": 60, "mmhal": 96}
"""Those whose answers a judge rates."""


def recipe(size: Size = Size.LAPTOP) -> Recipe:
    """The steps, with the paper's figure beside each constant."""
    gold, blind = (WITH_GOLD, WITHOUT_GOLD) if size is Size.PAPER else ({INKGRID: 1}, {})
    steps: dict[str, Stage] = {}
    for name, count in {**gold, **blind}.items():
        steps[name] = asked(size, name, train=count, test=MEASURED.get(name, 0))
    data: dict[str, float] = {}
    for name in gold:
        steps |= by_answer(size, name)
        # 2.5 M pairs with a gold answer and 0.75 M without (section 3); shares of pairs by form are not given.
        data |= {f"{name}-right": 1.0, f"{name}-format": 0.2}
    for name in (*gold, *blind):
        steps |= by_sight(size, name)
        data[f"{name}-blind"] = 0.3
    steps["mpo"] = optimised(size, data)
    return Recipe(
        name=f"mpo-{size.value}", compute=computing(size), steps={**steps, **measured(size), "report": Report()},
        models={"base": start(size, MODEL), "judge": served(size, "gpt-4o", OPENAI)},
    )  # fmt: skip


def drawn(size: Size, name: str) -> Sample:
    """Chains of the model that is trained: at most 32 a question, temperature 1.0, top-k 50 (data documentation)."""
    at = size.pick
    heat = at(paper=1.0, laptop=0.7, toy=1.8)
    return Sample(
        model="base", questions=f"{name}.train", ask=at(paper=0, laptop=1500, toy=8),
        with_options=at(paper=True, laptop=False, toy=True), per_question=at(paper=32, laptop=16, toy=8),
        temperature=heat, multiple_choice_temperature=heat, top_k=50, max_tokens=at(paper=4096, laptop=TOKENS, toy=40),
    )  # fmt: skip


def by_answer(size: Size, name: str) -> dict[str, Stage]:
    """Right chains over wrong ones, and over unreadable ones, at most 15 pairs a question (code)."""
    chains, verdicts = f"{name}-chains", f"{name}-verdicts"
    most = size.pick(paper=15, laptop=4, toy=15)
    return {
        chains: drawn(size, name),
        verdicts: Judge(chains=chains),
        f"{name}-right": PairChains(chains=chains, verdicts=verdicts,
                                    rule=choose("by_outcome", lowest=0.0, highest=1.0, most=most)),
        f"{name}-format": PairChains(chains=chains, verdicts=verdicts, rule=choose("by_format", most=most)),
    }  # fmt: skip


def by_sight(size: Size, name: str) -> dict[str, Stage]:
    """A chain over its first half finished without the picture (equation 2; 0.25 and 0.75 hallucinate more)."""
    at, chains = size.pick, f"{name}-chains"
    blind = ContinueBlind(
        model="base", chains=chains, keep=0.5, per_question=1, temperature=at(paper=1.0, laptop=0.7, toy=1.0),
        max_tokens=at(paper=2048, laptop=TOKENS, toy=32),
    )  # fmt: skip
    own = {} if name not in WITHOUT_GOLD else {chains: drawn(size, name)}
    return {
        **own, f"{name}-continued": blind,
        f"{name}-blind": PairChains(chains=f"{name}-continued", verdicts=f"{name}-continued",
                                    rule=choose("by_blindness", most=1)),
    }  # fmt: skip


def optimised(size: Size, data: Mapping[str, float], model: str = MODEL) -> Train:
    """0.8 DPO + 0.2 BCO + 1.0 NLL, all weights trained (sections 4 and 5): batch 256, warm-up 5 %, decay 0.05."""
    at = size.pick
    fit = FitPlan(
        learning_rate=at(paper=RATES[model], laptop=3e-5, toy=1e-4),
        tower_learning_rate=at(paper=RATES[model], laptop=0.0, toy=0.0), batch_size=at(paper=256, laptop=32, toy=32),
        warmup=0.05, weight_decay=0.05, row_tokens=at(paper=6144, laptop=8192, toy=4096), save_every=20,
    )  # fmt: skip
    objective = choose("mpo", beta=0.1, preference=0.8, quality=0.2, generation=1.0)
    return Train(start="base", data=data, objective=objective, fit=fit)


def measured(size: Size) -> dict[str, Stage]:
    """The model card's table: accuracy by rule, and ratings of open answers."""
    models = ("base", "mpo")
    if size is not Size.PAPER:
        return {f"test-{INKGRID}": Evaluate(models=models, questions=f"{INKGRID}.test", unfit=unfit(size),
                                            max_tokens=TOKENS if size is Size.LAPTOP else 32)}  # fmt: skip
    steps: dict[str, Stage] = {}
    for name, count in {**MEASURED, **RATED}.items():
        if name not in WITH_GOLD:
            steps[name] = asked(size, name, test=count)
    for name in MEASURED:
        steps[f"test-{name}"] = Evaluate(models=models, questions=f"{name}.test", blind=(Style.REASON,),
                                         max_tokens=2048, unfit=unfit(size))  # fmt: skip
    for name in RATED:
        for model in models:
            steps[f"{name}-{model}"] = Sample(model=model, questions=f"{name}.test", style=Style.PLAIN, per_question=1,
                                              temperature=0.0, multiple_choice_temperature=0.0,
                                              max_tokens=1024)  # fmt: skip
            steps[f"{name}-{model}-rated"] = Judge(chains=f"{name}-{model}", judge=choose("rating"), model="judge")
    return steps

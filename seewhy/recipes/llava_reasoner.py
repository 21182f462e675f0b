"""LLaVA-Reasoner (arXiv 2410.16198): four compositions of SFT, DPO on own chains, the DPO model as verifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seewhy.recipes.shared import INKGRID, OPENAI, TOKENS, asked, between, computing, served, start, unfit
from seewhy.records.types import Style
from seewhy.runs.api import Stage
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.credit import Credit
from seewhy.stages.distil import Distil
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.imitate import Imitate
from seewhy.stages.judge import Judge
from seewhy.stages.lessons import Lessons
from seewhy.stages.mix import Mix
from seewhy.stages.pair import PairChains
from seewhy.stages.reference import Reference
from seewhy.stages.report import Report
from seewhy.stages.rerank import Rerank
from seewhy.stages.sample import Sample
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan, OptimizerPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A benchmark of the paper.

    Example:
        >>> Source(train=26_000, test=2_500).measured
        'test'
    """

    train: int
    """Questions with a distilled rationale (table 1)."""
    test: int = 0
    """Questions that are measured."""
    validation: int = 0
    """Questions that are measured where the answers of the test split are hidden."""

    @property
    def measured(self) -> str:
        """The split that is measured."""
        return "test" if self.test else "validation"


SOURCES: Mapping[str, Source] = {
    "aokvqa": Source(train=16_900, validation=1_145),
    "chartqa": Source(train=26_000, test=2_500),
    "scienceqa": Source(train=6_100, test=2_017),
    "ai2d": Source(train=11_900, test=3_088),
    "infovqa": Source(train=22_400, validation=2_801),
    "docvqa": Source(train=37_300, validation=5_349),
    "textvqa": Source(train=29_700, validation=5_000),
    "geoqa": Source(train=30_300, test=750),
}
"""Table 1; `geoqa` stands for G-LLaVA. MathVision's 11.0k are left out: its release has no training split."""
PAIRED = ("aokvqa", "chartqa", "geoqa")
"""Whose chains become pairs (section 5: 18.3k, 24.5k and 22.0k pairs)."""
VERIFIED = ("chartqa", "aokvqa")
"""Whose questions the verifier chooses among (section 5.2)."""
FROZEN = OptimizerPlan(frozen=("projector",))
"""Code: vision tower and projector are frozen in DPO."""
COMPOSITIONS = ("format", "direct", "reason", "both")
"""Table 2, models 1 to 4."""


def recipe(size: Size = Size.LAPTOP) -> Recipe:
    """The steps, with the paper's figure beside each constant."""
    at, sources = size.pick, SOURCES if size is Size.PAPER else {INKGRID: Source(train=1, test=1)}
    paired = PAIRED if size is Size.PAPER else (INKGRID,)
    steps: dict[str, Stage] = {}
    for name, source in sources.items():
        steps[name] = asked(size, name, train=source.train, validation=source.validation, test=source.test)
        steps |= lessons_of(size, name)
    steps |= composed(size, list(sources))
    steps |= preferences(size, paired)
    models = ("base", *(f"sft-{one}" for one in COMPOSITIONS), "rft", "dpo-control", "dpo-whole", "dpo")
    for name, source in sources.items():
        steps[f"test-{name}"] = Evaluate(
            models=models, questions=f"{name}.{source.measured}", blind=(Style.REASON,), split=source.measured,
            max_tokens=at(paper=512, laptop=TOKENS, toy=32), unfit=unfit(size),
        )  # fmt: skip
    for name in VERIFIED if size is Size.PAPER else (INKGRID,):
        steps |= verified(size, name, sources[name].measured)
    return Recipe(
        name=f"llava-reasoner-{size.value}", compute=computing(size), steps={**steps, "report": Report()},
        # Open-LLaVA-NeXT-LLaMA3-8B in the paper, whose architecture and size this release has.
        models={"base": start(size, "llava-hf/llama3-llava-next-8b-hf"),
                "teacher": served(size, "gpt-4o-2024-05-13", OPENAI), "judge": served(size, "gpt-4o", OPENAI)},
        inputs={"rlaif-v": "~/data/rlaif-v", "rlaif-v-questions": "~/data/rlaif-v/questions"}
        if size is Size.PAPER else {},
    )  # fmt: skip


def lessons_of(size: Size, name: str) -> dict[str, Stage]:
    """Rationales of a benchmark that end in the gold answer (section 3.1), and its short answers."""
    ask = size.pick(paper=0, laptop=6000, toy=12)
    rationales = f"{name}-rationales"
    teacher = choose("oracle", error_rate=0.1, terse_rate=0.4) if size is Size.LAPTOP else choose("endpoint")
    return {
        rationales: Distil(questions=f"{name}.train", ask=ask, teacher=teacher,
                           model="" if size is Size.LAPTOP else "teacher"),
        **{
            f"{name}-{kind}": Lessons(
                rationales=rationales, verdicts=f"{rationales}.verdicts", direct=f"{name}.train", ask=ask,
                direct_share=share, format_aligned=0,
            )
            for kind, share in (("thoughts", 0.0), ("answers", 1.0))
        },
    }  # fmt: skip


def composed(size: Size, names: Sequence[str]) -> dict[str, Stage]:
    """Four SFT models from one base (section 4.1): format alone, with direct answers, with rationales, with both."""
    at = size.pick
    thoughts, answers = ({f"{name}-{kind}": 0 for name in names} for kind in ("thoughts", "answers"))
    # 50 of each set in both styles; the paper does not say in which shares.
    aligned = dict.fromkeys((*thoughts, *answers), at(paper=25, laptop=25, toy=2))
    parts = {"format": {}, "direct": answers, "reason": thoughts, "both": {**thoughts, **answers}}
    # Code: 5e-6, vision tower 5e-7, batch 32, 1 epoch, warm-up 3 %, cosine, no decay, 6144 tokens.
    fit = FitPlan(
        learning_rate=at(paper=5e-6, laptop=2e-3, toy=1e-4), tower_learning_rate=at(paper=5e-7, laptop=2e-4, toy=0.0),
        batch_size=32, warmup=0.03, row_tokens=at(paper=6144, laptop=8192, toy=4096), save_every=20,
    )  # fmt: skip
    steps: dict[str, Stage] = {}
    for one in COMPOSITIONS:
        steps[f"mix-{one}"] = Mix(parts=parts[one], aligned=aligned)
        steps[f"sft-{one}"] = Train(start="base", data={f"mix-{one}": 1.0}, objective=choose("sft"), fit=fit)
    return steps


def preferences(size: Size, names: Sequence[str]) -> dict[str, Stage]:
    """Chains of the fourth model, pairs by their answers, and what is trained on them (section 5)."""
    at = size.pick
    steps: dict[str, Stage] = {}
    for name in names:
        steps[f"{name}-chains"] = Sample(
            model="sft-both", questions=f"{name}.train", ask=at(paper=0, laptop=1200, toy=12),
            after=at(paper=0, laptop=6000, toy=24), with_options=at(paper=True, laptop=False, toy=True),
            per_question=at(paper=32, laptop=32, toy=6), temperature=at(paper=1.0, laptop=0.7, toy=1.4),
            multiple_choice_temperature=at(paper=1.2, laptop=0.7, toy=1.4), max_tokens=at(paper=512, laptop=96, toy=48),
        )  # fmt: skip
        steps[f"{name}-verdicts"] = Judge(chains=f"{name}-chains")
        steps[f"{name}-pairs"] = PairChains(chains=f"{name}-chains", verdicts=f"{name}-verdicts", rule=between(size))
        # Rejection sampling, with which the paper compares: right chains of its own, at most 3 of a question.
        steps[f"{name}-own"] = Imitate(chains=f"{name}-chains", verdicts=f"{name}-verdicts", own=True, most=3)
    pairs = [f"{name}-pairs" for name in names]
    # Code: 5e-7, batch 32, 1 epoch, beta 0.1, warm-up 3 %, tower and projector frozen.
    fit = FitPlan(
        learning_rate=at(paper=5e-7, laptop=3e-5, toy=1e-4), epochs=at(paper=1, laptop=2, toy=1), batch_size=32,
        warmup=0.03, row_tokens=at(paper=6144, laptop=8192, toy=4096), save_every=20, optimizer=FROZEN,
    )  # fmt: skip
    return {**steps, **control(size, names[0]), **trained(size, pairs, [f"{name}-own" for name in names], fit)}


def trained(size: Size, pairs: Sequence[str], own: Sequence[str], fit: FitPlan) -> dict[str, Stage]:
    """DPO on the first 90 tokens (the paper's model), on whole chains (its ablation), and SFT on right own chains."""
    data, dpo = dict.fromkeys(pairs, 1.0), choose("dpo", beta=0.1)
    # inkgrid's chains have about 27 tokens: 24 are nine tenths of them, as 90 are of the paper's 100.
    cut = replace(fit, keep_tokens=size.pick(paper=90, laptop=24, toy=24))
    whole = Reference(model="sft-both", pairs=tuple(pairs), row_tokens=fit.row_tokens)
    return {
        "reference": whole,
        "dpo-whole": Train(start="sft-both", data=data, objective=dpo, fit=fit, reference="reference"),
        "rft": Train(start="sft-both", data=dict.fromkeys(own, 1.0), objective=choose("sft"), fit=fit),
        "dpo": Train(start="sft-both", data=data, objective=dpo, fit=cut),
    }


def control(size: Size, name: str) -> dict[str, Stage]:
    """DPO on pairs about what is seen and not about reasoning (model 5 of table 2): RLAIF-V's 80k, or pairs made as
    those were, by the facts of each chain that a judge rejects.
    """
    fit = FitPlan(
        learning_rate=size.pick(paper=5e-7, laptop=3e-5, toy=1e-4), epochs=size.pick(paper=1, laptop=2, toy=1),
        warmup=0.03, row_tokens=size.pick(paper=6144, laptop=8192, toy=4096), save_every=20, optimizer=FROZEN,
        keep_tokens=size.pick(paper=90, laptop=24, toy=24),
    )  # fmt: skip
    dpo = choose("dpo", beta=0.1)
    if size is Size.PAPER:
        return {"dpo-control": Train(start="sft-both", data={"rlaif-v": 1.0}, questions="rlaif-v-questions",
                                     objective=dpo, fit=fit)}  # fmt: skip
    return {
        "facts": Judge(chains=f"{name}-chains", judge=choose("facts"), model="judge"),
        "control-pairs": PairChains(chains=f"{name}-chains", verdicts="facts", rule=choose("by_score", margin=1.0)),
        "dpo-control": Train(start="sft-both", data={"control-pairs": 1.0}, objective=dpo, fit=fit),
    }


def verified(size: Size, name: str, split: str) -> dict[str, Stage]:
    """The DPO model chooses among chains of the SFT model (section 5.2) and credits their tokens (section 5.4)."""
    return {
        f"verifier-{name}": Rerank(
            policy="dpo", reference="sft-both", sampler="sft-both", questions=f"{name}.{split}",
            ask=size.pick(paper=0, laptop=300, toy=3), per_question=size.pick(paper=64, laptop=32, toy=4),
            temperature=size.pick(paper=1.0, laptop=0.7, toy=1.4), max_tokens=size.pick(paper=512, laptop=96, toy=32),
        ),
        f"credit-{name}": Credit(
            policy="dpo", reference="sft-both", chains=f"verifier-{name}", verdicts=f"verifier-{name}.verdicts",
            scores=f"verifier-{name}.scores", resamples=size.pick(paper=500, laptop=500, toy=20),
        ),
    }  # fmt: skip

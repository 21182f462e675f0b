"""What the four systems claim, tried on pages of handwritten digits: one seed of `docs/evidence.md`.

One fine-tuned model and one set of its chains are shared by all preference trainings, so that a difference between two
of them is one of pairs or losses. Steps stand in the order of what they are worth; `bench/evidence.py` reads the run
folders of several seeds and prints the table. Constants without a paper are inkgrid's, set on its validation split.
"""

from collections.abc import Mapping
from dataclasses import replace

from seewhy.recipes.oracle_correction import OracleCorrections
from seewhy.records.types import Style
from seewhy.runs.api import Stage
from seewhy.runs.choice import Choice, choose
from seewhy.runs.machine import ORACLE, ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.stages.compare import Compare
from seewhy.stages.continue_blind import ContinueBlind
from seewhy.stages.credit import Credit
from seewhy.stages.direct import Direct
from seewhy.stages.distil import Distil
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.fitting import Unfit
from seewhy.stages.imitate import Imitate
from seewhy.stages.judge import Judge
from seewhy.stages.mix import Mix
from seewhy.stages.online import Online
from seewhy.stages.pair import PairChains
from seewhy.stages.questions import Questions
from seewhy.stages.reference import Reference
from seewhy.stages.report import Report
from seewhy.stages.rerank import Rerank
from seewhy.stages.sample import Sample
from seewhy.stages.score import Score
from seewhy.stages.train import Train
from seewhy.stages.vary_pictures import VaryPictures
from seewhy.training.online.plan import CriticPlan, RolloutPlan
from seewhy.training.plan import FitPlan

TAUGHT, ASKED = 6000, 800
"""Questions of the rationales, and questions behind them of which chains are drawn."""
SHORT = 2000
"""Direct answers (LLaVA-Reasoner: as many as rationales; more than these cost inkgrid its chains of thought)."""
ALIGNED = {"worked": 25, "short": 25}
"""LLaVA-Reasoner, section 4.1: 50 format-aligned examples of a set, here half in each style."""
TEACH = FitPlan(learning_rate=2e-3, tower_learning_rate=2e-4, batch_size=32, row_tokens=8192, save_every=40)
PREFER = FitPlan(learning_rate=3e-5, epochs=2, batch_size=32, row_tokens=8192, save_every=40)
HARD = replace(PREFER, learning_rate=3e-4, epochs=1)
"""Ten times the rate: where a preference loss alone would break the model, if it does."""
KEPT_TOKENS = 24
"""Nine tenths of a mean chain (LLaVA-Reasoner keeps 90 words of rationales of about 100 tokens)."""
LONG, KEPT_LONG = 160, 60
"""Tokens of a chain behind a description of the page, at most, and nine tenths of the mean of a taught one."""
TRUTH = "seewhy.testing.oracle:Oracle"
DROPOUT = {"25": 0.25, "50": 0.5, "75": 0.75}
"""MPO, table 9: shares of the words that are kept."""
JUDGED_AT = {"cool": 0.4, "warm": 0.8}
"""Temperatures at which mm-cot-rlaif answers the test questions."""
REASON = (Style.REASON,)
BAND = choose("by_outcome", lowest=0.25, highest=0.85, most=3)
"""LLaVA-Reasoner, sections 3.3 and 5: the band of accuracy, and pairs of a question, at most."""
ROUNDS, FEW = 30, 240
"""Of online training: 30 rounds of 16 questions x 8 rollouts are 3,840 chains, as are 16 of each of 240 questions."""
ONLINE = FitPlan(learning_rate=1e-4, batch_size=128, row_tokens=8192, save_every=15)
SENTENCES = "seewhy.recipes.oracle_reward:OracleSentences"
DESCRIBED = "seewhy.recipes.oracle_described:Described"
CONTESTS = {"ppo": ("ppo-sentences", "sft"), "outcome": ("ppo-sentences", "ppo"), "corrected": ("corrected", "sft"),
            "repaired": ("corrected", "ppo-sentences")}  # fmt: skip
"""Of whose greedy chains the judge is asked which is better, by the name of the step."""


MODELS = {"base": ModelSpec(path="tiny"), "judge": ModelSpec(base_url=ORACLE, model=ORACLE)}


def recipe() -> Recipe:
    """All steps of one seed."""
    return Recipe(name="evidence", models=MODELS, steps={
        **taught(), **preferred(), **composed(), **lost(), **judged(), **unseen(), **pictured(),
        "shifted": measured("sft", "rft", "dpo", "mpo", questions="questions.shifted"), **credited(), **told_apart(),
        **rewarded(), **corrected(), **won(), **described(),
        "report": Report(),
    })  # fmt: skip


def measured(*models: str, questions: str = "questions.test", blind: bool = False, direct: bool = True,
             temperature: float = 0.0, max_tokens: int = 96) -> Evaluate:  # fmt: skip
    """Models on the same questions, in both styles, or asked for a chain of thought alone."""
    return Evaluate(
        models=models, questions=questions, styles=(Style.DIRECT, Style.REASON) if direct else REASON,
        blind=REASON if blind else (), temperature=temperature, unfit=Unfit.UNCHECKED, max_tokens=max_tokens,
    )  # fmt: skip


def fitted(objective: str, data: str, fit: FitPlan = PREFER, *, reference: str = "", questions: str = "") -> Train:
    """A training of the fine-tuned model on pairs."""
    return Train(start="sft", data={data: 1.0}, objective=choose(objective, beta=0.1), fit=fit, reference=reference,
                 questions=questions)  # fmt: skip


def drawn(model: str, ask: int, per_question: int) -> Sample:
    """Chains of questions behind those that were taught."""
    return Sample(
        model=model, questions="questions.train", ask=ask, after=TAUGHT, with_options=False, per_question=per_question,
        temperature=0.7, multiple_choice_temperature=0.7, max_tokens=96,
    )  # fmt: skip


def taught() -> Mapping[str, Stage]:
    """The fine-tuned model: LLaVA-Reasoner's fourth composition, direct answers and rationales."""
    return {
        "questions": Questions(train=TAUGHT + 1400, validation=0, test=ASKED, shifted=400),
        "rationales": Distil(
            questions="questions.train", ask=TAUGHT, teacher=choose("oracle", error_rate=0.1, terse_rate=0.4),
        ),
        "worked": Imitate(chains="rationales", verdicts="rationales.verdicts"),
        "short": Direct(questions="questions.train", ask=SHORT),
        "lessons": Mix(parts={"worked": 0, "short": 0}, aligned=ALIGNED, questions="questions.train"),
        "sft": Train(start="base", data={"lessons": 1.0}, objective=choose("sft"), fit=TEACH),
    }  # fmt: skip


def preferred() -> Mapping[str, Stage]:
    """Claims 2 and 4: its own chains, paired by outcome; DPO, rejection sampling on the same chains, the verifier."""
    return {
        "chains": drawn("sft", ASKED, 16),
        "verdicts": Judge(chains="chains"),
        "pairs": PairChains(chains="chains", verdicts="verdicts", rule=BAND),
        "reference": Reference(model="sft", pairs=("pairs",), row_tokens=PREFER.row_tokens),
        "dpo": fitted("dpo", "pairs", reference="reference"),
        "right": Imitate(chains="chains", verdicts="verdicts", most=3, own=True),
        "rft": Train(start="sft", data={"right": 1.0}, objective=choose("sft"), fit=replace(HARD, epochs=2)),
        "test": measured("base", "sft", "rft", "dpo", blind=True),
        "verifier": Rerank(policy="dpo", reference="sft", sampler="sft", questions="questions.test", ask=400,
                           per_question=16, temperature=0.7, max_tokens=96),
    }  # fmt: skip


def composed() -> Mapping[str, Stage]:
    """Claim 1: the other three compositions of LLaVA-Reasoner's table 2."""
    parts = {"format": {}, "direct": {"short": 0}, "reason": {"worked": 0}}
    steps: dict[str, Stage] = {}
    for name, part in parts.items():
        steps[f"lessons-{name}"] = Mix(parts=part, aligned=ALIGNED, questions="questions.train")
        steps[f"sft-{name}"] = Train(
            start="base", data={f"lessons-{name}": 1.0}, objective=choose("sft"), fit=TEACH
        )  # fmt: skip
    return {**steps, "test-compositions": measured(*(f"sft-{name}" for name in parts))}


def lost() -> Mapping[str, Stage]:
    """Claim 3: losses, each at ten times the rate; MPO at the usual one too."""
    losses: Mapping[str, Choice] = {
        "dpo": choose("dpo", beta=0.1), "bco": choose("bco", beta=0.1), "mpo": choose("mpo", beta=0.1),
        "nll": choose("mpo", beta=0.1, preference=1.0, quality=0.0),
        "cosine": choose("dpo", beta=0.1, discount="cosine"),
    }  # fmt: skip
    hard: dict[str, Stage] = {
        f"hard-{name}": Train(start="sft", data={"pairs": 1.0}, objective=loss, fit=HARD, reference="reference")
        for name, loss in losses.items()
    }
    hard["hard-cut"] = fitted("dpo", "pairs", replace(HARD, keep_tokens=KEPT_TOKENS))
    return {
        "mpo": fitted("mpo", "pairs", reference="reference"), **hard, "test-mpo": measured("mpo"),
        "test-losses": measured(*hard, direct=False),
    }  # fmt: skip


def judged() -> Mapping[str, Stage]:
    """Claim 6: the best against the worst of the chains by a judge that sees the page, and by one that does not."""
    steps: dict[str, Stage] = {}
    for name, is_blind in (("sighted", False), ("blind", True)):
        steps[f"verdicts-{name}"] = Judge(chains="chains", judge=choose(TRUTH, blind=is_blind))
        steps[f"pairs-{name}"] = PairChains(chains="chains", verdicts=f"verdicts-{name}",
                                            rule=choose("by_score", margin=0.2))  # fmt: skip
        steps[name] = fitted("dpo", f"pairs-{name}")
    for name, temperature in JUDGED_AT.items():
        steps[f"test-{name}"] = measured("sft", "sighted", "blind", direct=False, temperature=temperature)
    return steps


def unseen() -> Mapping[str, Stage]:
    """Claim 7: chains over their own beginnings continued without the picture, by MPO, at three shares."""
    steps: dict[str, Stage] = {}
    for name, keep in DROPOUT.items():
        steps[f"continued-{name}"] = ContinueBlind(model="sft", chains="chains", keep=keep, per_question=1,
                                                   temperature=0.7, max_tokens=96)  # fmt: skip
        steps[f"pairs-dropout-{name}"] = PairChains(
            chains=f"continued-{name}", verdicts=f"continued-{name}.verdicts", rule=choose("by_blindness", most=1)
        )
        steps[f"dropout-{name}"] = fitted("mpo", f"pairs-dropout-{name}")
    return {**steps, "test-dropout": measured(*(f"dropout-{name}" for name in DROPOUT), direct=False)}


def pictured() -> Mapping[str, Stage]:
    """Claim 9: the outcome pairs on grey pictures, and mDPO on the right ones and on crops."""
    return {
        "grey": VaryPictures(questions="questions.train", kind=choose("noised", share=1.0, spread=0.001)),
        "dpo-grey": fitted("dpo", "pairs", questions="grey"),
        "mdpo": fitted("mdpo", "pairs"),
        "test-pictures": measured("dpo-grey", "mdpo", blind=True, direct=False),
    }


def credited() -> Mapping[str, Stage]:
    """Claim 5: pairs that part at an error; credit of other kinds for the tokens of the verifier's candidates."""
    return {
        "pairs-step": PairChains(chains="chains", verdicts="verdicts-sighted", rule=choose("by_step")),
        "dpo-step": fitted("dpo", "pairs-step"),
        "test-step": measured("dpo-step", direct=False),
        "scores-step": Score(policy="dpo-step", reference="sft", chains="verifier", questions="questions.test"),
        "scores-blind": Score(policy="sft", reference="sft", chains="verifier", questions="questions.test",
                              blind_reference=True),
        **{f"credit-{kind.replace('_', '-')}": Credit(policy="dpo", reference="sft", chains="verifier",
                                                      scores="verifier.scores", kind=choose(kind))
           for kind in ("entropy", "left_out")},
    }  # fmt: skip


def told_apart() -> Mapping[str, Stage]:
    """What tells the reasons of claims 1 and 7: a slower format SFT; dropout's own chains paired by ground truth."""
    return {
        "sft-format-slow": Train(start="base", data={"lessons-format": 1.0}, objective=choose("sft"),
                                 fit=replace(TEACH, learning_rate=2e-4, tower_learning_rate=2e-5)),
        "test-slow": measured("sft-format-slow"),
        "verdicts-truth": Judge(chains="continued-50"),
        "pairs-truth": PairChains(chains="continued-50", verdicts="verdicts-truth",
                                  rule=choose("by_outcome", lowest=0.0, highest=1.0, most=1)),
        "dropout-truth": fitted("mpo", "pairs-truth"), "test-truth": measured("dropout-truth", direct=False),
    }  # fmt: skip


def rewarded() -> Mapping[str, Stage]:
    """Claim 8: GRPO and PPO by outcome and by sentences, and MPO, each with as many chains of its own."""
    plan = RolloutPlan(rounds=ROUNDS, questions=16, per_question=8, temperature=0.7, max_tokens=96)
    outcome, sentences = choose("outcome"), choose(SENTENCES)
    ways = {"grpo": ("grpo", outcome), "ppo-sentences": ("ppo", sentences), "ppo": ("ppo", outcome),
            "grpo-sentences": ("grpo", sentences)}  # fmt: skip
    trained: dict[str, Stage] = {}
    for name, (objective, reward) in ways.items():
        fit = replace(ONLINE, epochs=2 if objective == "ppo" else 1)
        trained[name] = Online(
            start="sft", questions="questions.train", objective=choose(objective), reward=reward, rollouts=plan,
            fit=fit, critic=CriticPlan(learning_rate=1e-3, warmup_rounds=3),
        )  # fmt: skip
        trained[f"test-{name}"] = measured(name, direct=False)
    return {
        "chains-few": drawn("sft", FEW, 16),
        "verdicts-few": Judge(chains="chains-few"),
        "pairs-few": PairChains(chains="chains-few", verdicts="verdicts-few", rule=BAND),
        "mpo-few": fitted("mpo", "pairs-few"), "test-few": measured("mpo-few", direct=False), **trained,
    }  # fmt: skip


def corrected() -> Mapping[str, Stage]:
    """Claim 8, its second half: SFT on the oracle's corrections of what PPO by sentences leaves (ARES, step 2)."""
    return {
        "chains-ppo": drawn("ppo-sentences", ASKED, 1),
        "corrections": OracleCorrections(chains="chains-ppo"),
        "corrected": Train(start="ppo-sentences", data={"corrections": 1.0}, objective=choose("sft"),
                           fit=replace(HARD, epochs=2)),
        "test-corrected": measured("corrected", direct=False),
    }  # fmt: skip


def won() -> Mapping[str, Stage]:
    """Claim 8 as ARES measures it, by a judge asked in both orders; for claim 5, credit by rewards of sentences."""
    return {
        "scores-sentences": Score(policy="ppo-sentences", reference="sft", chains="verifier",
                                  questions="questions.test"),
        **{f"wins-{name}": Compare(first=first, second=second, questions="questions.test", model="judge", max_tokens=96)
           for name, (first, second) in CONTESTS.items()},
    }  # fmt: skip


def described() -> Mapping[str, Stage]:
    """Claim 3 on chains with a long start: all that is on the page is read out before the question is answered."""
    dpo = choose("dpo", beta=0.1)
    ways: Mapping[str, tuple[Choice, FitPlan]] = {
        "dpo": (dpo, PREFER), "hard-dpo": (dpo, HARD),
        "cut": (dpo, replace(PREFER, keep_tokens=KEPT_LONG)), "hard-cut": (dpo, replace(HARD, keep_tokens=KEPT_LONG)),
        "hard-cosine": (choose("dpo", beta=0.1, discount="cosine"), HARD),
        "hard-nll": (choose("mpo", beta=0.1, preference=1.0, quality=0.0), HARD),
    }  # fmt: skip
    trained: dict[str, Stage] = {
        f"long-{name}": Train(start="sft-long", data={"pairs-long": 1.0}, objective=loss, fit=fit)
        for name, (loss, fit) in ways.items()
    }
    return {
        "rationales-long": Distil(questions="questions.train", ask=TAUGHT,
                                  teacher=choose(DESCRIBED, error_rate=0.1, terse_rate=0.4)),
        "worked-long": Imitate(chains="rationales-long", verdicts="rationales-long.verdicts"),
        "lessons-long": Mix(parts={"worked-long": 0, "short": 0}, aligned={"worked-long": 25, "short": 25},
                            questions="questions.train"),
        "sft-long": Train(start="base", data={"lessons-long": 1.0}, objective=choose("sft"), fit=TEACH),
        "chains-long": replace(drawn("sft-long", ASKED, 8), max_tokens=LONG),
        "verdicts-long": Judge(chains="chains-long"),
        "pairs-long": PairChains(chains="chains-long", verdicts="verdicts-long", rule=BAND),
        **trained,
        "test-long": measured("sft-long", *trained, direct=False, max_tokens=LONG),
    }  # fmt: skip

"""A report with every section, all its numbers made up: for tests of the page, and to look at it."""

import math
import random
from dataclasses import replace
from io import BytesIO

from PIL import Image

from seewhy.records.measures import Comparison, CurvePoint, FacetScore, Interval, Scorecard, Selection
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Gold, MatchRule, Outcome, Question, Split, StepLog, Style
from seewhy.report.inputs import (
    Choices,
    Count,
    Credit,
    CreditChain,
    Distillation,
    Header,
    ModelName,
    Reply,
    ReportInput,
    Reproduction,
    Sample,
    Sampling,
    Stage,
    Step,
    TrainingRun,
)

MODELS = (
    ModelName(key="base", label="Base"),
    ModelName(key="sft", label="SFT"),
    ModelName(key="preference", label="Preference (MPO)"),
    ModelName(key="dpo", label="Preference (DPO)"),
)
ACCURACY = {"base": (0.208, 0.312), "sft": (0.452, 0.640), "preference": (0.461, 0.681), "dpo": (0.455, 0.633)}
FACETS = {
    "kind": ("row_sum", "column_max", "count_even", "compare_rows", "read_cell"), "steps": ("1", "2", "3", "4"),
    "grid": ("2x2", "2x3", "3x3"), "noise": ("none", "light"),
}  # fmt: skip
WRONG_CHAIN = "Row 1 reads 3, 8, 1. Row 2 reads 5, 4, 6. The sum of row 2 is 14. ### Answer: 14"


def around(share: float, n: int) -> Interval:
    """A share with the interval of the normal approximation, kept within 0 and 1."""
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    return Interval(value=share, low=max(0.0, share - half), high=min(1.0, share + half))


def make_card(model: str, style: Style, share: float, *, split: Split = Split.TEST, blind: bool = False) -> Scorecard:
    """A scorecard of 1,000 questions with a breakdown whose accuracies scatter about the whole."""
    rng = random.Random(f"{model} {style} {split} {blind}")
    breakdown = tuple(
        FacetScore(
            facet=facet,
            value=value,
            n=1000 // len(values),
            unjudged=0,
            accuracy=around(min(0.98, max(0.02, share + rng.uniform(-0.2, 0.2))), 1000 // len(values)),
        )
        for facet, values in FACETS.items()
        for value in values
    )
    no_answer = 37 if style is Style.REASON else 0
    correct = round(1000 * share)
    return Scorecard(
        model=model,
        benchmark="inkgrid",
        split=split,
        style=style,
        blind=blind,
        n=1000,
        accuracy=around(share, 1000),
        correct=correct,
        incorrect=1000 - correct - no_answer,
        no_answer=no_answer,
        unjudged=0,
        breakdown=breakdown,
    )


def make_cards() -> tuple[Scorecard, ...]:
    """Test cards of all models in both styles; shifted and blind ones of chains of thought."""
    seen = [
        make_card(model, style, share)
        for model, shares in ACCURACY.items()
        for style, share in zip((Style.DIRECT, Style.REASON), shares, strict=True)
    ]
    shifted = [
        make_card(model, Style.REASON, 0.72 * shares[1], split=Split.SHIFTED) for model, shares in ACCURACY.items()
    ]
    blind = [make_card(model, Style.REASON, 0.09, blind=True) for model in ("base", "sft", "preference")]
    return (*seen, *shifted, *blind)


def make_step(before: str, after: str, difference: float, low: float, high: float, what: str = "") -> Step:
    """A paired comparison of chains of thought on 1,000 questions."""
    lost = 60
    change = Comparison(
        difference=difference,
        low=low,
        high=high,
        p_value=0.0002 if low > 0 or high < 0 else 0.412,
        n=1000,
        gained=lost + round(1000 * difference),
        lost=lost,
        unjudged=0,
    )
    return Step(before=before, after=after, style=Style.REASON, change=change, what=what)


def make_question(text: str = "What is the sum of row 2?", answer: str = "15") -> Question:
    """A short-answer question; its picture is handed over beside it."""
    gold = Gold(answers=(answer,), rule=MatchRule.RELAXED_NUMBER)
    return Question(id="inkgrid/test/0/7", benchmark="inkgrid", split=Split.TEST, text=text, gold=gold, facets={})


def make_picture() -> bytes:
    """A PNG of 24 by 16 pixels: a grey ramp."""
    image = Image.new("L", (24, 16))
    image.putdata([10 * (i % 24) for i in range(24 * 16)])
    file = BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


def make_credits(text: str = WRONG_CHAIN) -> tuple[TokenCredit, ...]:
    """A token a word, its leading space included; the sentence on the sum of row 2 is wrong and gets low credit."""
    rng, tokens, start = random.Random(0), [], 0
    bad = range(text.index("The sum"), text.index(" ###"))
    for position, word in enumerate(text.split(" ")):
        end = start + len(word) + (position > 0)
        is_wrong = start + 1 in bad
        tokens.append(
            TokenCredit(
                question_id="inkgrid/test/0/7",
                index=0,
                position=position,
                token=text[start:end],
                start=start,
                end=end,
                credit=rng.gauss(-0.9 if is_wrong else 0.25, 0.4),
                wrong=is_wrong,
            )
        )
        start = end
    return tuple(tokens)


def make_training() -> tuple[TrainingRun, ...]:
    """SFT without alarms, preference training with one."""
    rng = random.Random(1)
    sft = tuple(
        StepLog(
            step=i,
            loss=0.2 + 2.2 * math.exp(-i / 60) + rng.gauss(0, 0.05),
            learning_rate=1e-3 * min(1, i / 20) * (1 - i / 300),
            terms={"nll": 0.0},
            seconds=0.4,
        )
        for i in range(300)
    )
    preference = tuple(
        StepLog(
            step=i,
            loss=0.693 * math.exp(-i / 150) + rng.gauss(0, 0.03),
            learning_rate=5e-5 * (1 - i / 120),
            terms={
                "margin": 0.02 * i + rng.gauss(0, 0.3),
                "accuracy": min(1.0, 0.5 + 0.003 * i + rng.gauss(0, 0.05)),
                "chosen_drift": 0.0006 * i + rng.gauss(0, 0.01),
                "rejected_drift": -0.003 * i + rng.gauss(0, 0.02),
            },
            seconds=1.2,
        )
        for i in range(120)
    )
    alarm = "Step 87: the chosen log-probability fell below its reference while the margin grew."
    return (TrainingRun(name="SFT", steps=sft), TrainingRun(name="Preference (MPO)", steps=preference, alarms=(alarm,)))


def make_curves() -> tuple[CurvePoint, ...]:
    """Accuracy over 1 to 16 chains for every way to choose."""
    gains = {
        Selection.SELF_CONSISTENCY: 0.03,
        Selection.BEST_OF_N: 0.022,
        Selection.WEIGHTED_VOTE: 0.038,
        Selection.PASS_AT_K: 0.065,
    }
    return tuple(
        CurvePoint(method=method, n=2**i, value=0.6 + gain * i, low=0.572 + gain * i, high=0.628 + gain * i)
        for method, gain in gains.items()
        for i in range(5)
    )


def make_sampling() -> Sampling:
    """2,000 questions with 8 chains each."""
    rng = random.Random(2)
    shares = tuple(sum(rng.random() < skill for _ in range(8)) / 8 for skill in (rng.random() for _ in range(2000)))
    return Sampling(
        questions=2000,
        per_question=8,
        chains=16000,
        tokens=812_345,
        seconds=412.0,
        accuracies=shares,
        band=(0.25, 0.85),
        dropped=(
            Count(name="all right", count=412),
            Count(name="all wrong", count=231),
            Count(name="no answer", count=87),
        ),
        pairs=2890,
    )


def make_samples(picture: bytes) -> tuple[Sample, ...]:
    """A question with one reply of each outcome but unjudged."""
    replies = (
        Reply(model="base", style=Style.REASON, text="The page shows some digits.", outcome=Outcome.NO_ANSWER),
        Reply(model="sft", style=Style.REASON, text=WRONG_CHAIN, outcome=Outcome.INCORRECT, answer="14"),
        Reply(
            model="preference",
            style=Style.REASON,
            text="Row 2 reads 5, 4, 6. 5 + 4 = 9, and 9 + 6 = 15. ### Answer: 15",
            outcome=Outcome.CORRECT,
            answer="15",
        ),
    )
    return (Sample(question=make_question(), picture=picture, replies=replies),)


def make_reproduction() -> Reproduction:
    """Two commands and a fingerprint."""
    return Reproduction(
        commands=("git checkout 0000000", "make run SEED=0"),
        seeds={"questions": 0, "sampling": 0, "training": 0},
        versions={"seewhy": "0.1.0", "torch": "2.13.0"}, fingerprints={"test questions": "9f2c41d07be3"},
    )  # fmt: skip


def make_header() -> Header:
    """A run of an hour and five minutes."""
    return Header(
        recipe="inkgrid",
        model="tiny",
        parameters=2_134_000,
        seed=0,
        n=1000,
        machine="2 CPU cores, 8 GB",
        versions={"seewhy": "0.1.0", "torch": "2.13.0"},
        seconds=3905.0,
        date="2026-01-02",
    )


def make_report() -> ReportInput:
    """Every section filled."""
    picture = make_picture()
    chain = CreditChain(
        question=make_question(), picture=picture, text=WRONG_CHAIN, tokens=make_credits(), outcome=Outcome.INCORRECT
    )
    return ReportInput(
        header=make_header(),
        models=MODELS,
        cards=make_cards(),
        steps=(
            make_step("base", "sft", 0.328, 0.296, 0.360, "SFT"),
            make_step("sft", "preference", 0.041, 0.020, 0.062, "Preference training with MPO"),
            make_step("sft", "dpo", -0.007, -0.027, 0.013, "Preference training with DPO"),
        ),
        distillations=(
            Distillation(
                asked=6000,
                kept=5210,
                dropped=(Count(name="wrong answer", count=640), Count(name="no answer", count=150)),
                mix=(Count(name="chain of thought", count=5210), Count(name="direct answer", count=2600)),
            ),
        ),
        samplings=(make_sampling(),),
        training=make_training(),
        choices=(Choices(curves=make_curves(), drawn_by="sft"),),
        credits=(Credit(auroc=Interval(value=0.71, low=0.66, high=0.75), chains=(chain,)),),
        samples=make_samples(picture),
        stages=(
            Stage(name="distil", command="seewhy distil runs/inkgrid", seconds=61.2, rows=6000, unit="lessons"),
            Stage(name="sample", command="seewhy sample runs/inkgrid --seed 0", seconds=412.0, rows=16000),
        ),
        reproduction=make_reproduction(),
    )


def make_small_report() -> ReportInput:
    """Chains alone, without any figure: quick to render."""
    return replace(
        make_report(), cards=(), steps=(), distillations=(), samplings=(), training=(), choices=(), stages=()
    )

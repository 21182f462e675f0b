"""How the tiny model that ships with seewhy was made: it can read digits and answer, and reasons poorly."""

from dataclasses import dataclass, field

from seewhy.training.monitor.plan import GUARDED, GuardPlan
from seewhy.training.plan import FitPlan, TowerPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRecipe:
    """Language model and tower apart, then all weights together on reading and short answers: LLaVA's order."""

    name: str = "inkgrid-base"
    """What the run calls itself."""
    language_drills: int = 75_000
    """Single steps without a picture (`8 plus 7 is 15.`), which the language model learns before it is shown one."""
    transcripts: int = 24_000
    """Pages to read aloud, of all grids from 2x2 to 4x4; half of them ask for a row, column, cell or diagonal."""
    questions: int = 14_000
    """Questions of all seen kinds, each taught once with the direct prompt and once with the reasoning prompt."""
    drills: int = 8_000
    """Single steps without a picture (`8 plus 7 is 15.`, `7 is more than 5.`), taught with both prompts too."""
    settle_transcripts: int = 18_000
    """Pages of the stage `settle`, other ones."""
    settle_drills: int = 20_000
    """Its single steps, each asked beside a page that has nothing to do with it."""
    reckon_transcripts: int = 4_000
    """Pages of the stage `reckon`, other ones again."""
    reckon_drills: int = 12_000
    """Its single steps, beside a page too: without them it forgets how to find an option."""
    reckon_lines: int = 10_000
    """Its `What is the sum of 3, 5, 8?`, worked out step by step beside such a page."""
    tell_transcripts: int = 4_000
    """Pages of the stage `tell`, other ones again."""
    tell_drills: int = 4_000
    """Its single steps beside a page."""
    tell_jumps: int = 3_000
    """Its questions of pages as in the stage `fit`: answered directly, and after a rationale that jumps."""
    told: int = 14_000
    """Its questions that tell their page in words too, and are worked out step by step."""
    validation: int = 400
    """Questions for the card."""
    width: int = 160
    """Of the language model."""
    layers: int = 4
    """Of the language model."""
    language: FitPlan
    """Of the language model alone."""
    tower: TowerPlan
    """Of the tower alone."""
    fit: FitPlan
    """Of all weights, on transcripts, questions and drills."""
    settle: FitPlan
    """Of all weights again, on more transcripts and drills."""
    reckon: FitPlan
    """Of all weights, on lines of digits in the text."""
    tell: FitPlan
    """Of all weights at last, on pages that are told in words too."""
    # Not compared, as in `Recipe`.
    guard: GuardPlan = field(default=GUARDED, compare=False)
    """What is watched while it is taught."""
    seed: int = 1000
    """Seed of pages, of weights and of orders; `seewhy run inkgrid` takes other pages of the same scans."""


def recipe(seed: int = 1000) -> BaseRecipe:
    """The plans of the shipped model, set by its validation accuracy (`docs/log.md`)."""
    joint = FitPlan(learning_rate=1.5e-3, tower_learning_rate=2e-4, epochs=1, batch_size=32, warmup=0.03,
                    weight_decay=0.01, row_tokens=8192, save_every=100, seed=seed)  # fmt: skip
    return BaseRecipe(
        language=FitPlan(learning_rate=2e-3, epochs=1, batch_size=64, warmup=0.03, weight_decay=0.01, row_tokens=16384,
                         save_every=100, seed=seed),
        tower=TowerPlan(steps=1000, batch_size=128, learning_rate=3e-3, seed=seed),
        fit=joint,
        settle=joint,
        reckon=joint,
        tell=joint,
        seed=seed,
    )  # fmt: skip

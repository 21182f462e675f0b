"""How the tiny model that ships with seewhy was made: it can read digits and answer, and reasons poorly."""

from dataclasses import dataclass

from seewhy.training.plan import FitPlan, TowerPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRecipe:
    """Tower first, then tower, projector and language model together on reading and short answers."""

    name: str = "inkgrid-base"
    """What the run calls itself."""
    transcripts: int = 16_000
    """Pages to read aloud, of all grids from 2x2 to 4x4; half of them ask for a row, column, cell or diagonal."""
    questions: int = 9_000
    """Questions of all seen kinds, each taught once with the direct prompt and once with the reasoning prompt."""
    drills: int = 8_000
    """Single steps without a picture (`8 plus 7 is 15.`, `7 is more than 5.`), taught with both prompts too."""
    validation: int = 400
    """Questions for the card."""
    width: int = 160
    """Of the language model."""
    layers: int = 4
    """Of the language model."""
    tower: TowerPlan
    fit: FitPlan
    seed: int = 1000
    """Address of pages, of weights and of orders; `seewhy run inkgrid` takes other pages of the same scans."""


def recipe(seed: int = 1000) -> BaseRecipe:
    """The plans of the shipped model, set by its validation accuracy (`docs/log.md`)."""
    return BaseRecipe(
        tower=TowerPlan(steps=1000, batch_size=128, learning_rate=3e-3, seed=seed),
        fit=FitPlan(learning_rate=1.5e-3, tower_learning_rate=2e-4, epochs=1, batch_size=32, warmup=0.03,
                    weight_decay=0.01, row_tokens=8192, save_every=100, seed=seed),
        seed=seed,
    )  # fmt: skip

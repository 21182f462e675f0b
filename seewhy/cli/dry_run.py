"""What a run, or one stage of it, would pay for its calls over a wire; nothing is asked and no run is claimed."""

import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from rich.console import Console

from seewhy.cli.claim import RECIPE_FILE, require_same
from seewhy.cli.distil import ENDPOINT
from seewhy.cli.find import load_part
from seewhy.cli.judges import needs_teacher
from seewhy.cli.progress import Screen
from seewhy.cli.questions import run as draw_questions
from seewhy.cli.recipes import read_recipe
from seewhy.cli.stages import STAGES
from seewhy.cli.toll import CostEstimate, StageCost
from seewhy.cli.workspace import Workspace, is_finished
from seewhy.recipes.plans import Recipe
from seewhy.records.types import Split


def run(root: Path, recipe: Recipe, stages: Sequence[str]) -> None:
    """Say what each of these stages would pay, in order, and what they come to together.

    Raises:
        ValueError: the directory holds a run of another recipe, or a question, picture or price is missing.
    """
    screen = Screen(console=Console())
    with _opened(root, recipe, screen) as space:
        priced = [cast(StageCost, load_part("cli", STAGES[name].module).forecast_cost_of(space)) for name in stages]
    for one in priced:
        for line in one.lines:
            screen.say(line)
    if len(stages) > 1:
        screen.say(_told_total(priced, recipe))


@contextmanager
def _opened(root: Path, recipe: Recipe, screen: Screen) -> Generator[Workspace]:
    """The run with what it has; its training questions are drawn elsewhere where it has none."""
    saved = root / RECIPE_FILE
    if saved.is_file():
        require_same(root, read_recipe(saved), recipe)
    if is_finished(root / "questions" / Split.TRAIN.value) or not _pays(recipe):
        yield Workspace(root=root.resolve(), recipe=recipe, screen=screen)
        return
    with tempfile.TemporaryDirectory(prefix="seewhy-") as folder:
        space = Workspace(root=Path(folder).resolve(), recipe=recipe, screen=screen)
        asked = replace(recipe.questions, validation=0, test=0, shifted=0)
        draw_questions(replace(space, recipe=replace(recipe, questions=asked)))
        yield space


def _pays(recipe: Recipe) -> bool:
    """Whether any stage asks a model over a wire."""
    return recipe.distil.teacher == ENDPOINT or needs_teacher(recipe.judge.name)


def _told_total(priced: Sequence[StageCost], recipe: Recipe) -> str:
    most = sum((one.most for one in priced), CostEstimate())
    if not most.requests:
        return "in all: nothing would be asked over a wire"
    unknown = [one.unknown for one in priced if one.unknown]
    less = f", without {' and '.join(unknown)}, which cannot be known" if unknown else ""
    bound = recipe.spend.dollars
    stops = "" if not bound or most.dollars is None or most.dollars <= bound else (
        f"; --spend.dollars {bound:g} stops the run where that is spent")  # fmt: skip
    return f"in all: at most {most.summary}{less}; canaries and calls that are tried again come on top{stops}"

"""`seewhy judge`: grade the sampled chains by their final answer, or have a model behind a server judge them."""

from typing import cast

from seewhy.cli.distil import grade
from seewhy.cli.find import load_part
from seewhy.cli.judges import make_judge, needs_teacher
from seewhy.cli.sample import asked
from seewhy.cli.toll import StageCost
from seewhy.cli.workspace import Workspace
from seewhy.records.types import Style


def run(space: Workspace) -> None:
    """Rows `judge/verdicts`."""
    space.need("sample", "chains", stage="sample")
    plan = space.recipe.judge
    if needs_teacher(plan.name):
        # The client's libraries are loaded for it alone.
        load_part("cli", "judge_endpoint").run(space)
        return
    questions, judge = asked(space), make_judge(plan, None)
    is_whole = space.are_whole(("judge", "verdicts"))
    with space.screen.track(f"judge chains by {plan.name}", len(questions), "questions", is_whole=is_whole) as advance:
        grade(space, "judge", questions, Style.REASON, advance, ("sample", "chains"), ("judge", "verdicts"), judge)


def forecast_cost_of(space: Workspace) -> StageCost:
    """What judging the sampled chains would cost, or at most those that the plan allows; nobody is asked."""
    name = space.recipe.judge.name
    if not needs_teacher(name):
        return StageCost(lines=(f"judge: {name} asks nobody, which costs nothing",))
    if space.are_whole(("judge", "verdicts")):
        return StageCost(lines=("judge: its verdicts are there, and nobody would be asked",))
    return cast(StageCost, load_part("cli", "judge_endpoint").forecast_cost_of(space))

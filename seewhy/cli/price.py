"""What the calls of a stage would cost, said before any is made."""

from collections.abc import Iterable

from seewhy.cli.workspace import Workspace
from seewhy.model.remote.forecast import forecast_cost
from seewhy.model.talk import Request
from seewhy.recipes.plans import TeacherPlan


def say_price(space: Workspace, stage: str, asked: TeacherPlan, requests: Iterable[Request]) -> None:
    """Say how many calls a stage would make, of how many tokens, for how much."""
    endpoint = asked.endpoint(str(space.place("teacher", "replies.sqlite")))
    forecast = forecast_cost(requests, endpoint, space.recipe.spend, is_batch=asked.by_batch)
    trials = space.recipe.canary.trials
    canary = f", after a canary of {trials} pictures" if trials else ""
    space.screen.say(
        f"{stage}: {asked.model} at {asked.base_url} would be asked {' '.join(forecast.line.split())}{canary}"
    )

"""`seewhy judge`: grade the sampled chains by their final answer, or have a model behind a server judge them."""

from seewhy.cli.distil import grade
from seewhy.cli.find import load_part
from seewhy.cli.sample import asked
from seewhy.cli.workspace import Workspace
from seewhy.records.types import Style

OUTCOME = "outcome"
"""The judge that asks nobody; `cli/judge_endpoint.py` has the others, whose libraries are loaded for them alone."""


def run(space: Workspace) -> None:
    """Rows `judge/verdicts`."""
    space.need("sample", "chains", stage="sample")
    if space.recipe.judge.name != OUTCOME:
        load_part("cli", "judge_endpoint").run(space)
        return
    questions = asked(space)
    is_whole = space.are_whole(("judge", "verdicts"))
    with space.screen.track("judge chains by outcome", len(questions), "questions", is_whole=is_whole) as advance:
        grade(space, "judge", questions, Style.REASON, advance, ("sample", "chains"), ("judge", "verdicts"))


def foretell(space: Workspace) -> None:
    """Say what judging the sampled chains would cost; nobody is asked."""
    if space.recipe.judge.name == OUTCOME:
        space.screen.say("judge: the final answer is compared, which costs nothing")
    else:
        load_part("cli", "judge_endpoint").foretell(space)

"""`seewhy judge`: grade the sampled chains by their final answer."""

from seewhy.cli.distil import grade
from seewhy.cli.sample import asked
from seewhy.cli.workspace import Workspace
from seewhy.records.types import Style


def run(space: Workspace) -> None:
    """Rows `judge/verdicts`."""
    space.need("sample", "chains", stage="sample")
    questions = asked(space)
    is_whole = space.are_whole(("judge", "verdicts"))
    with space.screen.track("judge chains by outcome", len(questions), "questions", is_whole=is_whole) as advance:
        grade(space, "judge", questions, Style.REASON, advance, ("sample", "chains"), ("judge", "verdicts"))

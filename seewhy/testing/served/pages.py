"""The questions that a served oracle knows: those of a run."""

from pathlib import Path

from seewhy.records.shards import read_rows, shard_numbers
from seewhy.records.types import Question


def questions_of_run(run: Path) -> tuple[Question, ...]:
    """The questions of every split of a run.

    Raises:
        ValueError: the folder holds no run's questions.
    """
    folders = [folder for folder in sorted((run / "questions").glob("*/")) if shard_numbers(folder)]
    if not folders:
        raise ValueError(
            f"{run} holds no questions: draw them with `seewhy run inkgrid --run {run} --only questions`, and give the "
            "run that asks this server the same --questions options"
        )
    return tuple(question for folder in folders for question in read_rows(folder, Question))

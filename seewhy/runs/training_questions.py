"""Which questions lessons are made of, where a file of one's own holds several splits."""

from collections import Counter
from collections.abc import Callable, Sequence

from seewhy.records.types import Question, Split
from seewhy.runs.api import Run
from seewhy.runs.forecast.api import Outlook, first_of, pick, total_rows
from seewhy.runs.outside import is_questions_file


def of_train(questions: Sequence[Question], where: str) -> tuple[Sequence[Question], str]:
    """Of questions of several splits those of `train`, and in words what is left out; of one split all.

    Raises:
        ValueError: there are several splits, and none of them is `train`.
    """
    counts = Counter(question.split for question in questions)
    if len(counts) < 2:
        return questions, ""
    found = ", ".join(f"{count} of {split.value}" for split, count in counts.items())
    if Split.TRAIN not in counts:
        raise ValueError(f"{where} holds questions of several splits ({found}) and none of train, of which lessons are "
                         "made: give a file of the questions that are meant")  # fmt: skip
    kept = [question for question in questions if question.split is Split.TRAIN]
    others = len(questions) - len(kept)
    return kept, f"{where} holds {found}: lessons are made of train alone, {others} questions are left out"


def training_questions(run: Run, ref: str, ask: int, note: Callable[[str], None] | None = None) -> Sequence[Question]:
    """The first `ask` questions that lessons are made of, all at 0: as `of_train` says where `ref` is an own file.

    A run's own questions are a part a split, so a recipe names the one that it wants. `note` gets what is left out.
    """
    questions, left_out = run.questions(ref), ""
    if is_questions_file(run.place(ref)):
        questions, left_out = of_train(questions, ref)
    if left_out and note is not None:
        note(left_out)
    return first_of(questions, ask)


def expected_training(run: Run, outlook: Outlook, ref: str, ask: int) -> Sequence[Question]:
    """Those of `training_questions` that an outlook looks at."""
    if not is_questions_file(run.place(ref)):
        return first_of(outlook.rows(ref, Question), ask)
    found = first_of(of_train(outlook.all_rows().rows(ref, Question), ref)[0], ask)
    return pick(found, outlook.limit) if outlook.limit else found


def count_training(run: Run, outlook: Outlook, ref: str, ask: int) -> int:
    """How many questions lessons will be made of; 0 where nothing is known."""
    if not is_questions_file(run.place(ref)):
        return total_rows(outlook, ref, ask)
    return len(expected_training(run, outlook.all_rows(), ref, ask))

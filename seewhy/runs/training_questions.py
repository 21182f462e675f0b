"""Which questions lessons are made of, where a file of one's own holds several splits."""

from collections import Counter
from collections.abc import Sequence

from seewhy.records.types import Question, Split
from seewhy.runs.api import Run
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


def training_questions(run: Run, ref: str) -> tuple[Sequence[Question], str]:
    """Questions that lessons are made of, as `of_train` says where `ref` is a file of one's own.

    A run's own questions are a part a split, so a recipe names the one that it wants.
    """
    questions = run.questions(ref)
    return of_train(questions, ref) if is_questions_file(run.place(ref)) else (questions, "")

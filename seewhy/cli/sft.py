"""`seewhy sft`: teach the base model to reason from the distilled lessons."""

from seewhy.cli.training import is_trained, plan_with_adapter, settle, train_to_end
from seewhy.cli.workspace import Workspace
from seewhy.model.api import ScoreRequest
from seewhy.objectives.sft import SFT
from seewhy.records.shards import read_rows
from seewhy.records.types import Lesson, Split
from seewhy.training.fit import fit_lessons

WHAT = "fine-tune on lessons"


def run(space: Workspace) -> None:
    """The trained model under `sft/model`, a log a step in `sft/steps.jsonl`."""
    place, plan = space.place("sft"), plan_with_adapter(space, space.recipe.sft)
    source = space.need("distil", "lessons", stage="distil")
    inputs = {**space.hashes(lessons=source), "model": space.model_identity("base")}
    if is_trained(space, WHAT, place, plan, inputs):
        return
    lessons = list(read_rows(source, Lesson))
    questions = space.questions(Split.TRAIN)
    model = space.shelf.load_trainable(space.model_name("base"), "sft", space.recipe.adapter)
    asked = {question.id: question for question in questions}
    first = [ScoreRequest(question=asked[row.question_id], style=row.style, responses=(row.response,))
             for row in lessons[:2]]  # fmt: skip
    settle(space, model, first)
    logs = fit_lessons(model, SFT(), lessons, questions, space.recipe.sft, place, space.recipe.guard)
    train_to_end(space, "sft", WHAT, place, logs, model, plan, inputs)

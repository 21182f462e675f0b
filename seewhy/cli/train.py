"""`seewhy train`: reference log-probabilities once, then preference training by every objective of the recipe."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

from seewhy.cli.find import find_module
from seewhy.cli.training import is_trained, plan_with_adapter, settle, train_to_end
from seewhy.cli.workspace import Workspace
from seewhy.model.api import ScoreRequest
from seewhy.objectives.api import PairObjective
from seewhy.records.shards import read_rows
from seewhy.records.types import Pair, Question, ReferenceRow, Split
from seewhy.runners.local import run_blocks
from seewhy.training.fit import fit_pairs
from seewhy.training.reference import ReferenceStore, reference_rows

PER_SHARD = 256


def run(space: Workspace) -> None:
    """Rows `reference`, then `train/<model>` with the trained model and a log a step."""
    source = space.need("pair", "pairs", stage="pair")
    pairs = list(read_rows(source, Pair))
    questions = space.questions(Split.TRAIN)
    _refer(space, pairs, questions)
    for key in space.trained_keys():
        _train(space, key, pairs, questions)


def _refer(space: Workspace, pairs: list[Pair], questions: list[Question]) -> None:
    plan = space.recipe.fit

    def work(block: Sequence[Pair]) -> Iterable[ReferenceRow]:
        return reference_rows(
            space.shelf.open(space.model_name("sft"), "sft", space.recipe.adapter), block, questions, plan
        )

    inputs = {**space.hashes(pairs=space.place("pair", "pairs")), "model": space.model_identity("sft")}
    is_whole = space.are_whole(("reference",))
    with space.screen.track("reference log-probabilities", len(pairs), "pairs", is_whole=is_whole) as advance:
        run_blocks(
            space.place("reference"), pairs, work, ReferenceRow, per_shard=PER_SHARD, stage="train",
            plan={"keep_tokens": plan.keep_tokens, "row_tokens": plan.row_tokens}, input_hashes=inputs,
            command=space.command("train"), on_done=advance,
        )  # fmt: skip


def find_objective(name: str, beta: float) -> PairObjective:
    """The objective of a file's name: the class in it whose own name is the file's."""
    module = find_module("objectives", name)
    made = [value for key, value in vars(module).items() if key.lower() == name.rsplit(".", 1)[-1].lower()]
    if not made:
        raise ValueError(f"--preference.objective {name!r}: its file exports no objective; mpo, dpo, bco, ipo do")
    has_beta = any(field.name == "beta" for field in fields(made[0]))
    return made[0](beta=beta) if has_beta else made[0]()


def _train(space: Workspace, key: str, pairs: list[Pair], questions: list[Question]) -> None:
    recipe = space.recipe
    place = space.place("train", key)
    objective = find_objective(space.objective_of(key), recipe.preference.beta)
    plan = {"fit": plan_with_adapter(space, recipe.fit), "objective": objective.name, "beta": recipe.preference.beta}
    inputs = {
        **space.hashes(pairs=space.place("pair", "pairs"), reference=space.place("reference")),
        "model": space.model_identity("sft"),
    }
    what = f"prefer by {objective.name.upper()}"
    if is_trained(space, what, place, plan, inputs):
        return
    model = space.shelf.load_trainable(space.model_name("sft"), key, recipe.adapter)
    store = ReferenceStore.of(model.fingerprint, read_rows(space.place("reference"), ReferenceRow))
    asked = {question.id: question for question in questions}
    first = [ScoreRequest(question=asked[row.question_id], style=row.style, responses=(row.chosen, row.rejected))
             for row in pairs[:2]]  # fmt: skip
    settle(space, model, first)
    logs = fit_pairs(model, objective, pairs, questions, store, recipe.fit, place, recipe.guard)
    train_to_end(space, "train", what, place, logs, model, plan, inputs)

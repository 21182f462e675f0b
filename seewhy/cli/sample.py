"""`seewhy sample`: many chains of the fine-tuned model for each training question."""

from collections.abc import Iterable, Sequence

from seewhy.cli.workspace import Workspace
from seewhy.records.types import Chain, Question, Split
from seewhy.runners.local import run_blocks
from seewhy.sampling.sample import sample_chains


def asked(space: Workspace) -> list[Question]:
    """The training questions that are sampled."""
    return space.recipe.sampling.choose(space.questions(Split.TRAIN), space.recipe.distil.questions)


def run(space: Workspace) -> None:
    """Rows `sample/chains`, with token ids and their log-probabilities."""
    plan = space.recipe.sampling
    questions = asked(space)
    source = space.need("questions", "train", stage="questions")

    def work(block: Sequence[Question]) -> Iterable[Chain]:
        return sample_chains(space.shelf.open(space.model_name("sft"), "sft"), block, plan)

    what, is_whole = f"sample {plan.per_question} chains a question", space.are_whole(("sample", "chains"))
    with space.screen.track(what, len(questions), "questions", is_whole=is_whole) as advance:
        run_blocks(
            space.place("sample", "chains"), questions, work, Chain, per_shard=plan.per_shard, stage="sample",
            plan=plan, input_hashes={**space.hashes(questions=source), "model": space.model_identity("sft")},
            command=space.command("sample"), on_done=advance, tally=count_chains,
        )  # fmt: skip


def count_chains(rows: list[Chain]) -> dict[str, int]:
    """Tokens drawn, and chains that the token limit cut."""
    return {
        "tokens": sum(len(row.token_ids or ()) for row in rows),
        "cut": sum(row.stop.value == "length" for row in rows),
    }

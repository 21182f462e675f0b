"""`seewhy questions`: draw or read the questions of every split."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from seewhy.cli.find import find_module
from seewhy.cli.workspace import Workspace
from seewhy.records.types import Question, Split
from seewhy.runners.local import run_blocks

PER_SHARD = 500


def run(space: Workspace) -> None:
    """Rows of every split under `questions/`, their pictures under `images/`."""
    plan = space.recipe.questions
    counts = {Split.TRAIN: plan.train, Split.VALIDATION: plan.validation, Split.TEST: plan.test,
              Split.SHIFTED: plan.shifted}  # fmt: skip
    with space.screen.track("draw questions", sum(counts.values()), "questions") as advance:
        for split, count in counts.items():
            if count:
                _make(space, split, count, advance)


def _make(space: Workspace, split: Split, count: int, advance: object) -> None:
    plan = space.recipe.questions
    benchmark = find_module("benchmarks", plan.benchmark)
    root = Path(plan.source) if plan.source else space.root
    seed = plan.seed if split in (Split.TRAIN, Split.VALIDATION) else 0

    def work(numbers: Sequence[int]) -> Iterable[Question]:
        return benchmark.load(root, split, count=len(numbers), seed=seed, first=numbers[0])

    run_blocks(
        space.place("questions", split.value), range(count), work, Question, per_shard=PER_SHARD, stage="questions",
        plan={"benchmark": plan.benchmark, "source": plan.source, "split": split.value, "count": count, "seed": seed},
        input_hashes={}, command=space.command("questions"), on_done=advance,  # pyright: ignore[reportArgumentType]
        tally=lambda rows: _require_questions(rows, split, plan.benchmark),
    )  # fmt: skip


def _require_questions(rows: list[Question], split: Split, benchmark: str) -> dict[str, int]:
    """Counts of a split; an empty one is an error."""
    if not rows:
        raise ValueError(f"{benchmark} has no question in its {split.value} split: check --questions.source, or set "
                         f"--questions.{split.value} to 0 where the recipe allows it")  # fmt: skip
    return {"letter": sum(bool(question.options) for question in rows)}

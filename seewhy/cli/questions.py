"""`seewhy questions`: draw or read the questions of every split."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from seewhy.cli.find import find_module
from seewhy.cli.progress import Advance
from seewhy.cli.reading import Draws, Reads, read_questions
from seewhy.cli.workspace import Workspace, file_identity, is_finished
from seewhy.records.shards import shard_numbers
from seewhy.records.types import Question, Split
from seewhy.runners.local import run_blocks

PER_SHARD = 500


def run(space: Workspace) -> None:
    """Rows of every split under `questions/`; what a benchmark draws lies under `images/`."""
    plan = space.recipe.questions
    benchmark = find_module("benchmarks", plan.benchmark)
    counts = {Split.TRAIN: plan.train, Split.VALIDATION: plan.validation, Split.TEST: plan.test,
              Split.SHIFTED: plan.shifted}  # fmt: skip
    wanted = {split: count for split, count in counts.items() if count}
    reads = "files" in vars(benchmark)
    if reads and not plan.source:
        raise ValueError(f"{plan.benchmark} reads your questions: name their file or folder with --questions.source")
    if plan.source and not reads:
        raise ValueError(f"{plan.benchmark} draws its own questions: leave --questions.source away, or choose "
                         "--questions.benchmark jsonl")  # fmt: skip
    is_whole = space.are_whole(*(("questions", split.value) for split in wanted))
    if reads:
        with space.screen.track("read questions", len(wanted), "splits", is_whole=is_whole) as advance:
            _read(space, cast(Reads, benchmark), wanted, advance)
        return
    with space.screen.track("draw questions", sum(wanted.values()), "questions", is_whole=is_whole) as advance:
        for split, count in wanted.items():
            _draw(space, cast(Draws, benchmark), split, count, advance)


def _draw(space: Workspace, benchmark: Draws, split: Split, count: int, advance: Advance) -> None:
    plan = space.recipe.questions
    seed = plan.seed if split in (Split.TRAIN, Split.VALIDATION) else 0

    def work(numbers: Sequence[int]) -> Iterable[Question]:
        return benchmark.load(space.root, split, count=len(numbers), seed=seed, first=numbers[0])

    run_blocks(
        space.place("questions", split.value), range(count), work, Question, per_shard=PER_SHARD, stage="questions",
        plan={"benchmark": plan.benchmark, "source": plan.source, "split": split.value, "count": count, "seed": seed},
        input_hashes={}, command=space.command("questions"), on_done=advance, tally=_count,
    )  # fmt: skip


def _read(space: Workspace, benchmark: Reads, wanted: dict[Split, int], advance: Advance) -> None:
    """One shard a split; none is written before all are read, or a mended file would meet rows of the old one."""
    plan = space.recipe.questions
    source = Path(plan.source).resolve()
    hashes = {path.relative_to(source).as_posix() if path != source else path.name: file_identity(path)
              for path in benchmark.files(source)}  # fmt: skip
    missing = [split for split in wanted if not _is_there(space.place("questions", split.value))]
    found = {split: read_questions(benchmark, source, split, wanted[split], space.root) for split in missing}
    taken: dict[Split, int] = {}
    for split, count in wanted.items():
        manifest = run_blocks(
            space.place("questions", split.value), [split], lambda block: found[block[0]], Question, per_shard=1,
            plan={"benchmark": plan.benchmark, "source": source, "split": split.value, "count": count},
            stage="questions", input_hashes=hashes, command=space.command("questions"), on_done=lambda _: None,
            tally=_count,
        )  # fmt: skip
        taken[split] = manifest.counts["rows"]
        advance(1)
    there = benchmark.sizes(source)
    for split, count in taken.items():
        _tell(space, split, count, there[split])


def _is_there(place: Path) -> bool:
    return is_finished(place) and shard_numbers(place) == [0]


def _tell(space: Workspace, split: Split, taken: int, there: int) -> None:
    """Say how many were taken: fewer than asked for, or fewer than there are, is nothing to find out later."""
    which = "all" if taken == there else f"the first {taken:,} of"
    more = "" if taken == there else f"; --questions.{split.value} {there} takes all"
    space.screen.say(f"  {split.value}: {which} {there:,} questions{more}")


def _count(rows: list[Question]) -> dict[str, int]:
    """How many are multiple-choice."""
    return {"letter": sum(bool(question.options) for question in rows)}

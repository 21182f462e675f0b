"""Benchmarks as the command line sees them: those that draw questions, and those that read files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from seewhy.benchmarks.release.declared import Release
from seewhy.records.types import Question, Split


class Draws(Protocol):
    """A file of `seewhy/benchmarks` that makes as many questions as are wanted."""

    def load(self, root: Path, split: Split, *, count: int, seed: int = 0, first: int = 0) -> Iterator[Question]:
        """Questions of a split, with their pictures under `root`."""
        ...


class Reads(Draws, Protocol):
    """A file of `seewhy/benchmarks` that reads what `--questions.source` names; `load` then yields at most `count`."""

    def sizes(self, root: Path) -> dict[Split, int]:
        """How many questions each split has."""
        ...

    def files(self, root: Path) -> tuple[Path, ...]:
        """What is read."""
        ...


def release_of(benchmark: Reads) -> Release | None:
    """What a benchmark declares itself to be; None for one that reads no published data set."""
    return cast(Release | None, vars(benchmark).get("RELEASE"))


def read_questions(benchmark: Reads, root: Path, split: Split, count: int, pictures: Path) -> list[Question]:
    """At most `count` questions of a split; pictures that lie in tables are written under `pictures/images`."""
    release = release_of(benchmark)
    if release is None:
        return list(benchmark.load(root, split, count=count))
    return list(release.load(root, split, count=count, pictures=pictures))

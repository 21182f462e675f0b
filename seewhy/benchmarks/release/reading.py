"""What a benchmark is to those that read questions: a file of `seewhy/benchmarks`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from seewhy.benchmarks.release.declared import Release
from seewhy.records.types import Question, Split


class Benchmark(Protocol):
    """A benchmark that reads a directory; one that draws its own questions has `load` alone."""

    def load(self, root: Path, split: Split, *, count: int) -> Iterator[Question]:
        """At most `count` questions of a split; of a benchmark that draws them, with their pictures under `root`."""
        ...

    def sizes(self, root: Path) -> dict[Split, int]:
        """How many questions each split has."""
        ...

    def files(self, root: Path) -> tuple[Path, ...]:
        """The files that are read."""
        ...


def release_of(benchmark: Benchmark) -> Release | None:
    """What a benchmark declares of its published files; None for one that reads no published data set."""
    return cast(Release | None, vars(benchmark).get("RELEASE"))


def read_questions(benchmark: Benchmark, root: Path, split: Split, count: int, pictures: Path) -> list[Question]:
    """At most `count` questions of a split; pictures that are in tables are written under `pictures/images`."""
    release = release_of(benchmark)
    if release is not None:
        return list(release.load(root, split, count=count, pictures=pictures))
    if "load_all" in vars(benchmark):
        # One's own files: pictures may be bytes in their rows too.
        own = cast(Release, benchmark)
        return list(own.load(root, split, count=count, pictures=pictures))
    return list(benchmark.load(root, split, count=count))

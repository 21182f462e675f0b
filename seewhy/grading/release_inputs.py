"""The questions of a benchmark's release that replies are graded by."""

import sys
from pathlib import Path
from typing import cast

from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.reading import Benchmark
from seewhy.evaluation.pictures import picture_clusters
from seewhy.grading.inputs import Asked
from seewhy.records.types import Split
from seewhy.runs.discovery import find_module


def questions_of_benchmark(name: str, root: Path | None, split: Split | None) -> Asked:
    """The questions of a benchmark's own release files."""
    if root is None or split is None:
        raise ValueError(f"`benchmark` {name} needs `root`, its directory, and `split`, such as `split` test")
    module = find_module("benchmarks", name)
    if "files" not in vars(module):
        raise ValueError(f"`benchmark` {name} draws its questions and reads no directory; grade with `questions`")
    questions = tuple(cast(Benchmark, module).load(root, split, count=sys.maxsize))
    source, clusters, release = f"{name} in {root}", picture_clusters(questions), vars(module).get("RELEASE")
    if not isinstance(release, Release):
        return Asked(questions=questions, clusters=clusters, source=source)
    aliases: dict[str, tuple[str, ...]] = {}
    for question in questions:
        for alias in release.aliases(question):
            aliases[alias] = (*aliases.get(alias, ()), question.id)
    return Asked(questions=questions, clusters=clusters, source=source, metric=release.metric, aliases=aliases)

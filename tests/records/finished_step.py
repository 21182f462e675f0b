"""A small step that has finished: three shards of two lessons, a plan and the manifest."""

from pathlib import Path

from seewhy.records.integrity import hash_files
from seewhy.records.lineage import Manifest, write_manifest
from seewhy.records.shards import write_shard
from seewhy.records.types import Lesson, Response, Style


def finish_step(directory: Path) -> Manifest:
    """Writes it and returns its manifest."""
    for number in range(3):
        rows = [
            Lesson(question_id=f"q{n}", style=Style.DIRECT, response=Response(text=f"text {n}"), source="gold")
            for n in (2 * number, 2 * number + 1)
        ]
        write_shard(directory, number, rows, Lesson)
    (directory / "_plan.json").write_text("{}\n")
    manifest = Manifest(
        stage="distil", plan="{}", fingerprint="9f", inputs={}, counts={"rows": 6}, versions={}, seeds={}, seconds=0.5,
        dollars=0.0, command="seewhy run", finished_at="2025-01-31T12:00:00+00:00", files=hash_files(directory),
    )  # fmt: skip
    write_manifest(directory, manifest)
    return manifest

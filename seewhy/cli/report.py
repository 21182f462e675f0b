"""`seewhy report`: one HTML page and one summary for machines, from the rows of a run."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import seewhy
from seewhy.cli.gather import gather
from seewhy.cli.workspace import Workspace
from seewhy.records.canonical import canonical_json
from seewhy.records.files import hash_file
from seewhy.records.integrity import hash_files
from seewhy.records.lineage import (
    MANIFEST,
    Manifest,
    fingerprint_of,
    library_versions,
    read_manifest,
    seeds_of,
    write_manifest,
)
from seewhy.report.page import write_report
from seewhy.report.summary import write_summary

CODE = {".py", ".jinja", ".css"}


def run(space: Workspace) -> None:
    """`report/index.html` and `report/summary.json`; left as they are where rows, recipe and code are the same."""
    inputs = {**_stages(space.root), "code": _code()}
    if _is_written(space, inputs):
        space.screen.say_whole("write the report", 1, "pages")
    else:
        with space.screen.timed("write the report"):
            _write(space, inputs)
    space.screen.say(f"report: {space.place('report', 'index.html')}")


def _write(space: Workspace, inputs: Mapping[str, str]) -> None:
    started = time.perf_counter()
    report = gather(space)
    write_report(space.place("report", "index.html"), report)
    write_summary(space.place("report", "summary.json"), report)
    manifest = Manifest(
        stage="report", plan=canonical_json(space.recipe), fingerprint=fingerprint_of(space.recipe, inputs),
        inputs=inputs, counts={"rows": 1}, versions=library_versions(), seeds=seeds_of(space.recipe),
        seconds=time.perf_counter() - started, dollars=0.0, command=space.command("report"),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"), files=hash_files(space.place("report")),
    )  # fmt: skip
    write_manifest(space.place("report"), manifest)


def _is_written(space: Workspace, inputs: Mapping[str, str]) -> bool:
    place = space.place("report")
    if not all((place / name).is_file() for name in (MANIFEST, "index.html", "summary.json")):
        return False
    return read_manifest(place).fingerprint == fingerprint_of(space.recipe, inputs)


def _stages(root: Path) -> dict[str, str]:
    """Hash of every other manifest: one is written anew whenever its rows are."""
    found = sorted(path for path in root.rglob(MANIFEST) if path.parent != root / "report")
    return {path.parent.relative_to(root).as_posix(): hash_file(path) for path in found}


def _code() -> str:
    """Hash of the package's own files: a page that another version made is stale."""
    files = sorted(path for path in Path(seewhy.__file__).parent.rglob("*") if path.suffix in CODE)
    return sha256("".join(hash_file(path) for path in files).encode()).hexdigest()

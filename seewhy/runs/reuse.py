"""Finished units of another run, taken over where their fingerprints are equal: a sweep samples once."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seewhy.records.lineage import MANIFEST, read_manifest
from seewhy.records.rows import RowReader
from seewhy.records.types import Question
from seewhy.runs.fingerprints import StepSpec
from seewhy.runs.graph import Node
from seewhy.runs.plan_file import PLAN


@dataclass(frozen=True)
class Reuse:
    """A run whose finished units may be taken over."""

    root: Path

    @cached_property
    def folders(self) -> dict[str, Path]:
        """Fingerprint to folder, of every finished unit."""
        if not self.root.is_dir():
            raise ValueError(f"--reuse {self.root}: no such directory")
        found = sorted(path.parent for path in self.root.rglob(MANIFEST) if (path.parent / PLAN).is_file())
        return {read_manifest(folder).fingerprint: folder for folder in found}

    def take(self, node: Node, spec: StepSpec, folder: Path) -> bool:
        """Copy the unit of this spec to `folder`, where there is one; the manifest last."""
        source = self.folders.get(spec.fingerprint)
        if source is None or source == folder:
            return False
        for path in _files_of(source):
            _link(path, folder / path.relative_to(source))
        if spec.record == Question.__name__:
            _link_pictures(source, folder)
        _link(source / MANIFEST, folder / MANIFEST)
        return True


def _files_of(source: Path) -> Iterator[Path]:
    """Files of a unit, without those of units in folders below it."""
    below = [path.parent for path in source.rglob(PLAN) if path.parent != source]
    for path in sorted(source.rglob("*")):
        inside = any(path.is_relative_to(folder) for folder in below)
        if path.is_file() and not inside and path != source / MANIFEST:
            yield path


def _link_pictures(source: Path, folder: Path) -> None:
    """Pictures that the rows name by a path from their folder, at the same path from the new one."""
    for question in RowReader(folder, Question):
        for image in question.images:
            if not Path(image.path).is_absolute():
                _link(Path(os.path.normpath(source / image.path)), Path(os.path.normpath(folder / image.path)))


def _link(source: Path, target: Path) -> None:
    """The same file at another path: a hard link, or a copy where the file system has none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)

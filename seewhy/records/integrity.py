"""Whether the files of a finished step are those that it wrote: each is hashed, and named where it is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from seewhy.records.files import hash_each
from seewhy.records.lineage import MANIFEST, Manifest
from seewhy.records.shards import is_shard_name


class Fault(StrEnum):
    """What is wrong with a file of a finished step."""

    MISSING = "missing"
    CHANGED = "changed"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFault:
    """One file that is not as its step left it.

    Example:
        >>> str(FileFault(path=Path("chains/part-00001.parquet"), fault=Fault.MISSING))
        'chains/part-00001.parquet is missing'
    """

    path: Path
    fault: Fault

    def __str__(self) -> str:
        return f"{self.path} {_WORDS[self.fault]}"


_WORDS = {
    Fault.MISSING: "is missing",
    Fault.CHANGED: "does not hold the bytes that its step wrote: it was cut, edited or damaged",
    Fault.ADDED: "is not of this step: it was added after the step had finished",
}
_REMEDY = "Delete what was changed or added and run the same command again: that part alone is made anew"


def hash_files(directory: Path) -> dict[str, str]:
    """SHA-256 of every file of a step, by its path relative to `directory`, sorted; what `Manifest.files` holds.

    Left out are the manifest itself, hidden files (temporary ones of a writer) and folders with a manifest of their
    own, which are other steps.
    """
    names = sorted(path.relative_to(directory).as_posix() for path in _files_under(directory))
    return _hashes(directory, names)


def _hashes(directory: Path, names: Sequence[str]) -> dict[str, str]:
    return dict(zip(names, hash_each([directory / name for name in names]), strict=True))


def verify_files(directory: Path, manifest: Manifest) -> tuple[FileFault, ...]:
    """Every file that is missing or holds other bytes than `manifest` says, and every shard that it does not name.

    Each file is read once. Empty where all is as the step left it.

    Raises:
        OSError: a file could not be read for want of permission, say; it names the file.
    """
    there = {name for name in manifest.files if (directory / name).is_file()}
    missing = sorted(manifest.files.keys() - there)
    changed = [name for name, digest in _hashes(directory, sorted(there)).items() if digest != manifest.files[name]]
    shards = (path.name for path in directory.glob("part-*") if is_shard_name(path.name))
    added = sorted(name for name in shards if name not in manifest.files)
    found = {Fault.MISSING: missing, Fault.CHANGED: changed, Fault.ADDED: added}
    return tuple(FileFault(path=directory / name, fault=fault) for fault, names in found.items() for name in names)


def explain_faults(faults: Sequence[FileFault]) -> str:
    """What is wrong with which file, and the remedy, which touches no other file."""
    return f"{'; '.join(map(str, faults))}. {_REMEDY}"


def require_files(directory: Path, manifest: Manifest) -> None:
    """Raise a ValueError that names every file that is not as its step left it, and no other."""
    if faults := verify_files(directory, manifest):
        raise ValueError(explain_faults(faults))


def _files_under(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.name.startswith(".") or path.name == MANIFEST:
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not (path / MANIFEST).exists():
            yield from _files_under(path)

"""Where rows came from: the plan, the inputs, the code and what it cost, written next to them when all are done."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, get_type_hints

import seewhy
from seewhy.records.canonical import as_plain, flatten_plain, hash_json
from seewhy.records.content_hash import hash_folder_cached
from seewhy.records.files import write_text_atomically
from seewhy.records.shards import shard_numbers, shard_path

MANIFEST = "_manifest.json"
"""Readers of Parquet folders (pyarrow, pandas, Spark) skip names that begin with `_`."""
CHECKSUM = "checksum"
"""SHA-256 of all other fields: a manifest that was edited or damaged is never believed."""

_LIBRARIES = (
    *("accelerate", "jaxtyping", "math-verify", "numpy", "peft", "pillow", "pyarrow"),
    *("rapidfuzz", "safetensors", "scipy", "tokenizers", "torch", "transformers"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One finished stage. It is written last: rows without one are of a stage that was stopped.

    Example:
        >>> Manifest(stage="sample", plan="{}", fingerprint="9f", inputs={}, counts={"rows": 8}, versions={},
        ...          seeds={"seed": 0}, seconds=1.5, dollars=0.0, command="seewhy sample",
        ...          finished_at="2025-01-31T12:00:00+00:00", files={}).counts["rows"]
        8
    """

    stage: str
    plan: str
    """The plan as JSON text."""
    fingerprint: str
    """SHA-256 of the plan and the inputs' hashes: equal fingerprints promise equal rows."""
    inputs: Mapping[str, str]
    """Name of each input to the hash of its content."""
    counts: Mapping[str, int]
    versions: Mapping[str, str]
    """Of Python, seewhy and the libraries that were installed."""
    seeds: Mapping[str, int]
    """Where in the plan each seed is, to the seed."""
    seconds: float
    """Wall-clock time spent on the rows, over all runs that made them."""
    dollars: float
    command: str
    """The words of the command line that wrote it."""
    finished_at: str
    """ISO 8601, UTC."""
    files: Mapping[str, str]
    """SHA-256 of every file of the step by its relative path, as `integrity.hash_files` makes them."""


def fingerprint_of(plan: object, inputs: Mapping[str, str]) -> str:
    """SHA-256 of a plan and of its inputs' hashes, as 64 hexadecimal digits."""
    return hash_json({"plan": plan, "inputs": inputs})


def seeds_of(plan: object) -> dict[str, int]:
    """The seeds of a plan, each by the dotted name of its field.

    Example:
        >>> seeds_of({"decoding": {"seed": 7, "top_k": 0}})
        {'decoding.seed': 7}
    """
    flat = flatten_plain(as_plain(plan))
    return {name: value for name, value in flat.items() if isinstance(value, int) and name.endswith("seed")}


def hash_directory(directory: Path) -> str:
    """SHA-256 over the names and bytes of a directory's shards, as 64 hexadecimal digits; read once a process.

    Raises:
        FileNotFoundError: there is no shard.
    """
    numbers = shard_numbers(directory)
    if not numbers:
        raise FileNotFoundError(f"{directory} holds no part-*.parquet. Run the stage that writes it first")
    hashes = hash_folder_cached(directory, "part-*.parquet")
    names = [shard_path(directory, number).name for number in numbers]
    return hash_json([[name, hashes[name]] for name in names])


def library_versions() -> dict[str, str]:
    """Versions of Python, of seewhy and of the libraries that shape its numbers; none of them is imported."""
    versions = {"seewhy": seewhy.__version__, "python": platform.python_version()}
    found = {name: _version(name) for name in _LIBRARIES}
    return versions | {name: version for name, version in found.items() if version}


@cache
def _version(library: str) -> str:
    """Of an installed library, read once a process: each reading takes milliseconds; empty where it is not there."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def write_manifest(directory: Path, manifest: Manifest) -> Path:
    """Write the manifest of a finished stage; the last file of its directory.

    Raises:
        OSError: it could not be written; the message says how to continue.
    """
    path = directory / MANIFEST
    plain = asdict(manifest)
    whole = {**plain, CHECKSUM: hash_json(plain)}
    write_text_atomically(path, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    return path


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a finished stage.

    Raises:
        FileNotFoundError: there is none: the stage has not run, or was stopped.
        ValueError: the file is not a manifest; the message names the field.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{directory} has no {MANIFEST}: its stage was stopped, or never ran. Run it (again)")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}). {_REMEDY}") from error
    values = _require_fields(path, found)
    if found.get(CHECKSUM) != hash_json(values):
        raise ValueError(f"{path} was edited or damaged: its fields do not give its {CHECKSUM}. {_REMEDY}")
    return Manifest(**values)


_REMEDY = "Delete it and run the stage again: finished rows are kept"


def _require_fields(path: Path, found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"{path} is not a JSON object. {_REMEDY}")
    hints = get_type_hints(Manifest)
    for field in fields(Manifest):
        if field.name not in found:
            raise ValueError(f"{path} has no field {field.name!r}. {_REMEDY}")
        value = found[field.name]
        if not isinstance(value, {str: str, float: (int, float)}.get(hints[field.name], dict)):
            raise ValueError(f"{path}: field {field.name!r} is {value!r}, which is of another type. {_REMEDY}")
    return {name: found[name] for name in hints}

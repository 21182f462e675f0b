"""What weights are by content: hashed once a file, and again only where the file may have changed."""

import hashlib
import json
import math
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from seewhy.records.files import hash_file

TINY = "tiny"
SHIPPED = Path(__file__).parents[1] / "model" / "families" / "tiny_weights"
CONTENT = (".safetensors", ".json", ".jinja", ".model", ".txt")
"""Suffixes of weights, configuration, chat template and vocabulary."""
RECENT_NS = 2_000_000_000
"""A file changed within two seconds may change again within one tick of its clock: it is hashed each time."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells one state of a file from another without reading it."""

    path: str
    size: int
    inode: int
    modified_ns: int
    changed_ns: int


def weights_place(name: str) -> str:
    """Folder or Hub name of a model's name in a recipe; `tiny` is the one that ships with seewhy."""
    return str(SHIPPED) if name == TINY else str(Path(name).expanduser())


def weights_identity(name: str) -> str:
    """Hash of the files of a model, its base's too where it is an adapter; its name where it is on the Hub."""
    place = Path(weights_place(name))
    files = sorted(path for path in place.glob("*") if path.suffix in CONTENT)
    if not any(path.suffix == ".safetensors" for path in files):
        return name
    base = base_of(place)
    hashes = [(path.name, hash_of_file(path)) for path in files]
    if base:
        hashes.append(("base", weights_identity(base)))
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()


def base_of(place: Path) -> str:
    """The base that an adapter's folder names; empty for a whole model."""
    config = place / "adapter_config.json"
    if not config.is_file():
        return ""
    return str(cast(dict[str, object], json.loads(config.read_text(encoding="utf-8")))["base_model_name_or_path"])


def hash_of_file(path: Path) -> str:
    """SHA-256 of a file, kept while its path, size, inode and both times are the same."""
    resolved = path.resolve()
    stat = resolved.stat()
    state = FileState(str(resolved), stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns)
    if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) < RECENT_NS:
        return hash_file(resolved)
    return _kept_hash(state)


@lru_cache(maxsize=4096)
def _kept_hash(state: FileState) -> str:
    return hash_file(Path(state.path))


def size_of_weights(place: str) -> int:
    """Bytes of a folder's weight files; 0 for a model on the Hub, of which nothing is known before it is opened."""
    return sum(path.stat().st_size for path in Path(place).glob("*.safetensors"))


def count_parameters(place: str) -> int:
    """Weights of a folder, by the headers of its files; 0 for a model on the Hub that is not in a folder."""
    total = 0
    for path in Path(place).glob("*.safetensors"):
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = cast(dict[str, dict[str, list[int]]], json.loads(file.read(length)))
        total += sum(math.prod(one["shape"]) for name, one in header.items() if name != "__metadata__")
    return total

"""Whether the files of a model are there and whole, by their heads: no tensor is read."""

import json
import struct
from pathlib import Path

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
LARGEST_HEAD = 1 << 28


def require_whole(place: str) -> None:
    """ValueError where a folder lacks weights or has a file that was cut; a name on the Hub is not looked at."""
    folder = Path(place)
    if not folder.is_dir():
        return
    if (folder / INDEX).is_file():
        shards = sorted(set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()))
    else:
        shards = [SINGLE] if (folder / SINGLE).is_file() else []
    for name in shards:
        _require_whole_file(folder / str(name))


def _require_whole_file(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"{path} is not there, and the model's index names it: copy the whole folder")
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else LARGEST_HEAD
        if length >= LARGEST_HEAD or 8 + length > size:
            raise ValueError(f"{path} is no safetensors file, or was cut: it has {size:,} bytes; copy it again")
        tensors = {name: one for name, one in json.loads(file.read(length)).items() if name != "__metadata__"}
    whole = 8 + length + max((one["data_offsets"][1] for one in tensors.values()), default=0)
    if whole != size:
        raise ValueError(f"{path} was cut: it has {size:,} bytes, and its head announces {whole:,}; copy it again")

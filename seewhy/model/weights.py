"""Folders of weights without opening them: where they are, their content's hash, and the base of an adapter."""

import json
import math
from pathlib import Path
from typing import cast

from seewhy.records.canonical import hash_json
from seewhy.records.content_hash import hash_folder_cached
from seewhy.records.json_object import read_object
from seewhy.records.remedy import names_remedy

TINY = "tiny"
SHIPPED = Path(__file__).parent / "families" / "tiny_weights"
"""Folder in Hugging Face format; `seewhy tiny` makes it."""
REMEDY = ("give `tiny`, a folder in Hugging Face format with its processor, or the name of a vision-language model on "
          "the Hub")  # fmt: skip
"""What an error says of a model that cannot be opened."""


def unopened(name: str, error: Exception) -> str:
    """What is said of a model that cannot be opened: the error, with its own remedy where it has one."""
    said = str(error)
    return f"model {name!r}: {said}" if names_remedy(said) else f"model {name!r} cannot be opened ({said}); {REMEDY}"


ADAPTER = "adapter_config.json"
"""In a folder of peft's format."""
CONTENT = (".safetensors", ".json", ".jinja", ".model", ".txt")
"""Suffixes of weights, configuration, chat template and vocabulary."""
OLDER = ".bin"
"""Of weights, where a folder has none in safetensors."""


def weights_place(name: str) -> str:
    """Folder or Hub name of a model's name in a recipe; `tiny` is the one that ships with seewhy."""
    return str(SHIPPED) if name == TINY else str(Path(name).expanduser())


def weights_identity(name: str) -> str:
    """Hash of the files of a model, its base's too where it is an adapter; its name where it is on the Hub."""
    place = Path(weights_place(name))
    hashes = {name: digest for suffix in CONTENT for name, digest in hash_folder_cached(place, f"*{suffix}").items()}
    if not any(file.endswith(CONTENT[0]) for file in hashes):
        older = hash_folder_cached(place, f"*{OLDER}")
        if not older:
            return name
        hashes |= older
    root_of(place)  # or an adapter of itself would be hashed for ever
    base = base_of(place)
    return hash_json({**hashes, **({"base": weights_identity(base)} if base else {})})


def base_of(source: str | Path) -> str | None:
    """Folder or Hub name of the model that the adapter in a folder belongs to; None where it holds no adapter.

    Raises:
        ValueError: the adapter names no base.
    """
    file = Path(source) / ADAPTER
    if not file.is_file():
        return None
    base = read_object(file).get("base_model_name_or_path")
    if not base:
        raise ValueError(f"{file} names no base model: write its folder or Hub name under base_model_name_or_path")
    return str(base)


def root_of(source: str | Path) -> str | Path:
    """The model below all adapters: it holds the processor.

    Raises:
        ValueError: an adapter is its own base.
    """
    seen: list[Path] = []
    while (base := base_of(source)) is not None:
        seen.append(Path(source).absolute())
        if Path(base).absolute() in seen:
            raise ValueError(f"{source} is an adapter of itself: correct base_model_name_or_path in its {ADAPTER}")
        source = base
    return source


def size_of_weights(place: str) -> int:
    """Bytes of a folder's weight files; 0 for a model on the Hub, of which nothing is known before it is opened."""
    files = list(Path(place).glob(f"*{CONTENT[0]}")) or Path(place).glob(f"pytorch_model*{OLDER}")
    return sum(path.stat().st_size for path in files)


def count_parameters(place: str) -> int:
    """Weights of a folder, by the headers of its files; 0 for a model on the Hub that is not in a folder."""
    total = 0
    for path in Path(place).glob("*.safetensors"):
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = cast(dict[str, dict[str, list[int]]], json.loads(file.read(length)))
        total += sum(math.prod(one["shape"]) for name, one in header.items() if name != "__metadata__")
    return total

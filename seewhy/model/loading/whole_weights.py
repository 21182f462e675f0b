"""Whether the files of a model are there and whole, by their heads: no tensor is read."""

import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError, safe_open

from seewhy.model.weights import ADAPTER, base_of
from seewhy.records.foreign import POINTER
from seewhy.records.json_object import read_object

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
ADAPTER_WEIGHTS, OLDER_ADAPTER = "adapter_model.safetensors", "adapter_model.bin"
CONFIGS = (
    "config.json", "generation_config.json", "processor_config.json", "preprocessor_config.json", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "video_preprocessor_config.json", ADAPTER, INDEX,
    "pytorch_model.bin.index.json",
)  # fmt: skip
"""Files of a model that hold a JSON object."""
OF_PICTURES = ("processor_config.json", "preprocessor_config.json")
OF_WORDS = (
    "tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model",
    "tekken.json",
)  # fmt: skip
"""Files of which a model has one or the other."""
OTHER_FORMS = (".gguf", ".h5", ".msgpack", ".onnx", ".ckpt", ".pth")
"""Endings of files of weights that are not read."""
ZIP, PICKLE = b"PK\x03\x04", b"\x80"
"""How files begin that `torch.save` writes, and wrote before torch 1.6."""
LARGEST_HEAD = 1 << 28


def require_whole(place: str) -> None:
    """ValueError that names what a folder lacks, or has that was cut or is not read; the base of an adapter likewise.

    A name on the Hub is not looked at.
    """
    folder = Path(place)
    if not folder.is_dir():
        return
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        _refuse_pointer(path)
    for name in CONFIGS:
        if (folder / name).is_file():
            read_object(folder / name)
    base = base_of(folder)
    if base is not None:
        require_adapter_file(folder)
        _require_readable(folder / ADAPTER_WEIGHTS)
        require_whole(base)
        return
    for name in _weights(folder):
        _require_file(folder / name, "the model's index names it")
        _require_readable(folder / name)
    for wanted, what in ((OF_PICTURES, "its processor"), (OF_WORDS, "its tokenizer")):
        if not any((folder / name).is_file() for name in wanted):
            raise ValueError(
                f"{folder} holds none of the files of {what} ({', '.join(wanted[:2])}): copy them from where the "
                "weights come from"
            )


def _weights(folder: Path) -> Iterator[str]:
    """Names of the files that hold the model's weights, as transformers chooses them."""
    for single, index in ((SINGLE, INDEX), ("pytorch_model.bin", "pytorch_model.bin.index.json")):
        if (folder / single).is_file():
            yield single
            return
        if (folder / index).is_file():
            named: object = read_object(folder / index).get("weight_map")
            if not isinstance(named, Mapping) or not named:
                raise ValueError(f"{folder / index} names no files under weight_map; copy it again")
            yield from sorted({str(name) for name in cast(Mapping[str, object], named).values()})
            return
    there = sorted(path.name for path in folder.iterdir())
    other = [name for name in there if name.endswith(OTHER_FORMS)]
    if other:
        raise ValueError(
            f"{folder} holds its weights as {other[0]}, which is not read; take the model's {SINGLE} from where it "
            "comes from"
        )
    raise ValueError(
        f"{folder} holds no weights ({SINGLE} or {INDEX}) but {', '.join(there)[:120]}: copy the whole folder"
    )


def _require_file(path: Path, why: str) -> None:
    if not path.is_file():
        raise ValueError(f"{path} is not there, and {why}: copy the whole folder")


def require_adapter_file(folder: Path) -> None:
    """ValueError where an adapter's folder has no weights in safetensors."""
    if (folder / OLDER_ADAPTER).is_file() and not (folder / ADAPTER_WEIGHTS).is_file():
        raise ValueError(
            f"{folder / OLDER_ADAPTER} may hold more than tensors and is not read; give it as {ADAPTER_WEIGHTS}, which "
            "peft's save_pretrained writes"
        )
    _require_file(folder / ADAPTER_WEIGHTS, f"{ADAPTER} is that of an adapter")


def _refuse_pointer(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(POINTER)) == POINTER:
            raise ValueError(
                f"{path} is a pointer of Git LFS in place of the file; run `git lfs pull` in its repository, or `hf "
                "download`"
            )


def _require_readable(path: Path) -> None:
    if path.suffix != ".safetensors":
        with path.open("rb") as file:
            head = file.read(len(ZIP))
        if not head.startswith((ZIP, PICKLE)):
            raise ValueError(f"{path} holds no weights of torch: it has {path.stat().st_size:,} bytes; copy it again")
        if head == ZIP and not zipfile.is_zipfile(path):
            raise ValueError(f"{path} was cut: it has {path.stat().st_size:,} bytes and no directory; copy it again")
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else LARGEST_HEAD
    if length >= LARGEST_HEAD or 8 + length > size:
        raise ValueError(f"{path} is no safetensors file, or was cut: it has {size:,} bytes; copy it again")
    try:
        with safe_open(path, framework="numpy"):
            pass
    except (SafetensorError, ValueError) as error:
        why = " ".join(str(error).split()).replace("Error while deserializing header: ", "")
        raise ValueError(f"{path} was cut or changed: it has {size:,} bytes ({why[:120]}); copy it again") from error


def require_placed(source: str, info: Mapping[str, Any]) -> None:
    """ValueError where a net has weights that its files lack or have in another shape: they would be drawn at random.

    `info` is what transformers found while it loaded the net from `source`.
    """
    lost = sorted(str(name) for name in info["missing_keys"])
    if lost:
        raise ValueError(
            f"{source}: its files lack {len(lost)} of the weights that its config.json asks for, such as "
            f"{' and '.join(lost[:2])}, and they would be drawn at random; copy the whole model, or correct config.json"
        )
    other = sorted(info["mismatched_keys"], key=str)
    if other:
        name, found, wanted = other[0]
        raise ValueError(
            f"{source}: {len(other)} of its weights are of another shape than its config.json asks for, such as {name} "
            f"with {tuple(found)} in place of {tuple(wanted)}; copy the whole model, or correct config.json"
        )

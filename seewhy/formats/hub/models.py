"""A folder of weights as it is sent to the Hub: whole, without pickles, without a path of this machine."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from seewhy.formats.hub.card import TAG, merged, parts_of, read_card
from seewhy.formats.hub.sharing import CARD, Outgoing, require_portable
from seewhy.records.json_object import read_object

WEIGHTS = ".safetensors"
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
SENT = (WEIGHTS, ".json", ".jinja", ".model", ".txt")
"""Weights, configuration, chat template and vocabulary."""
ADAPTER = "adapter_config.json"
CONFIG = "config.json"
BASE = "base_model_name_or_path"
ANEW = "save the model again"
PLACES = ("_name_or_path", BASE)
"""Keys that hold where a model was opened from."""
NO_BASE = "THE BASE MODEL"
"""In the card of an adapter whose base is in a folder."""

UNKNOWN = """\
How it was made is not known here.

```python
from {library} import {opens}

MODEL = "{place}"
model = {opens}.from_pretrained(MODEL)
```"""


def is_model(folder: Path) -> bool:
    """Whether a folder holds a model, or an adapter in peft's format."""
    return (folder / ADAPTER).is_file() or (folder / CONFIG).is_file()


def outgoing_model(folder: Path, base: str) -> Outgoing:
    """The files of a model that are sent.

    Args:
        folder: of a model in Hugging Face format, or an adapter in peft's.
        base: name on the Hub of an adapter's base; empty where its own configuration names one.

    Raises:
        ValueError: weights are missing or pickled, a file is a link, or the base of an adapter is a folder.
    """
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix in SENT]
    for path in found:
        if path.is_symlink():
            raise ValueError(f"{path} is a symbolic link, and links are not sent; put the file itself there")
    _require_weights(folder, found)
    changed = dict(_portable_configs(folder, found, base))
    for path in found:
        if path not in changed:
            require_portable(path)
    size = sum(len(changed[path]) if path in changed else path.stat().st_size for path in found)
    return Outgoing(files=tuple(found), size=size, changed=changed)


def _require_weights(folder: Path, found: list[Path]) -> None:
    names = {path.name for path in found}
    if not any(path.suffix == WEIGHTS for path in found):
        pickled = [path.name for path in sorted(folder.iterdir()) if path.suffix in PICKLES]
        told = f", but the pickle {pickled[0]}, which runs code when it is opened" if pickled else ""
        raise ValueError(f"{folder} holds no {WEIGHTS} file{told}; save the model again with save_pretrained")
    for index in sorted(folder.glob(f"*{WEIGHTS}.index.json")):
        parts = cast(Mapping[str, str], read_object(index, ANEW).get("weight_map") or {})
        missing = sorted(set(parts.values()) - names)
        if missing:
            raise ValueError(f"{folder} lacks {missing[0]}, which {index.name} names; bring it back or save the model "
                             "again")  # fmt: skip


def _portable_configs(folder: Path, found: list[Path], base: str) -> Iterator[tuple[Path, bytes]]:
    """Configurations that name a folder of this machine, without it; an adapter's base by its name on the Hub."""
    for path in found:
        if path.name not in (ADAPTER, CONFIG):
            continue
        whole = read_object(path, ANEW)
        own = {key: value for key, value in whole.items() if not (key in PLACES and _is_local(value, folder))}
        if path.name == ADAPTER:
            if BASE not in own and not base:
                raise ValueError(f"{path}: its base is the folder {whole.get(BASE)!r} of this machine; say where it is "
                                 "on the Hub with --base OWNER/NAME, or send the merged model")  # fmt: skip
            own = {**own, BASE: base or own[BASE]}
        if own != whole:
            yield path, (json.dumps(own, indent=2, ensure_ascii=False) + "\n").encode()


def _is_local(value: object, folder: Path) -> bool:
    return not value or Path(str(value)).is_absolute() or Path(str(value)).exists() or (folder / str(value)).exists()


def own_card(folder: Path) -> tuple[dict[str, object], str]:
    """Metadata and text of the card beside a model; one that says how to open it where there is none.

    Raises:
        ValueError: it cannot be read; the message names it.
    """
    try:
        held = read_card(folder / CARD)
        return parts_of(held) if held else _unknown(folder)
    except ValueError as error:
        raise ValueError(f"{folder}, {error}") from error


def card_to_send(
    folder: Path, own: tuple[dict[str, object], str], before: str, repo: str, base: str, licence: str
) -> str:
    """The card of a model on the Hub: that beside it, by its name there, in what the Hub's card holds already.

    Args:
        folder: of the model.
        own: of `own_card`.
        before: the card that the repository has; empty where it has none.
        repo: the model's name on the Hub.
        base: the base's name there; empty leaves what the card says.
        licence: by the Hub's name for it; empty leaves that of the cards.
    """
    metadata, text = dict(own[0]), own[1]
    is_adapter = (folder / ADAPTER).is_file()
    text = text.replace(f' = "{folder.name}"', f' = "{repo}"')
    if base:
        text = text.replace(NO_BASE, base)
        metadata |= {"base_model": base, "base_model_relation": "adapter" if is_adapter else "finetune"}
    return merged(before, {**metadata, **({"license": licence} if licence else {})}, text)


def _unknown(folder: Path) -> tuple[dict[str, object], str]:
    """The card of a model of which no run tells."""
    is_adapter = (folder / ADAPTER).is_file()
    library, opens = ("peft", "AutoPeftModel") if is_adapter else ("transformers", "AutoModelForImageTextToText")
    code = UNKNOWN.format(library=library, opens=opens, place=folder.name)
    return {"library_name": library, "pipeline_tag": "image-text-to-text", "tags": [TAG]}, code

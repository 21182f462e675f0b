"""Whether the numbers in a model's files are such that it can run, from a sample of each tensor."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from seewhy.model.weights import ADAPTER, base_of
from seewhy.records.json_object import read_object

WHOLE = 1 << 18
"""Numbers of a tensor that is read whole; of a larger one rows are, spread over it."""
ROWS = 8
QUANTISED = "quantization_config"
"""What a configuration holds whose weights are in another form than numbers."""
FORMS = {"I8", "U8", "BOOL"}
"""Types of safetensors that hold no weights unless they are quantised; position numbers are 64 bits."""


def require_sound(place: str) -> None:
    """ValueError where a tensor of a folder's safetensors holds what is no number, or bytes that nobody unpacks.

    A sample is read: every number of small tensors, some rows of large ones. A name on the Hub is not looked at, nor
    are files of another format; the base of an adapter is.
    """
    folder = Path(place)
    if not folder.is_dir():
        return
    base = base_of(folder)
    config = folder / ("config.json" if base is None else ADAPTER)
    is_packed = config.is_file() and QUANTISED in read_object(config)
    for path in sorted(path for path in folder.glob("*.safetensors") if path.is_file()):
        _require_file(path, is_packed=is_packed)
    if base is not None:
        require_sound(base)


def _require_file(path: Path, *, is_packed: bool) -> None:
    with safe_open(path, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 - it is no mapping
            held = file.get_slice(name)
            if held.get_dtype() in FORMS and not is_packed:
                raise ValueError(
                    f"{path}: tensor {name} holds {held.get_dtype()}, and config.json has no {QUANTISED} that says how "
                    "that is read; copy the config.json of the quantised model, or take its weights in float16"
                )
            sizes = tuple(map(int, held.get_shape()))
            is_small = math.prod(sizes) <= WHOLE or len(sizes) < 2
            parts = [file.get_tensor(name)] if is_small else [held[place] for place in _places(sizes)]
            if any(map(_is_broken, parts)):
                raise ValueError(
                    f"{path}: tensor {name} holds what is no number (NaN or infinity): it was damaged, or its training "
                    "went wrong; copy it again, or take an earlier checkpoint"
                )


def _places(sizes: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """One row of the last axis at a time, from the first to the last of each other axis."""
    for step in range(ROWS):
        starts = [(size - 1) * step // (ROWS - 1) for size in sizes[:-1]]
        yield (*(slice(start, start + 1) for start in starts), slice(None))


def _is_broken(part: Tensor) -> bool:
    return part.is_floating_point() and not bool(part.to(torch.float32).isfinite().all())

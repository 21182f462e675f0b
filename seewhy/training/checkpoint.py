"""Checkpoints that are whole or absent, and the list of steps that goes with them.

A run's directory holds `checkpoint-<steps taken>/` (weights and moments, in shards where processes share them, and the
state), `steps.jsonl` (one line a step), and at the end `model/` and then `done.json`. Nothing is pickled.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from seewhy.records.files import explain_failure
from seewhy.training.hashed_tensors import write_tensors
from seewhy.training.parallel.shard_files import read_shards, spread

KEPT = 2
"""Checkpoints that stay: the newest, and one before it in case the newest is damaged."""
WEIGHTS, MOMENTS, STATE = "weights.safetensors", "moments.safetensors", "state.json"
SHARDS = "shards"
"""Folder of a checkpoint with the parts that processes wrote, each its own; absent where one wrote all."""
WEIGHT, MOMENT = "weights/", "moments/"
NOTHING: Mapping[str, str] = MappingProxyType({})
DIGEST = "digest"
"""In the state: the hash of all else there. Checkpoints of before 0.1.0 have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    steps: int
    """Steps taken."""
    objective: Mapping[str, float]
    """The objective's running state."""
    run: Mapping[str, str]
    """Hashes of what the run is made of, by name: a checkpoint is never resumed by another run."""
    best: int | None = None
    """Steps of the checkpoint that must stay, because held-out rows are at their best there."""
    keep: int = KEPT
    """Newest checkpoints that stay."""


def sync_file(path: Path) -> None:
    """Forces a file or a directory entry to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Errors of writing a checkpoint or a model become OSErrors that name it and say how to go on."""
    with explain_failure(path):
        try:
            yield
        except SafetensorError as error:
            raise OSError(errno.EIO, str(error)) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def moved_tensors(net: nn.Module) -> dict[str, Tensor]:
    """The weights that training moves, by name, each once even where two modules share it."""
    return {name: p for name, p in net.named_parameters() if p.requires_grad}


def _moments(net: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What the optimiser remembers of each weight, by the weight's name and `/` with what it is."""
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    return {
        f"{names[id(parameter)]}/{slot}": tensor
        for parameter, slots in optimizer.state.items()
        for slot, tensor in slots.items()
    }


def tensors_of(net: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """All that a checkpoint holds, in one mapping: weights and moments, whole or sharded."""
    weights = {f"{WEIGHT}{name}": p.detach() for name, p in moved_tensors(net).items()}
    return weights | {f"{MOMENT}{name}": tensor for name, tensor in _moments(net, optimizer).items()}


@torch.no_grad()
def require_finite(directory: Path, steps: int, tensors: Mapping[str, Tensor]) -> None:
    """Raises ArithmeticError where a weight or moment is not finite: it must not take a good checkpoint's place."""
    for name, tensor in tensors.items():
        own = tensor.to_local() if isinstance(tensor, DTensor) else tensor
        if not bool(own.isfinite().all()):
            raise ArithmeticError(
                f"{directory}: {name} is not finite after {steps} steps, and was not saved; {newest_words(directory)}. "
                "Lower the learning rate, or look at the rows of that step"
            )


def save_checkpoint(directory: Path, net: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> Path:
    """Writes checkpoint-<steps>, whole or not at all, and removes all but the last two; returns its path.

    Raises:
        ArithmeticError: a weight or moment is not finite; the checkpoints that are there stay.
    """
    require_finite(directory, progress.steps, tensors_of(net, optimizer))
    partial = partial_of(directory, progress.steps)
    try:
        with writing(directory / f"checkpoint-{progress.steps}"):
            begin_checkpoint(directory, progress.steps)
            written = {
                name: write_tensors(partial / name, tensors)
                for name, tensors in ((WEIGHTS, moved_tensors(net)), (MOMENTS, _moments(net, optimizer)))
            }
            return seal_checkpoint(directory, progress, {}, written)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def partial_of(directory: Path, steps: int) -> Path:
    """The folder of a checkpoint that is being written."""
    return directory / f".checkpoint-{steps}.partial"


def begin_checkpoint(directory: Path, steps: int) -> None:
    """Makes an empty folder for what is to be written; what earlier processes left unfinished is taken away."""
    for old in directory.glob(".checkpoint-*.partial"):
        shutil.rmtree(old)
    partial_of(directory, steps).mkdir(parents=True)


def seal_checkpoint(
    directory: Path, progress: Progress, shapes: Mapping[str, Sequence[int]], written: Mapping[str, str] = NOTHING
) -> Path:
    """Makes a checkpoint of what was written: its state last, its name after that, and older ones go when it is there.

    `shapes` are of the tensors that are in shards, by name; `written` the hashes of files that are known from their
    writing, by the file's name: the others are read.
    """
    partial, final = partial_of(directory, progress.steps), directory / f"checkpoint-{progress.steps}"
    files = [path for path in partial.rglob("*") if path.is_file()]
    names = {str(path.relative_to(partial)): path for path in files}
    state = asdict(progress) | {"files": {name: written.get(name) or _digest(path) for name, path in names.items()}}
    state = json.loads(json.dumps(state | {"shapes": shapes}))
    (partial / STATE).write_text(json.dumps(state | {DIGEST: _digest_of(state)}), encoding="utf-8")
    for path in [*files, partial / STATE, partial]:
        sync_file(path)
    shutil.rmtree(final, ignore_errors=True)
    partial.replace(final)
    sync_file(directory)
    for old in checkpoints(directory)[: -progress.keep]:
        if old.name != f"checkpoint-{progress.best}":
            shutil.rmtree(old)
    return final


def checkpoints(directory: Path) -> list[Path]:
    """Directories called checkpoint-<number>, oldest first."""
    found = [path for path in directory.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def newest_words(directory: Path) -> str:
    """Which weights are left where a step cannot be taken."""
    newest = checkpoints(directory)
    return f"the newest checkpoint is {newest[-1].name}" if newest else "there is no checkpoint yet"


def _digest_of(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def _read_state(checkpoint: Path) -> Mapping[str, Any] | None:
    """The state; None where it is missing or not as it was written."""
    try:
        found = json.loads((checkpoint / STATE).read_bytes())
    except (FileNotFoundError, ValueError):  # neither JSON nor UTF-8
        return None
    if not isinstance(found, dict):
        return None
    state = cast(dict[str, Any], found)
    digest = state.pop(DIGEST, None)
    needed = {"steps", "objective", "run", "files", "shapes"}
    is_known = needed <= state.keys() <= needed | {field.name for field in fields(Progress)}
    is_whole = is_known and digest in (None, _digest_of(state))
    return state if is_whole and checkpoint.name == f"checkpoint-{state['steps']}" else None


def _read_progress(checkpoint: Path) -> Progress | None:
    """What the checkpoint says of itself; None where a file is missing or not as it was written."""
    state = _read_state(checkpoint)
    if state is None:
        return None
    places = {checkpoint / name: digest for name, digest in state["files"].items()}
    if any(not place.is_file() or _digest(place) != digest for place, digest in places.items()):
        return None
    return Progress(steps=state["steps"], objective=state["objective"], run=state["run"])


def newest_checkpoint(directory: Path) -> tuple[Path, Progress] | None:
    """The newest whole checkpoint and how far it is; damaged ones are passed over, and None says there is none."""
    for checkpoint in reversed(checkpoints(directory)):
        progress = _read_progress(checkpoint)
        if progress is not None:
            return checkpoint, progress
    return None


def checkpoint_of(directory: Path, steps: int) -> Path:
    """The checkpoint after so many steps; ValueError where it is gone or not as it was written."""
    found = directory / f"checkpoint-{steps}"
    if _read_progress(found) is None:
        raise ValueError(
            f"{found} is the best by its held-out rows, and is not as it was written: bring it back, or set "
            "validate.keep_best to false to take the last one"
        )
    return found


@torch.no_grad()
def load_checkpoint(checkpoint: Path, net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Puts weights and moments back in place, whole or sharded, whichever of the two the checkpoint holds.

    Raises:
        ValueError: the weights' names are not the net's.
    """
    moved, shapes = moved_tensors(net), json.loads((checkpoint / STATE).read_text(encoding="utf-8"))["shapes"]
    if shapes:
        found = {name: _empty(name, shape, moved) for name, shape in shapes.items()}
        read_shards(checkpoint / SHARDS, found)
    else:
        found = {f"{WEIGHT}{name}": tensor for name, tensor in load_file(checkpoint / WEIGHTS).items()}
        found |= {f"{MOMENT}{name}": tensor for name, tensor in load_file(checkpoint / MOMENTS).items()}
    weights = {name.removeprefix(WEIGHT): tensor for name, tensor in found.items() if name.startswith(WEIGHT)}
    known = {name for name, _ in net.named_parameters()}
    strange = sorted((weights.keys() - known) | (moved.keys() - weights.keys() if not shapes else set()))
    if strange:
        raise ValueError(f"{checkpoint}: not this model's weights, such as {strange[0]}; remove {checkpoint}")
    for name, parameter in moved.items():
        if name in weights:
            parameter.copy_(spread(weights[name], parameter))
    _recall(found, moved, optimizer)


def _empty(name: str, shape: Sequence[int], moved: Mapping[str, Tensor]) -> Tensor:
    """Room for a tensor of a checkpoint: laid out as its weight, where it has its shape."""
    weight = moved.get(name.removeprefix(WEIGHT).removeprefix(MOMENT).rpartition("/")[0] or name.removeprefix(WEIGHT))
    if weight is not None and list(weight.shape) == list(shape):
        return torch.empty_like(weight).detach()
    return torch.empty(list(shape))


def _recall(found: Mapping[str, Tensor], moved: Mapping[str, Tensor], optimizer: torch.optim.Optimizer) -> None:
    names = {id(parameter): name for name, parameter in moved.items()}
    places = {names[id(p)]: n for n, p in enumerate(p for group in optimizer.param_groups for p in group["params"])}
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in found.items():
        name, _, slot = key.removeprefix(MOMENT).rpartition("/")
        if key.startswith(MOMENT) and name in places:
            weight = moved[name]
            slots = state.setdefault(places[name], {})
            slots[slot] = spread(tensor, weight) if tensor.shape == weight.shape else tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})

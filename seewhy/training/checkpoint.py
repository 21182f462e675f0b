"""Checkpoints that are whole or absent, and the list of steps that goes with them.

A run's directory holds `checkpoint-<steps taken>/` (weights, moments, state), `steps.jsonl` (one line a step), and at
the end `model/` and then `done.json`. Nothing is pickled.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from seewhy.records.files import explain_failure

KEPT = 2
"""Checkpoints that stay: the newest, and one before it in case the newest is damaged."""
WEIGHTS, MOMENTS, STATE = "weights.safetensors", "moments.safetensors", "state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run stands."""

    steps: int
    """Steps taken."""
    objective: Mapping[str, float]
    """The objective's running state."""
    run: Mapping[str, str]
    """Hashes of what the run is made of, by name: a checkpoint is never resumed by another run."""


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


def _moments(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {f"{place}/{slot}": tensor.cpu() for place, slots in state.items() for slot, tensor in slots.items()}


def save_checkpoint(directory: Path, net: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> Path:
    """Writes checkpoint-<steps>, whole or not at all, and removes all but the last two; returns its path."""
    final = directory / f"checkpoint-{progress.steps}"
    partial = directory / f".checkpoint-{progress.steps}.partial"
    try:
        with writing(final):
            _write_checkpoint(partial, net, optimizer, progress)
            shutil.rmtree(final, ignore_errors=True)
            partial.replace(final)
            sync_file(directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for old in checkpoints(directory)[:-KEPT]:
        shutil.rmtree(old)
    return final


def _write_checkpoint(partial: Path, net: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file({name: p.detach().cpu().contiguous() for name, p in moved_tensors(net).items()}, partial / WEIGHTS)
    save_file(_moments(optimizer), partial / MOMENTS)
    state = asdict(progress) | {"files": {name: _digest(partial / name) for name in (WEIGHTS, MOMENTS)}}
    (partial / STATE).write_text(json.dumps(state), encoding="utf-8")
    for name in (WEIGHTS, MOMENTS, STATE):
        sync_file(partial / name)
    sync_file(partial)


def checkpoints(directory: Path) -> list[Path]:
    """Directories called checkpoint-<number>, oldest first."""
    found = [path for path in directory.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def _read_progress(checkpoint: Path) -> Progress | None:
    """What the checkpoint says of itself; None where a file is missing or not as it was written."""
    try:
        state = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
        if any(_digest(checkpoint / name) != digest for name, digest in state["files"].items()):
            return None
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return Progress(steps=state["steps"], objective=state["objective"], run=state["run"])


def newest_checkpoint(directory: Path) -> tuple[Path, Progress] | None:
    """The newest whole checkpoint and where it stands; damaged ones are passed over, and None says there is none."""
    for checkpoint in reversed(checkpoints(directory)):
        progress = _read_progress(checkpoint)
        if progress is not None:
            return checkpoint, progress
    return None


def load_checkpoint(checkpoint: Path, net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Puts weights and moments back in place; raises ValueError where the weights' names are not the net's."""
    weights, moved = load_file(checkpoint / WEIGHTS), moved_tensors(net)
    if weights.keys() != moved.keys():
        strange = sorted(weights.keys() ^ moved.keys())
        raise ValueError(f"{checkpoint / WEIGHTS}: not this model's weights, such as {strange[0]}; remove {checkpoint}")
    with torch.no_grad():
        for name, parameter in moved.items():
            parameter.copy_(weights[name])
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in load_file(checkpoint / MOMENTS).items():
        place, slot = key.split("/")
        state.setdefault(int(place), {})[slot] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})

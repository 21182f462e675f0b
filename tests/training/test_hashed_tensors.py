"""Checkpoints are hashed while they are written: the file of safetensors to the byte, and the hash of that file."""

import hashlib
import json
import threading
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from seewhy.training.checkpoint import MOMENTS, WEIGHTS, Progress, newest_checkpoint, save_checkpoint, seal_checkpoint
from seewhy.training.hashed_tensors import PIECE, TYPES, HashingThread, hashing, write_tensors

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8)
SHAPES = st.lists(st.integers(0, 4), max_size=3)


def tensor_of(dtype: torch.dtype, shape: list[int], seed: int) -> Tensor:
    made = torch.randint(0, 2 if dtype is torch.bool else 100, shape, generator=torch.Generator().manual_seed(seed))
    return made.to(dtype)


TENSORS = st.dictionaries(NAMES, st.tuples(st.sampled_from(list(TYPES)), SHAPES), max_size=8)


@given(TENSORS)
@settings(max_examples=25)
def test_the_file_is_that_of_safetensors_to_the_byte(tmp_path_factory, described) -> None:
    folder = tmp_path_factory.mktemp("files")
    tensors = {name: tensor_of(*one, place) for place, (name, one) in enumerate(described.items())}
    save_file(tensors, folder / "theirs")
    digest = write_tensors(folder / "ours", tensors)
    content = (folder / "ours").read_bytes()
    assert content == (folder / "theirs").read_bytes()
    assert digest == hashlib.sha256(content).hexdigest()


def test_a_tensor_of_several_pieces_and_a_transposed_one_are_written_whole(tmp_path: Path) -> None:
    large = torch.arange(PIECE // 4 + 5, dtype=torch.float32)
    turned = torch.arange(6.0).view(2, 3).t()
    write_tensors(tmp_path / "file", {"large": large, "turned": turned})
    found = load_file(tmp_path / "file")
    assert torch.equal(found["large"], large)
    assert torch.equal(found["turned"], turned)


def test_a_type_that_the_format_lacks_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"second is torch\.complex64"):
        write_tensors(tmp_path / "file", {"first": torch.ones(1), "second": torch.ones(1, dtype=torch.complex64)})


def hashes_running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "seewhy-hash"]


def test_no_thread_is_left_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        write_tensors(tmp_path / "none" / "file", {"a": torch.ones(3)})
    with pytest.raises(TypeError), hashing() as hashed:
        len(hashed.add(b"some"))
    assert hashes_running() == []


def test_pieces_are_hashed_by_another_thread(tmp_path: Path) -> None:
    hashed = HashingThread()
    assert hashes_running() == ["seewhy-hash"]
    hashed.add(b"ab")
    hashed.add(b"c")
    assert hashed.end() == hashlib.sha256(b"abc").hexdigest()


def test_a_checkpoint_names_the_hashes_of_what_was_written_and_reads_nothing_a_second_time(tmp_path: Path) -> None:
    net = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    progress = Progress(steps=3, objective={}, run={})
    saved = save_checkpoint(tmp_path, net, optimizer, progress)
    files = json.loads((saved / "state.json").read_text())["files"]
    assert files == {name: hashlib.sha256((saved / name).read_bytes()).hexdigest() for name in (WEIGHTS, MOMENTS)}
    assert newest_checkpoint(tmp_path) is not None
    # A hash that is given is taken: what was changed since it was written does not pass for whole.
    partial = tmp_path / ".checkpoint-4.partial"
    partial.mkdir()
    (partial / WEIGHTS).write_bytes(b"changed on the way to the disk")
    seal_checkpoint(tmp_path, Progress(steps=4, objective={}, run={}), {}, {WEIGHTS: files[WEIGHTS]})
    found = newest_checkpoint(tmp_path)
    assert found is not None
    assert found[0].name == "checkpoint-3"

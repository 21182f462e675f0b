"""Tensors written as safetensors and hashed meanwhile, by a thread, from the bytes that are written.

The file is the one that `safetensors.torch.save_file` writes (format: https://github.com/huggingface/safetensors): the
length of the header, the header as JSON, and the tensors, those of the widest type first, by name within a type. A
tensor of a device is copied to memory when it is its turn, so that one at a time is there twice.
"""

import hashlib
import json
import struct
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import torch
from torch import Tensor

PIECE = 16 << 20
"""Bytes that are written and hashed at once."""
WAITING = 4
"""Pieces that may wait for the hash."""
ALIGNED = 8
"""Bytes of which the length of the header is a multiple."""
TYPES = {
    torch.bool: "BOOL", torch.uint8: "U8", torch.int8: "I8", torch.int16: "I16", torch.float16: "F16",
    torch.bfloat16: "BF16", torch.int32: "I32", torch.float32: "F32", torch.float64: "F64", torch.int64: "I64",
}  # fmt: skip
"""Types in the order of the format, the narrowest first."""
ORDER = {dtype: place for place, dtype in enumerate(TYPES)}


class HashingThread:
    """SHA-256 of pieces, computed by a thread in the order in which they are given; use `hashing`."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._pieces: Queue[memoryview | bytes | None] = Queue(WAITING)
        self.thread = Thread(target=self._run, name="seewhy-hash", daemon=True)
        self.thread.start()

    def add(self, piece: memoryview | bytes) -> None:
        """Hash a piece, which must not change until `end`."""
        self._pieces.put(piece)

    def end(self) -> str:
        """Wait for the thread to end; 64 hexadecimal digits."""
        self._pieces.put(None)
        self.thread.join()
        return self._hash.hexdigest()

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._hash.update(piece)


@contextmanager
def hashing() -> Generator[HashingThread]:
    """A thread that hashes, and that is gone when the context ends, by an error too."""
    hashed = HashingThread()
    try:
        yield hashed
    finally:
        if hashed.thread.is_alive():
            hashed.end()


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write a file of tensors; the SHA-256 of its bytes.

    Raises:
        OSError: it cannot be written.
        ValueError: a tensor has a type that the format does not know.
    """
    with hashing() as hashed, path.open("wb", buffering=0) as file:
        for piece in _pieces(tensors):
            hashed.add(piece)
            left = memoryview(piece)
            while left:  # an unbuffered file may take a part
                left = left[file.write(left) :]
        return hashed.end()


def _pieces(tensors: Mapping[str, Tensor]) -> Iterator[memoryview | bytes]:
    for name, tensor in tensors.items():
        if tensor.dtype not in TYPES:
            raise ValueError(f"{name} is {tensor.dtype}, which a checkpoint does not hold")
    ordered = sorted(tensors.items(), key=lambda pair: (-ORDER[pair[1].dtype], pair[0]))
    yield _head([(name, tensor) for name, tensor in ordered])
    for _, tensor in ordered:
        here = tensor.detach().cpu().contiguous().flatten()
        whole = here.view(torch.uint8).numpy().data if here.numel() else memoryview(b"")
        for start in range(0, len(whole), PIECE):
            yield whole[start : start + PIECE]


def _head(ordered: list[tuple[str, Tensor]]) -> bytes:
    """The length of the header, and the header, padded with spaces."""
    entries: dict[str, object] = {}
    start = 0
    for name, tensor in ordered:
        end = start + tensor.numel() * tensor.element_size()
        entries[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNED)
    return struct.pack("<Q", len(text)) + text

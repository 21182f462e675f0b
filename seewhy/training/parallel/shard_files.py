"""Sharded tensors in files: each process writes and reads its own part, on whatever number of processes.

The files are safetensors, by torch.distributed.checkpoint with its storage for Hugging Face's format: nothing pickled.
"""

import warnings
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import torch.distributed as dist
from torch import Tensor
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save
from torch.distributed.tensor import DTensor, distribute_tensor


def write_shards(folder: Path, tensors: Mapping[str, Tensor], group: dist.ProcessGroup) -> Future[Any]:
    """Begins to write; the tensors may change as soon as this returns. A collective operation of all processes.

    The future ends when all processes have written.
    """
    writer = HuggingFaceStorageWriter(str(folder), save_distributed=True)
    return async_save(dict(tensors), storage_writer=writer, process_group=group)  # pyright: ignore


def read_shards(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Fills the tensors, whole or sharded, with what is in the folder under their names."""
    alone = not dist.is_initialized()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.distributed is disabled")
        load(dict(tensors), storage_reader=HuggingFaceStorageReader(str(folder)), no_dist=alone)


def spread(whole: Tensor, like: Tensor) -> Tensor:
    """The tensor laid out as `like`: this process's part of it where that is sharded."""
    if not isinstance(like, DTensor):
        return whole
    return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements)


def gathered(tensor: Tensor) -> Tensor:
    """The whole of a tensor that may be sharded; a collective operation where it is."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor

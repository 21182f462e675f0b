"""How many threads torch computes with in this process."""

import os

import torch


def limit_threads(threads: int) -> None:
    """Compute with so many threads; 0 leaves it to torch, which takes all cores."""
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
        torch.set_num_threads(threads)


def has_gpu(device: str) -> bool:
    """Whether models of this device setting run on a GPU."""
    return torch.cuda.is_available() if device == "auto" else device != "cpu"

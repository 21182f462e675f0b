"""Scans of handwritten digits, dealt so that no scan of training is ever seen in a test."""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from seewhy.records.types import Split

Scans = tuple[NDArray[np.float32], ...]
"""For each digit 0 to 9 its scans, [count, 8, 8], ink from 0.0 (paper) to 1.0."""

DEALING_SEED = 20410
"""One constant for everybody: were the dealing to follow a run's seed, one run's tests would be another's lessons."""
SHARES = {Split.TRAIN: (0.0, 0.6), Split.VALIDATION: (0.6, 0.75), Split.TEST: (0.75, 1.0), Split.SHIFTED: (0.75, 1.0)}


def deal(split: Split) -> tuple[NDArray[np.int64], ...]:
    """For each digit the numbers of its scans in the archive that belong to a split; SHIFTED shares TEST's."""
    _, labels = read_archive()
    generator = np.random.default_rng(DEALING_SEED)
    low, high = SHARES[split]
    hands: list[NDArray[np.int64]] = []
    for digit in range(10):
        order = generator.permutation(np.flatnonzero(labels == digit))
        hands.append(order[round(low * len(order)) : round(high * len(order))])
    return tuple(hands)


def load_scans(split: Split) -> Scans:
    """The scans of a split."""
    images, _ = read_archive()
    return tuple(images[hand].astype(np.float32) / np.float32(16) for hand in deal(split))


def read_archive() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """All scans [1797, 8, 8], values 0 to 16, and their labels [1797]."""
    with files("seewhy.benchmarks.ink").joinpath("digits.npz").open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        return archive["images"], archive["labels"]

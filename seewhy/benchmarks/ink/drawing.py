"""Draws a page of digits as a small, noisy picture."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.benchmarks.ink.digits import Scans
from seewhy.benchmarks.ink.page import Page

SIDE = 48
"""Pixels along each side of a picture."""
NOISE = {"low": 0.05, "medium": 0.12, "high": 0.2, "severe": 0.28}
"""Standard deviation of the pixel noise, where paper is 0 and full ink is 1."""
GAP = 2
"""Pixels of a cell left free: scans fill their whole height, and without it digits of tight grids run together."""


def bilinear(side: int) -> NDArray[np.float32]:
    """Weights [side, 8] that stretch 8 samples to `side`, pixel centres aligned and edges held."""
    place = np.clip((np.arange(side) + 0.5) * 8 / side - 0.5, 0, 7)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(8)[None, :])).astype(np.float32)


STRETCH = {side: bilinear(side) for side in range(8, 17)}


def draw(page: Page, scans: Scans, generator: np.random.Generator) -> Image.Image:
    """A picture of the page, RGB, 48 x 48: dark ink on light paper, each digit a random scan, jittered and faded."""
    ink = np.zeros((SIDE, SIDE), dtype=np.float32)
    width, height = SIDE // page.columns, SIDE // page.rows
    chance = generator.random((page.rows, page.columns, 5))
    for row, line in enumerate(page.digits):
        for column, digit in enumerate(line):
            lay(ink, scans[digit], (row * height, column * width), (height, width), chance[row, column].tolist())
    ink += generator.normal(0, NOISE[page.noise], size=ink.shape)
    grey = (255 * (1 - np.clip(ink, 0, 1))).round().astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def lay(
    ink: NDArray[np.float32],
    scans: NDArray[np.float32],
    corner: tuple[int, int],
    cell: tuple[int, int],
    chance: list[float],
) -> None:
    """Put one digit into its cell; five chances from 0 to 1 say which scan, its size, its contrast and its jitter."""
    which, size, contrast, *shift = chance
    side = round(min(16, cell[0] - GAP, cell[1] - GAP) * (0.9 + 0.1 * size))
    stretch = STRETCH[side]
    glyph = (0.6 + 0.4 * contrast) * (stretch @ scans[int(which * len(scans))] @ stretch.T)
    top, left = (place(start, room, side, at) for start, room, at in zip(corner, cell, shift, strict=True))
    patch = ink[top : top + side, left : left + side]
    np.maximum(patch, glyph, out=patch)


def place(start: int, room: int, side: int, at: float) -> int:
    """First pixel of a digit in its cell: the centre, moved by up to half the free room, and by at least one pixel."""
    free = (room - side) / 2
    reach = max(1.0, free)
    return min(max(round(start + free + (2 * at - 1) * reach), 0), SIDE - side)

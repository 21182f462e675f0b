"""Photographs of single things on a plain ground: those of Debian's package `tuxpaint-stamps-default`.

Tux Paint stamps, Bill Kendrick and contributors, GPL-2; nothing of them is part of seewhy.
"""

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from seewhy.benchmarks.scene.things import Thing
from seewhy.records.types import Split

SIDE = 96
"""Pixels of a scene's side."""
FOLDERS = {
    "animals/birds": "bird", "animals/fish": "fish", "plants/flowers": "flower", "food/fruit": "fruit",
    "animals/mammals": "mammal", "vehicles": "vehicle",
}  # fmt: skip
"""The package's folders and what their pictures are called here."""
DRAWN = frozenset({"cartoon", "toys", "plastic"})
"""Folders of drawings and toys, which are left out."""
LARGEST, SMALLEST = 44, 34
"""Pixels of the longer side of a thing, within a cell of SIDE / 2."""
GROUNDS = ((211, 211, 211), (225, 230, 235), (205, 215, 205), (230, 222, 210))
CLEAR = 0.35
"""Share of a thing's pixels that one colour must have; a picture of which none does is left out."""
OPAQUE = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """One photograph, cut out: its colour and noun, and its pixels with transparency."""

    name: str
    noun: str
    colour: str
    pixels: Image.Image


def photo_files(root: Path) -> list[tuple[Path, str]]:
    """Every photograph's file with its noun, in the order of their paths."""
    found: list[tuple[Path, str]] = []
    for folder, noun in FOLDERS.items():
        for path in sorted((root / folder).rglob("*.png")):
            if not DRAWN & set(path.relative_to(root).parts):
                found.append((path, noun))
    return found


def split_of(name: str) -> Split:
    """A quarter of the photographs is test's, a tenth validation's: by their name alone, whatever else is there."""
    place = int.from_bytes(sha256(name.encode()).digest()[:4]) % 100
    return Split.TEST if place < 25 else Split.VALIDATION if place < 35 else Split.TRAIN


@lru_cache(maxsize=4)
def read_photos(root: Path) -> Mapping[Split, Sequence[Photo]]:
    """The photographs of each split of which one colour can be told."""
    found: dict[Split, list[Photo]] = {split: [] for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)}
    for path, noun in photo_files(root):
        with Image.open(path) as whole:
            pixels = whole.convert("RGBA")
        pixels = pixels.crop(pixels.getchannel("A").getbbox())
        pixels.thumbnail((2 * SIDE, 2 * SIDE))
        colour = colour_of(pixels)
        if colour:
            name = path.relative_to(root).as_posix()
            found[split_of(name)].append(Photo(name=name, noun=noun, colour=colour, pixels=pixels))
    return found


def colour_of(pixels: Image.Image) -> str:
    """The colour that most of the opaque pixels have; empty where it has less than CLEAR of them.

    Example:
        >>> colour_of(Image.new("RGBA", (4, 4), (250, 20, 20, 255)))
        'red'
    """
    values = np.asarray(pixels.resize((24, 24))).reshape(-1, 4)
    names = [_name(*map(float, value[:3] / 255)) for value in values if value[3] >= OPAQUE]
    if not names:
        return ""
    colour = max(sorted(set(names)), key=names.count)
    return colour if names.count(colour) >= CLEAR * len(names) else ""


HUES = ((0.04, "red"), (0.18, "yellow"), (0.46, "green"), (0.72, "blue"), (0.94, "pink"), (1.0, "red"))
"""Upper ends of hues, as shares of the colour circle from red on."""


def _name(red: float, green: float, blue: float) -> str:
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if value < 0.25:
        return "black"
    if saturation < 0.18:
        return "white" if value > 0.8 else "grey"
    name = next(name for end, name in HUES if hue <= end)
    return "brown" if name in ("red", "yellow") and (value < 0.6 or (saturation < 0.5 and hue < 0.13)) else name


def compose(photos: Sequence[Photo], generator: np.random.Generator) -> tuple[Image.Image, tuple[Thing, ...]]:
    """A scene of at most four photographs, each in a cell of its own, of random size and place, some mirrored."""
    shade = GROUNDS[int(generator.integers(len(GROUNDS)))]
    scene = Image.new("RGB", (SIDE, SIDE), shade)
    things: list[Thing] = []
    half = SIDE // 2
    for photo, cell in zip(photos, generator.permutation(4), strict=False):
        size = int(generator.integers(SMALLEST, LARGEST + 1))
        part = photo.pixels.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if generator.random() < 0.5 else photo.pixels
        scale = size / max(part.size)
        part = part.resize((max(1, round(part.width * scale)), max(1, round(part.height * scale))))
        left = half * int(cell % 2) + int(generator.integers(half - part.width + 1))
        top = half * int(cell // 2) + int(generator.integers(half - part.height + 1))
        scene.paste(part, (left, top), part)
        things.append(Thing(colour=photo.colour, noun=photo.noun, x=round((left + part.width / 2) / SIDE, 3),
                            y=round((top + part.height / 2) / SIDE, 3)))  # fmt: skip
    return scene, tuple(sorted(things, key=lambda thing: (thing.y, thing.x)))

"""A random part of the picture, at most a fifth of it: mDPO's own choice (arXiv 2406.11839, section 3.2)."""

import math
import random
from dataclasses import dataclass

from PIL import Image

from seewhy.pairs.varied import Drawn, Pictures
from seewhy.records.types import ImageRef

RATIOS = (3 / 4, 4 / 3)
"""Width to height of the part, as torchvision's RandomResizedCrop draws it, which mDPO's code uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cropped:
    """Keeps a share of the picture's area, drawn evenly between two bounds."""

    least: float = 0.0
    """Share of the area, at least (section 3.2: 0; the paper's code: 0.01)."""
    most: float = 0.2
    """Share of the area, at most (section 3.2: 0.2; 0.2 to 0.5 did worse, table 4)."""
    resize: bool = True
    """Scale the part to the size of the whole, as the paper's code does. A model that makes tokens of a picture by its
    size reads a part that is left small in fewer tokens."""

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        if not 0.0 <= self.least <= self.most <= 1.0 or self.most == 0.0:
            raise ValueError(f"least={self.least} and most={self.most} are shares of the area from 0 to 1, least first")

    def vary(self, ref: ImageRef, pictures: Pictures, rng: random.Random) -> Drawn:
        """A part of at least one pixel."""
        picture = pictures.open(ref)
        width, height = self._size(picture, rng)
        left, top = rng.randint(0, picture.width - width), rng.randint(0, picture.height - height)
        part = picture.crop((left, top, left + width, top + height))
        kept = width * height / (picture.width * picture.height)
        return Drawn(picture=part.resize(picture.size, Image.Resampling.BICUBIC) if self.resize else part, kept=kept)

    def _size(self, picture: Image.Image, rng: random.Random) -> tuple[int, int]:
        area = rng.uniform(self.least, self.most) * picture.width * picture.height
        ratio = math.exp(rng.uniform(*map(math.log, RATIOS)))
        # Rounded down, so that the part is never above `most`; a side is at most as long as the picture's.
        width = max(1, min(picture.width, int(math.sqrt(area * ratio))))
        return width, max(1, min(picture.height, int(area / width)))

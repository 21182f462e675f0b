"""The picture out of focus."""

import random
from dataclasses import dataclass

from PIL import ImageFilter

from seewhy.pairs.varied import Drawn, Pictures
from seewhy.records.types import ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Blurred:
    """A Gaussian blur; nothing is drawn by chance."""

    radius: float = 0.05
    """Standard deviation of the blur, as a share of the picture's longer side, above 0."""

    def __post_init__(self) -> None:
        """Refuse a radius that blurs nothing."""
        if not 0.0 < self.radius <= 1.0:
            raise ValueError(f"radius={self.radius} is a share of the longer side, above 0 and at most 1")

    def vary(self, ref: ImageRef, pictures: Pictures, rng: random.Random) -> Drawn:
        """A picture of the same size."""
        picture = pictures.open(ref)
        return Drawn(picture=picture.filter(ImageFilter.GaussianBlur(self.radius * max(picture.size))))

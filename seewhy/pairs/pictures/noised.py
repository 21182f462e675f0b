"""The picture under Gaussian noise."""

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

from seewhy.pairs.varied import Drawn, Pictures
from seewhy.records.types import ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Noised:
    """sqrt(1 - share) of the picture's difference from grey, and sqrt(share) of noise, as a diffusion step has it."""

    share: float = 0.9
    """Share of the variance that is noise, above 0 and at most 1; at 1 nothing of the picture is left."""
    spread: float = 64.0
    """Standard deviation of the noise before it is weighed, in steps of 256 grey levels."""

    def __post_init__(self) -> None:
        """Refuse a share or a spread that adds no noise."""
        if not 0.0 < self.share <= 1.0 or not 0.0 < self.spread <= 255.0:
            raise ValueError(f"share={self.share} is above 0 and at most 1, spread={self.spread} above 0, at most 255")

    def vary(self, ref: ImageRef, pictures: Pictures, rng: random.Random) -> Drawn:
        """A picture of the same size."""
        pixels = np.asarray(pictures.open(ref), dtype=np.float32) - 127.5
        noise = np.random.default_rng(rng.getrandbits(64)).normal(0.0, self.spread, pixels.shape)
        mixed = np.sqrt(1 - self.share) * pixels + np.sqrt(self.share) * noise + 127.5
        return Drawn(picture=Image.fromarray(np.rint(mixed).clip(0, 255).astype(np.uint8)))

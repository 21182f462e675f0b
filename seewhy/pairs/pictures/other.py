"""The picture of another question (an ablation of mDPO, arXiv 2406.11839, table 4)."""

import random
from dataclasses import dataclass

from seewhy.pairs.varied import Drawn, Pictures
from seewhy.records.types import ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Any picture of the questions whose content is not that of the question's own."""

    def vary(self, ref: ImageRef, pictures: Pictures, rng: random.Random) -> Drawn:
        """A picture of another hash; raises ValueError where there is none."""
        every = pictures.all
        if len(every) < 2:
            raise ValueError("the questions have one picture among them, so none can stand in its place; take cropped")
        found = every[rng.randrange(len(every))]
        while found.sha256 == ref.sha256:
            found = every[rng.randrange(len(every))]
        return Drawn(picture=found, kept=0.0)

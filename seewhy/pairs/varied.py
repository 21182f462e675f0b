"""What a kind of varied pictures (`seewhy/pairs/pictures`) is given, and the draw of a question's variant."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from PIL import Image

from seewhy.records.types import ImageRef, Question

VARIANT, KEPT = "pictures", "kept"
"""Facets of a varied question: the kind of its pictures, and the share of its first picture's area that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What stands in the place of a picture: pixels, or another picture that is there already."""

    picture: Image.Image | ImageRef
    kept: float = 1.0
    """Share of the area of the question's own picture that can be seen, from 0 to 1."""


class Pictures(Protocol):
    """The pictures of all questions."""

    def open(self, ref: ImageRef) -> Image.Image:
        """The pixels of a picture in RGB, as a viewer shows it."""
        ...

    @property
    def all(self) -> Sequence[ImageRef]:
        """Every distinct picture once, in the order of the hashes."""
        ...


class Varies(Protocol):
    """A kind of varied pictures: a frozen dataclass, the only public class of its file in `seewhy/pairs/pictures`."""

    def vary(self, ref: ImageRef, pictures: Pictures, rng: random.Random) -> Drawn:
        """What stands in the place of a picture; all chance comes from `rng`."""
        ...


def vary_question(
    question: Question, kind: str, rule: Varies, pictures: Pictures, keep: Callable[[Image.Image], ImageRef], seed: int
) -> Question:
    """The question with each of its pictures varied; as it is where it has none.

    The draw depends on seed, kind, the question's id and the pictures' hashes alone.

    Args:
        question: with its own pictures.
        kind: name of the rule.
        rule: draws what stands in the place of a picture.
        pictures: of all questions.
        keep: stores pixels.
        seed: of the draw.
    """
    if not question.images:
        return question
    drawn = [
        rule.vary(ref, pictures, random.Random(f"{seed}/{kind}/{question.id}/{place}/{ref.sha256}"))
        for place, ref in enumerate(question.images)
    ]
    images = tuple(one.picture if isinstance(one.picture, ImageRef) else keep(one.picture) for one in drawn)
    facets: Mapping[str, str] = {**question.facets, VARIANT: kind, KEPT: f"{drawn[0].kept:.4f}"}
    return replace(question, images=images, facets=facets)

"""The sizes of a recipe: the same steps with other numbers."""

from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Size(StrEnum):
    """How much a recipe does, and on what."""

    TOY = "toy"
    """Minutes, to see every step work: the shipped model on a few pages of inkgrid."""
    LAPTOP = "laptop"
    """About an hour on two cores, to measure something: the shipped model on inkgrid."""
    PAPER = "paper"
    """The paper's model, data and numbers."""

    def pick(self, *, paper: T, laptop: T, toy: T) -> T:
        """The value for this size.

        Example:
            >>> Size.TOY.pick(paper=32, laptop=16, toy=6)
            6
        """
        return {Size.PAPER: paper, Size.LAPTOP: laptop, Size.TOY: toy}[self]

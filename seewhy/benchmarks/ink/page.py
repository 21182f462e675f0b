"""A page: a grid of digits, before anyone has drawn it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of digits and how noisy their picture is.

    Example:
        >>> page = Page.from_text("357/104", noise="low")
        >>> page.rows, page.columns, page.digits[1], page.text
        (2, 3, (1, 0, 4), '357/104')
    """

    digits: tuple[tuple[int, ...], ...]
    noise: str
    """A key of `drawing.NOISE`."""

    @classmethod
    def from_text(cls, text: str, noise: str) -> "Page":
        """The page whose `text` this is."""
        return cls(digits=tuple(tuple(int(digit) for digit in row) for row in text.split("/")), noise=noise)

    @property
    def text(self) -> str:
        """The digits, rows parted by slashes."""
        return "/".join("".join(str(digit) for digit in row) for row in self.digits)

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.digits)

    @property
    def columns(self) -> int:
        """How many columns."""
        return len(self.digits[0])

    def with_digit(self, row: int, column: int, digit: int) -> "Page":
        """The same page with another digit at a place (rows and columns count from 0)."""
        digits = [list(line) for line in self.digits]
        digits[row][column] = digit
        return Page(digits=tuple(tuple(line) for line in digits), noise=self.noise)


def random_page(rows: int, columns: int, noise: str, generator: np.random.Generator) -> Page:
    """A page of uniformly drawn digits."""
    digits: list[list[int]] = generator.integers(0, 10, size=(rows, columns)).tolist()
    return Page(digits=tuple(tuple(row) for row in digits), noise=noise)

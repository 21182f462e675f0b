"""The few sentence forms of a rationale: each states one fact of the page or one step, and can be checked alone."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """Mental arithmetic, exact unless a slip is built in.

    Example:
        >>> Arithmetic(slips=(8, 7), by=-1).plus(8, 7), Arithmetic().plus(8, 7)
        (14, 15)
    """

    slips: tuple[int, int] | None = None
    """The two numbers whose sum or difference comes out wrong; None for never."""
    by: int = 0

    def plus(self, left: int, right: int) -> int:
        """Their sum."""
        return left + right + (self.by if (left, right) == self.slips else 0)

    def minus(self, left: int, right: int) -> int:
        """Left minus right."""
        return left - right + (self.by if (left, right) == self.slips else 0)


EXACT = Arithmetic()


def read_line(name: str, digits: Sequence[int]) -> str:
    """Say `Row 2 reads 3, 5, 7.`."""
    return f"{capitalised(name)} reads {', '.join(str(digit) for digit in digits)}."


def read_cell(row: int, column: int, digit: int) -> str:
    """Say `Row 2, column 3 is 7.`; places count from 1."""
    return f"Row {row}, column {column} is {digit}."


def add_up(digits: Sequence[int], head: Arithmetic) -> tuple[tuple[str, ...], int]:
    """Running additions such as `3 plus 5 is 8.`, and the total."""
    sentences: list[str] = []
    total = digits[0]
    for digit in digits[1:]:
        following = head.plus(total, digit)
        sentences.append(f"{total} plus {digit} is {following}.")
        total = following
    return tuple(sentences), total


def subtract(left: int, right: int, result: int) -> str:
    """Say `8 minus 3 is 5.`."""
    return f"{left} minus {right} is {result}."


def compare(left: int, right: int) -> str:
    """Say `7 is more than 5.`, `3 is less than 5.` or `5 equals 5.`."""
    if left == right:
        return f"{left} equals {right}."
    return f"{left} is {'more' if left > right else 'less'} than {right}."


def tell_parity(digit: int) -> str:
    """Say `3 is odd.`."""
    return f"{digit} is {'odd' if digit % 2 else 'even'}."


def conclude(noun: str, value: int | str) -> str:
    """Say `The sum is 15.`."""
    return f"The {noun} is {value}."


def name_option(answer: str, letter: str) -> str:
    """Say `15 is option B.`."""
    return f"{capitalised(answer)} is option {letter}."


def capitalised(words: str) -> str:
    """The words with a capital first letter."""
    return words[:1].upper() + words[1:]

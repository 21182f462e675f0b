"""Solves a question of a page the way a careful pupil would: sentence by sentence, to an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.ink.sentences import (
    Arithmetic,
    add_up,
    compare,
    conclude,
    read_cell,
    read_line,
    subtract,
    tell_parity,
)

Places = tuple[int, ...]
"""The numbers in a question's text: rows and columns, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Sentences that lead to an answer."""

    sentences: tuple[str, ...]
    answer: str


Solve = Callable[[Page, Places, Arithmetic], Solution]
Line = Callable[[Page, Places], tuple[str, tuple[int, ...]]]
Reckon = Callable[[Sequence[int], Arithmetic], Solution]


def row_of(page: Page, places: Places) -> tuple[str, tuple[int, ...]]:
    """Name and digits of the row asked for."""
    return f"row {places[0]}", page.digits[places[0] - 1]


def column_of(page: Page, places: Places) -> tuple[str, tuple[int, ...]]:
    """Name and digits of the column asked for."""
    return f"column {places[0]}", tuple(row[places[0] - 1] for row in page.digits)


def diagonal_of(page: Page, places: Places) -> tuple[str, tuple[int, ...]]:
    """Name and digits of the diagonal, top left to bottom right."""
    return "the diagonal", tuple(row[at] for at, row in enumerate(page.digits[: page.columns]))


def along(line: Line, reckon: Reckon) -> Solve:
    """Read a line, then reckon with its digits."""

    def solve(page: Page, places: Places, head: Arithmetic) -> Solution:
        name, digits = line(page, places)
        rest = reckon(digits, head)
        return Solution(sentences=(read_line(name, digits), *rest.sentences), answer=rest.answer)

    return solve


def spell(digits: Sequence[int], head: Arithmetic) -> Solution:
    """The digits themselves."""
    return Solution(sentences=(), answer=" ".join(str(digit) for digit in digits))


def total(digits: Sequence[int], head: Arithmetic) -> Solution:
    """The sum, added from the left."""
    sentences, value = add_up(digits, head)
    return Solution(sentences=(*sentences, conclude("sum", value)), answer=str(value))


def extreme(noun: str, choose: Callable[[int, int], int]) -> Reckon:
    """The largest (choose = max) or smallest (min) digit, by running comparison."""

    def reckon(digits: Sequence[int], head: Arithmetic) -> Solution:
        best = digits[0]
        sentences: list[str] = []
        for digit in digits[1:]:
            sentences.append(compare(digit, best))
            best = choose(digit, best)
        return Solution(sentences=(*sentences, conclude(noun, best)), answer=str(best))

    return reckon


def count(remainder: int) -> Reckon:
    """How many digits are even (remainder 0) or odd (1)."""

    def reckon(digits: Sequence[int], head: Arithmetic) -> Solution:
        found = sum(digit % 2 == remainder for digit in digits)
        parities = tuple(tell_parity(digit) for digit in digits)
        return Solution(sentences=(*parities, conclude("count", found)), answer=str(found))

    return reckon


def difference(digits: Sequence[int], head: Arithmetic) -> Solution:
    """The smaller of two digits from the larger."""
    low, high = sorted(digits)
    result = abs(head.minus(high, low))
    return Solution(sentences=(subtract(high, low, result), conclude("difference", result)), answer=str(result))


def solve_cell(page: Page, places: Places, head: Arithmetic) -> Solution:
    """Read the row, then pick the column."""
    row, column = places
    digit = page.digits[row - 1][column - 1]
    sentences = (read_line(*row_of(page, places)), read_cell(row, column, digit))
    return Solution(sentences=sentences, answer=str(digit))


def solve_difference(page: Page, places: Places, head: Arithmetic) -> Solution:
    """Read two cells, then take the smaller from the larger."""
    (top, left), (low, right) = places[:2], places[2:]
    first, second = page.digits[top - 1][left - 1], page.digits[low - 1][right - 1]
    reads = (read_cell(top, left, first), read_cell(low, right, second))
    rest = difference((first, second), head)
    return Solution(sentences=(*reads, *rest.sentences), answer=rest.answer)


def solve_rows(page: Page, places: Places, head: Arithmetic) -> Solution:
    """Add up two rows, then compare; a tie goes to the row named first."""
    sentences: list[str] = []
    sums: list[int] = []
    for row in places:
        name, digits = row_of(page, (row,))
        steps, value = add_up(digits, head)
        sentences += [read_line(name, digits), *steps]
        sums.append(value)
    answer = f"row {places[0] if sums[0] >= sums[1] else places[1]}"
    return Solution(sentences=(*sentences, compare(*sums), conclude("larger", answer)), answer=answer)


def solve_where(page: Page, places: Places, head: Arithmetic) -> Solution:
    """Find the largest digit of a row, then its column; a tie goes to the first column."""
    found = along(row_of, extreme("largest", max))(page, places, head)
    column = page.digits[places[0] - 1].index(int(found.answer)) + 1
    return Solution(sentences=(*found.sentences, conclude("column", column)), answer=str(column))


def solve_page_even(page: Page, places: Places, head: Arithmetic) -> Solution:
    """Tell the parity of every digit, row by row, then count."""
    sentences: list[str] = []
    for row, digits in enumerate(page.digits, start=1):
        sentences += [read_line(f"row {row}", digits), *(tell_parity(digit) for digit in digits)]
    found = sum(digit % 2 == 0 for row in page.digits for digit in row)
    return Solution(sentences=(*sentences, conclude("count", found)), answer=str(found))


def solve_transcript(page: Page, places: Places, head: Arithmetic) -> Solution:
    """Read every row; the answer is the whole page."""
    rows = list(enumerate(page.digits, start=1))
    answer = " ".join(f"Row {row}: {' '.join(str(digit) for digit in digits)}." for row, digits in rows)
    return Solution(sentences=tuple(read_line(f"row {row}", digits) for row, digits in rows), answer=answer)

"""The kinds of question inkgrid asks: what each says, which pages it suits, and how it is solved."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.ink.sentences import EXACT, Arithmetic
from seewhy.benchmarks.ink.solving import (
    Places,
    Solution,
    Solve,
    along,
    column_of,
    count,
    diagonal_of,
    extreme,
    row_of,
    solve_cell,
    solve_difference,
    solve_page_even,
    solve_rows,
    solve_transcript,
    solve_where,
    spell,
    total,
)


class AnswerForm(StrEnum):
    """What an answer looks like, and so what its wrong options may look like."""

    DIGIT = "digit"
    SUM = "sum"
    COUNT = "count"
    LINE = "line"
    SHORT_ONLY = "short_only"
    """Too few sensible answers for four options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of question."""

    name: str
    text: str
    """The question, with `{0}`, `{1}`... for its places."""
    choose: Callable[[Page, np.random.Generator], Places]
    solve: Solve
    form: AnswerForm
    suits: Callable[[int, int], bool] = lambda rows, columns: True
    """Whether pages of so many rows and columns may be asked about so."""
    is_clear: Callable[[Page, Places], bool] = lambda page, places: True
    """Whether the page has one right answer."""

    def ask(self, places: Places) -> str:
        """The question about these places."""
        return self.text.format(*places)


def one_row(page: Page, generator: np.random.Generator) -> Places:
    """A row's number."""
    return (int(generator.integers(1, page.rows + 1)),)


def one_column(page: Page, generator: np.random.Generator) -> Places:
    """A column's number."""
    return (int(generator.integers(1, page.columns + 1)),)


def two_rows(page: Page, generator: np.random.Generator) -> Places:
    """Two different rows, the upper one first."""
    first, second = sorted(generator.permutation(page.rows)[:2].tolist())
    return first + 1, second + 1


def one_cell(page: Page, generator: np.random.Generator) -> Places:
    """Row and column of a cell."""
    return *one_row(page, generator), *one_column(page, generator)


def two_cells(page: Page, generator: np.random.Generator) -> Places:
    """Row and column of two different cells."""
    first, second = generator.permutation(page.rows * page.columns)[:2].tolist()
    (top, left), (low, right) = divmod(first, page.columns), divmod(second, page.columns)
    return top + 1, left + 1, low + 1, right + 1


def nowhere(page: Page, generator: np.random.Generator) -> Places:
    """No place: the question is about the page or its only diagonal."""
    return ()


def is_square(rows: int, columns: int) -> bool:
    """Whether there is a diagonal."""
    return rows == columns


def is_small(rows: int, columns: int) -> bool:
    """Whether every digit can be named in a short rationale."""
    return rows * columns <= 6


def rows_differ(page: Page, places: Places) -> bool:
    """Whether one of the two rows has the larger sum."""
    return sum(page.digits[places[0] - 1]) != sum(page.digits[places[1] - 1])


def largest_is_unique(page: Page, places: Places) -> bool:
    """Whether the largest digit of the row is in one column."""
    row = page.digits[places[0] - 1]
    return row.count(max(row)) == 1


READING = (
    Kind(name="read_cell", text="What digit is in row {0}, column {1}?", choose=one_cell, solve=solve_cell,
         form=AnswerForm.DIGIT),
    Kind(name="read_row", text="Read row {0}.", choose=one_row, solve=along(row_of, spell), form=AnswerForm.LINE),
    Kind(name="read_column", text="Read column {0}.", choose=one_column, solve=along(column_of, spell),
         form=AnswerForm.LINE),
    Kind(name="read_diagonal", text="Read the diagonal.", choose=nowhere, solve=along(diagonal_of, spell),
         form=AnswerForm.LINE, suits=is_square),
)  # fmt: skip
REASONING = (
    Kind(name="row_sum", text="What is the sum of row {0}?", choose=one_row, solve=along(row_of, total),
         form=AnswerForm.SUM),
    Kind(name="column_sum", text="What is the sum of column {0}?", choose=one_column, solve=along(column_of, total),
         form=AnswerForm.SUM),
    Kind(name="diagonal_sum", text="What is the sum of the diagonal?", choose=nowhere,
         solve=along(diagonal_of, total), form=AnswerForm.SUM, suits=is_square),
    Kind(name="difference",
         text="What is the difference between row {0}, column {1} and row {2}, column {3}?", choose=two_cells,
         solve=solve_difference, form=AnswerForm.DIGIT),
    Kind(name="largest", text="What is the largest digit in row {0}?", choose=one_row,
         solve=along(row_of, extreme("largest", max)), form=AnswerForm.DIGIT),
    Kind(name="smallest", text="What is the smallest digit in column {0}?", choose=one_column,
         solve=along(column_of, extreme("smallest", min)), form=AnswerForm.DIGIT),
    Kind(name="count_even", text="How many digits in row {0} are even?", choose=one_row,
         solve=along(row_of, count(0)), form=AnswerForm.COUNT),
    Kind(name="page_even", text="How many digits on the page are even?", choose=nowhere, solve=solve_page_even,
         form=AnswerForm.COUNT, suits=is_small),
    Kind(name="compare_rows", text="Which row has the larger sum, row {0} or row {1}?", choose=two_rows,
         solve=solve_rows, form=AnswerForm.SHORT_ONLY, is_clear=rows_differ),
    Kind(name="where_largest", text="In which column is the largest digit of row {0}?", choose=one_row,
         solve=solve_where, form=AnswerForm.SHORT_ONLY, is_clear=largest_is_unique),
)  # fmt: skip
UNSEEN = (
    Kind(name="row_smallest", text="What is the smallest digit in row {0}?", choose=one_row,
         solve=along(row_of, extreme("smallest", min)), form=AnswerForm.DIGIT),
    Kind(name="count_odd", text="How many digits in row {0} are odd?", choose=one_row,
         solve=along(row_of, count(1)), form=AnswerForm.COUNT),
)  # fmt: skip
"""Asked in the shifted split alone: their words are all known, their combination is new."""
TRANSCRIPT = Kind(name="transcript", text="Read the page.", choose=nowhere, solve=solve_transcript,
                  form=AnswerForm.SHORT_ONLY)  # fmt: skip
KINDS = {kind.name: kind for kind in (*READING, *REASONING, *UNSEEN, TRANSCRIPT)}


def places_in(text: str) -> Places:
    """The rows and columns a question's text names, in order.

    Example:
        >>> places_in("What digit is in row 2, column 3?")
        (2, 3)
    """
    return tuple(int(number) for number in re.findall(r"\d+", text))


def solve_as(kind: str, text: str, page: Page, head: Arithmetic = EXACT) -> Solution:
    """The solution of a question's text on a page, gold when the page is the true one and the head is exact."""
    return KINDS[kind].solve(page, places_in(text), head)

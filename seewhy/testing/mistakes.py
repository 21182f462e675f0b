"""Ways to go wrong as pupils do: misread one digit, or slip once in arithmetic, and be consistent from there on."""

import re
from collections.abc import Iterator

import numpy as np

from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.ink.sentences import Arithmetic
from seewhy.records.types import Question
from seewhy.testing.ground import Solved, solve_on

SLIP_SHARE = 0.4
"""How often a mistake is a slip, where there is arithmetic to slip in; else a digit is misread."""
STEP = re.compile(r"(\d+) (?:plus|minus) (\d+) is (\d+)\.")


def solve_wrongly(question: Question, page: Page, generator: np.random.Generator) -> Solved:
    """A solution with one mistake that, where any mistake can, leads to a wrong answer which is an option."""
    gold = solve_on(question, page)
    slips = slip_sites(gold)
    if slips and generator.random() < SLIP_SHARE:
        tries = [*slipped(question, page, slips, generator), *misread(question, page, generator)]
    else:
        tries = misread(question, page, generator)
    second_best: list[Solved] = []
    for solved in tries:
        if solved.answer != gold.answer and (not question.options or solved.value in question.options):
            return solved
        if solved.sentences != gold.sentences:
            second_best.append(solved)
    return min(second_best, key=lambda solved: solved.answer == gold.answer)


def slip_sites(gold: Solved) -> list[tuple[int, int, int]]:
    """Left number, right number and result of every step of arithmetic."""
    steps = [STEP.fullmatch(sentence) for sentence in gold.sentences]
    return [(int(step[1]), int(step[2]), int(step[3])) for step in steps if step]


def slipped(
    question: Question, page: Page, sites: list[tuple[int, int, int]], generator: np.random.Generator
) -> Iterator[Solved]:
    """Solutions with one slip each, in random order."""
    slips = [(left, right, by) for left, right, result in sites for by in (-10, -2, -1, 1, 2, 10) if result + by >= 0]
    for at in generator.permutation(len(slips)).tolist():
        left, right, by = slips[at]
        yield solve_on(question, page, Arithmetic(slips=(left, right), by=by))


def misread(question: Question, page: Page, generator: np.random.Generator) -> Iterator[Solved]:
    """Solutions with one misread digit each, in random order."""
    for at in generator.permutation(page.rows * page.columns * 9).tolist():
        cell, shift = divmod(at, 9)
        row, column = divmod(cell, page.columns)
        digit = (page.digits[row][column] + 1 + shift) % 10
        yield solve_on(question, page.with_digit(row, column, digit))

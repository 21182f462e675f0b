"""Four options; which is right can be seen in the picture alone.

Each set is symmetric: were the wrong options made by changing one digit of the right one, the right one would be
their centre, and a model without the picture could find it by vote.
"""

import numpy as np

from seewhy.benchmarks.ink.kinds import AnswerForm
from seewhy.benchmarks.ink.page import Page

REACH = 5
"""Numbers among the options are within this distance of the right one: near misses, as of one misread digit."""


def draw_options(form: AnswerForm, answer: str, page: Page, generator: np.random.Generator) -> tuple[str, ...]:
    """Four distinct options in random order, the answer among them."""
    if form is AnswerForm.LINE:
        options = twin_lines(answer, generator)
    else:
        options = near_numbers(int(answer), highest(form, page), generator)
    return tuple(options[place] for place in generator.permutation(4).tolist())


def highest(form: AnswerForm, page: Page) -> int:
    """The largest number a sensible option may be."""
    match form:
        case AnswerForm.DIGIT:
            return 9
        case AnswerForm.SUM:
            return 9 * max(page.rows, page.columns)
        case AnswerForm.COUNT:
            return max(page.rows, page.columns, 3)
        case AnswerForm.LINE | AnswerForm.SHORT_ONLY:
            raise ValueError(f"answers of form {form} are no numbers and have no highest one")


def near_numbers(answer: int, most: int, generator: np.random.Generator) -> tuple[str, ...]:
    """Four numbers from 0 to `most` near the answer, which is as often the smallest as the largest of them."""
    below = list(range(max(0, answer - REACH), answer))
    above = list(range(answer + 1, max(min(most, answer + REACH), 3) + 1))
    ranks = [rank for rank in range(4) if rank <= len(below) and 3 - rank <= len(above)]
    rank = int(generator.choice(ranks))
    lower = generator.permutation(below)[:rank].tolist()
    upper = generator.permutation(above)[: 3 - rank].tolist()
    return tuple(str(int(number)) for number in (answer, *lower, *upper))


def twin_lines(answer: str, generator: np.random.Generator) -> tuple[str, ...]:
    """The line, and the three others that take another digit at one or both of two places."""
    digits = answer.split()
    first, second = generator.permutation(len(digits))[:2].tolist()
    lines: list[str] = []
    others = {place: other_digit(int(digits[place]), generator) for place in (first, second)}
    for changed in ((), (first,), (second,), (first, second)):
        lines.append(" ".join(others[at] if at in changed else digit for at, digit in enumerate(digits)))
    return tuple(lines)


def other_digit(digit: int, generator: np.random.Generator) -> str:
    """Any digit but this one."""
    return str((digit + int(generator.integers(1, 10))) % 10)

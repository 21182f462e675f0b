"""Drills about digits that are in the question: a language model reasons in text before it reasons about pictures.

Steps are copied from one another as in a rationale, and end, where there are options, at a letter.
"""

import numpy as np

from seewhy.benchmarks.ink.drills import LINE, WIDEST
from seewhy.benchmarks.ink.kinds import AnswerForm
from seewhy.benchmarks.ink.options import draw_options
from seewhy.benchmarks.ink.posing import gold_of, option_sentence
from seewhy.benchmarks.ink.sentences import EXACT
from seewhy.benchmarks.ink.solving import Reckon, count, difference, extreme, total
from seewhy.records.types import Question, Split

OPTIONS_SHARE = 0.5
"""Share of the drills that offer options."""


LINES: dict[str, tuple[str, Reckon, AnswerForm]] = {
    "drill_sum": ("What is the sum of {}?", total, AnswerForm.SUM),
    "drill_largest": ("What is the largest of {}?", extreme("largest", max), AnswerForm.DIGIT),
    "drill_smallest": ("What is the smallest of {}?", extreme("smallest", min), AnswerForm.DIGIT),
    "drill_count": ("How many of {} are even?", count(0), AnswerForm.COUNT),
    "drill_difference": ("What is the difference between {}?", difference, AnswerForm.DIGIT),
}
"""Question, how it is worked out, and what its answers look like; all are drawn equally often."""


def pose_line_drill(generator: np.random.Generator, address: str) -> Question:
    """One drill about a line of two or three digits; `address` becomes its id."""
    name = list(LINES)[int(generator.integers(len(LINES)))]
    text, reckon, form = LINES[name]
    length = 2 if name == "drill_difference" else int(generator.integers(2, LINE + 1))
    digits = generator.integers(0, 10, size=length).tolist()
    solution = reckon(digits, EXACT)
    options: tuple[str, ...] = ()
    if generator.random() < OPTIONS_SHARE:
        options = draw_options(form, solution.answer, WIDEST, generator)
    return Question(
        id=address,
        benchmark="inkgrid",
        split=Split.TRAIN,
        text=text.format(", ".join(map(str, digits))),
        options=options,
        gold=gold_of(solution.answer, options),
        rationale=" ".join((*solution.sentences, *option_sentence(solution.answer, options))),
        facets={"kind": name, "steps": str(min(4, len(solution.sentences))),
                "format": "letter" if options else "short"},
    )  # fmt: skip

"""What is known about an inkgrid question before any chain is read: its page, its solution, its answer."""

import string
from dataclasses import dataclass

import numpy as np

from seewhy.benchmarks.ink.kinds import places_in, solve_as
from seewhy.benchmarks.ink.page import Page, random_page
from seewhy.benchmarks.ink.posing import option_sentence
from seewhy.benchmarks.ink.sentences import EXACT, Arithmetic, name_option
from seewhy.benchmarks.ink.solving import Solution
from seewhy.model.prompts import lesson_text
from seewhy.records.types import Question, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A way to an answer: the sentences, the option's included, and the text of the answer line."""

    sentences: tuple[str, ...]
    value: str
    """The answer in words, before it became a letter."""
    answer: str

    def reply(self, style: Style) -> str:
        """The chain's text: sentences and answer line, or the bare answer."""
        return self.answer if style is Style.DIRECT else lesson_text(" ".join(self.sentences), self.answer)


def page_of(question: Question) -> Page:
    """The true page of a question; ValueError where the question is not of inkgrid."""
    if not {"page", "kind", "noise"} <= question.facets.keys():
        raise ValueError(
            f"question {question.id} of benchmark {question.benchmark} lacks the facets page, kind and noise: "
            "the oracle knows questions of inkgrid alone, as inkgrid.load makes them"
        )
    return Page.from_text(question.facets["page"], noise=question.facets["noise"])


def guess_page(question: Question, generator: np.random.Generator) -> Page:
    """A page of uniform digits, square and as large as the question's places need: what a text alone allows."""
    side = max((3, *places_in(question.text)))
    return random_page(side, side, question.facets["noise"], generator)


def solve_on(question: Question, page: Page, head: Arithmetic = EXACT) -> Solved:
    """The question solved on a page, be it the true one or not."""
    return with_option(question, solve_as(question.facets["kind"], question.text, page, head))


def with_option(question: Question, solution: Solution) -> Solved:
    """The solution with its letter; an answer that is no option takes the nearest one."""
    if not question.options:
        return Solved(sentences=solution.sentences, value=solution.answer, answer=solution.answer)
    option = nearest_option(solution.answer, question.options)
    letter = string.ascii_uppercase[question.options.index(option)]
    sentence = option_sentence(option, question.options)
    if option != solution.answer:
        sentence = (name_option(solution.answer, letter),)
    return Solved(sentences=(*solution.sentences, *sentence), value=solution.answer, answer=letter)


def nearest_option(answer: str, options: tuple[str, ...]) -> str:
    """The option nearest in value, or, where options are lines, the one that shares most digits in place."""
    if answer in options:
        return answer
    if answer.isdecimal():
        return min(options, key=lambda option: abs(int(option) - int(answer)))
    return max(options, key=lambda option: sum(a == b for a, b in zip(option.split(), answer.split(), strict=False)))

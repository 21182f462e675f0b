"""Makes questions: a page, a kind, places, a gold rationale and answer, all drawn from one generator."""

import string
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from seewhy.benchmarks.ink.kinds import READING, REASONING, TRANSCRIPT, UNSEEN, AnswerForm, Kind, Places
from seewhy.benchmarks.ink.options import draw_options
from seewhy.benchmarks.ink.page import Page, random_page
from seewhy.benchmarks.ink.sentences import EXACT, name_option
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split

SMALL_GRIDS = ((2, 2), (2, 3), (3, 2), (3, 3))
LARGE_GRIDS = ((3, 4), (4, 3), (4, 4))
PLAIN_NOISE = {"low": 1 / 3, "medium": 1 / 3, "high": 1 / 3}
SHIFTED_NOISE = {"medium": 1 / 3, "high": 1 / 3, "severe": 1 / 3}
WITH_OPTIONS = 0.2
"""Share of questions that offer options: the tiny model guesses among four at the end of a rationale."""
BASE_NOISE = {"low": 0.3, "medium": 0.3, "high": 0.3, "severe": 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Syllabus:
    """What may be asked, and of which pages."""

    kinds: tuple[Kind, ...]
    grids: tuple[tuple[int, int], ...]
    noise: dict[str, float]
    """Noise levels and how often each is drawn; sums to 1."""


PLAIN = Syllabus(kinds=(*READING, *REASONING), grids=SMALL_GRIDS, noise=PLAIN_NOISE)
SHIFTED = Syllabus(kinds=(*READING, *REASONING, *(UNSEEN * 3)), grids=LARGE_GRIDS, noise=SHIFTED_NOISE)
BASE_READING = Syllabus(kinds=READING, grids=(*SMALL_GRIDS, *LARGE_GRIDS), noise=BASE_NOISE)
BASE_TRANSCRIPT = Syllabus(kinds=(TRANSCRIPT,), grids=(*SMALL_GRIDS, *LARGE_GRIDS), noise=BASE_NOISE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnQuestion:
    """A question's page, kind, places and options, before it has a picture and an id."""

    page: Page
    kind: Kind
    places: Places
    options: tuple[str, ...]


def generator_at(*address: object) -> np.random.Generator:
    """The generator of an address such as a question's id: the same for ever, whatever else is drawn."""
    digest = sha256("\x1f".join(str(part) for part in address).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest)))


def pose(syllabus: Syllabus, generator: np.random.Generator) -> DrawnQuestion:
    """Draw a question, some of them with options where kinds allow it."""
    with_options = bool(generator.random() < WITH_OPTIONS)
    kinds = kinds_to_choose(syllabus, with_options) or kinds_to_choose(syllabus, False)
    kind = kinds[int(generator.integers(len(kinds)))]
    grids = [grid for grid in syllabus.grids if kind.suits(*grid)]
    rows, columns = grids[int(generator.integers(len(grids)))]
    noise = str(generator.choice(list(syllabus.noise), p=list(syllabus.noise.values())))
    page = random_page(rows, columns, noise, generator)
    places = kind.choose(page, generator)
    while not kind.is_clear(page, places):
        page = random_page(rows, columns, noise, generator)
    options: tuple[str, ...] = ()
    if with_options and kind.form is not AnswerForm.SHORT_ONLY:
        answer = kind.solve(page, places, EXACT).answer
        options = draw_options(kind.form, answer, page, generator)
    return DrawnQuestion(page=page, kind=kind, places=places, options=options)


def kinds_to_choose(syllabus: Syllabus, with_options: bool) -> list[Kind]:
    """The kinds that suit at least one grid and, if so wished, can have options."""
    return [
        kind
        for kind in syllabus.kinds
        if any(kind.suits(*grid) for grid in syllabus.grids)
        and not (with_options and kind.form is AnswerForm.SHORT_ONLY)
    ]


def to_question(posed: DrawnQuestion, image: ImageRef, address: str, split: Split) -> Question:
    """The question with its gold answer, gold rationale and facets; `address` becomes its id."""
    solution = posed.kind.solve(posed.page, posed.places, EXACT)
    sentences = (*solution.sentences, *option_sentence(solution.answer, posed.options))
    return Question(
        id=address,
        benchmark="inkgrid",
        split=split,
        text=posed.kind.ask(posed.places),
        options=posed.options,
        images=(image,),
        gold=gold_of(solution.answer, posed.options),
        rationale=None if posed.kind is TRANSCRIPT else " ".join(sentences),
        facets={
            "kind": posed.kind.name,
            "steps": str(min(4, len(solution.sentences))),
            "grid": f"{posed.page.rows}x{posed.page.columns}",
            "noise": posed.page.noise,
            "format": "letter" if posed.options else "short",
            "page": posed.page.text,
        },
    )


def gold_of(answer: str, options: tuple[str, ...]) -> Gold:
    """The letter of the answer among the options, or the answer itself: a sum that is 5 % off is wrong here."""
    if options:
        return Gold(answers=(string.ascii_uppercase[options.index(answer)],), rule=MatchRule.LETTER)
    return Gold(answers=(answer,), rule=MatchRule.EXACT)


def option_sentence(answer: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """The sentence that turns an answer into a letter; none for a short answer."""
    return (name_option(answer, string.ascii_uppercase[options.index(answer)]),) if options else ()

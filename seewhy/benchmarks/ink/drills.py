"""Drills without a picture: what a language model knows before it is shown one, from addition tables to option letters.

Each is one step of a rationale, asked alone and answered in the words a rationale says it in; none asks for two steps
that depend on each other. Letters are the hardest: a net of this size finds its answer among four options after some
thousand steps, and sums after some hundred (`docs/log.md`).
"""

from collections.abc import Callable

import numpy as np

from seewhy.benchmarks.ink.kinds import AnswerForm
from seewhy.benchmarks.ink.options import draw_options
from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.ink.posing import gold_of, option_sentence
from seewhy.benchmarks.ink.sentences import EXACT, add_up, compare, subtract, tell_parity
from seewhy.records.types import Question, Split

Drill = tuple[str, str | None, str, tuple[str, ...]]
"""Question, sentence that answers it (None where the answer is all there is to say), answer, options."""
WIDEST = Page(digits=((0, 0, 0),) * 3, noise="low")
"""Sums of a drill's options are those of pages this large."""
LINE = 3
"""Digits in a line among options, at most."""
RECITED = 8
"""Sentences of a recitation."""
MOST = 19
"""Running totals go up to it; from there a rationale adds a digit."""


def draw_answer(generator: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """An answer such as a page could have, and four options with the answer among them."""
    forms = (AnswerForm.DIGIT, AnswerForm.SUM, AnswerForm.COUNT, AnswerForm.LINE)
    form = forms[int(generator.integers(len(forms)))]
    match form:
        case AnswerForm.LINE:
            length = int(generator.integers(2, LINE + 1))
            answer = " ".join(str(digit) for digit in generator.integers(0, 10, size=length).tolist())
        case AnswerForm.COUNT:
            answer = str(generator.integers(0, LINE + 1))
        case AnswerForm.DIGIT:
            answer = str(generator.integers(0, 10))
        case _:
            answer = str(generator.integers(0, 9 * LINE + 1))
    return answer, draw_options(form, answer, WIDEST, generator)


def drill_options(generator: np.random.Generator) -> Drill:
    """Find an answer among options."""
    answer, options = draw_answer(generator)
    (sentence,) = option_sentence(answer, options)
    return f"Which option is {answer}?", sentence, answer, options


def drill_all_options(generator: np.random.Generator) -> Drill:
    """Find every option, in any order, the one asked for last: four letters to learn from instead of one."""
    answer, options = draw_answer(generator)
    others = [options[place] for place in generator.permutation(4).tolist() if options[place] != answer]
    sentences = [sentence for option in (*others, answer) for sentence in option_sentence(option, options)]
    return f"Go through the options. Which is {answer}?", " ".join(sentences), answer, options


def drill_plus(generator: np.random.Generator) -> Drill:
    """Add a digit."""
    left, right = int(generator.integers(0, MOST)), int(generator.integers(0, 10))
    (sentence,), total = add_up((left, right), EXACT)
    return f"What is {left} plus {right}?", sentence, str(total), ()


def drill_minus(generator: np.random.Generator) -> Drill:
    """Subtract the smaller digit."""
    right, left = sorted(generator.integers(0, 10, size=2).tolist())
    result = EXACT.minus(left, right)
    return f"What is {left} minus {right}?", subtract(left, right, result), str(result), ()


def drill_order(generator: np.random.Generator) -> Drill:
    """Compare two numbers."""
    most = 10 if generator.random() < 0.5 else 9 * LINE + 1
    left, right = generator.integers(0, most, size=2).tolist()
    answer = "equal to" if left == right else "more than" if left > right else "less than"
    return f"Is {left} more than, less than or equal to {right}?", compare(left, right), answer, ()


def drill_parity(generator: np.random.Generator) -> Drill:
    """Even or odd."""
    digit = int(generator.integers(0, 10))
    return f"Is {digit} even or odd?", tell_parity(digit), "odd" if digit % 2 else "even", ()


STEPS = (drill_plus, drill_plus, drill_plus, drill_order, drill_order, drill_minus, drill_parity)
"""What is recited, additions most often: there are most of them."""


def drill_recite(generator: np.random.Generator) -> Drill:
    """Say true steps that were not asked for: what makes them true is in the sentence alone, as in a rationale."""
    chosen = [STEPS[place] for place in generator.integers(0, len(STEPS), size=RECITED).tolist()]
    return "Say eight true sentences.", None, " ".join(str(step(generator)[1]) for step in chosen), ()


DRILLS: dict[str, tuple[Callable[[np.random.Generator], Drill], float]] = {
    "drill_recite": (drill_recite, 0.3),
    "drill_all_options": (drill_all_options, 0.4),
    "drill_options": (drill_options, 0.15),
    "drill_plus": (drill_plus, 0.05),
    "drill_order": (drill_order, 0.04),
    "drill_minus": (drill_minus, 0.04),
    "drill_parity": (drill_parity, 0.02),
}
"""Kinds of drill, and the share of each; shares sum to 1."""


def pose_drill(generator: np.random.Generator, address: str) -> Question:
    """One drill as a training question without a picture; `address` becomes its id."""
    name = str(generator.choice(list(DRILLS), p=[share for _, share in DRILLS.values()]))
    text, sentence, answer, options = DRILLS[name][0](generator)
    return Question(
        id=address,
        benchmark="inkgrid",
        split=Split.TRAIN,
        text=text,
        options=options,
        gold=gold_of(answer, options),
        rationale=None if sentence is None else f"So {sentence}",
        facets={"kind": name, "steps": "1", "format": "letter" if options else "short"},
    )

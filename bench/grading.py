"""Outcome gradings a second on one core, for four rules, the first two beside rules in the manner of VLMEvalKit.

Replies are of the lengths of a model's: half are chains of some 900 characters that end in a statement, half are
direct. Theirs is the rule of `seewhy/judging/suites`, written after VLMEvalKit's public rule: it reads direct replies
alone, and is given the same ones.

Containment reads direct replies of some 900 characters against ten gold answers. Formulas are pairs that are all
different: numbers, fractions, roots, polynomials, points and multiples of pi, equal in another spelling or unequal.
"""

import argparse
import random
import time
from collections.abc import Callable
from statistics import median

from seewhy.judging.answers.compat import Compat
from seewhy.judging.answers.matching import match_answer
from seewhy.judging.answers.math_process import MathProcess
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style

GOAL = 20_000
"""Gradings a second that both rules must reach."""
GOALS = {"containment": 10_000, "formulas": 300}
THOUGHT = ("The row holds five and seven.", "We add them up.", "One is larger than its neighbour.", "So far so good.")
FORMS = ("### Answer: {}", "Final answer: {}", "The answer is {}.", "Answer: \\boxed{{{}}}", "The answer is ({}).")
SIGNS = ("nokia", "coca cola", "exit", "stop", "5%", "$4", "12.5 km", "the blue house", "ten", "no entry")
OPTIONS = ("a red house", "a blue house", "a green house", "a yellow house")


def chains_of(rng: random.Random, answers: list[str], count: int) -> list[Chain]:
    """`count` replies, every second one a chain of thought."""
    chains: list[Chain] = []
    for index in range(count):
        answer, is_long = rng.choice(answers), index % 2 == 0
        thought = " ".join(rng.choices(THOUGHT, k=36)) + "\n" if is_long else ""
        text = thought + (rng.choice(FORMS).format(answer) if is_long else answer)
        style = Style.REASON if is_long else Style.DIRECT
        chains.append(
            Chain(question_id="q", index=index, style=style, text=text, stop=FinishReason.END, sampler="s", seed=0)
        )
    return chains


def question_of(rule: MatchRule, gold: str, options: tuple[str, ...]) -> Question:
    return Question(
        id="q", benchmark="bench", split=Split.TEST, text="", gold=Gold(answers=(gold,), rule=rule), options=options,
        facets={},
    )  # fmt: skip


def rate(judge: OutcomeJudge, question: Question, chains: list[Chain]) -> float:
    """Gradings a second of CPU time."""
    start = time.process_time()
    for chain in chains:
        judge(question, chain)
    return len(chains) / (time.process_time() - start)


def long_replies(rng: random.Random, count: int) -> list[Chain]:
    """Direct replies of many words with a short text in quotes at their end."""
    texts = (" ".join(rng.choices(THOUGHT, k=36)) + f' It says "{rng.choice(SIGNS)}".' for _ in range(count))
    return [
        Chain(
            question_id="q", index=index, style=Style.DIRECT, text=text, stop=FinishReason.END, sampler="s", seed=0
        )
        for index, text in enumerate(texts)
    ]  # fmt: skip


def formulas(rng: random.Random) -> tuple[str, str]:
    """A gold formula and an answer, equal or not."""
    a, b, c = (rng.randint(2, 99) for _ in range(3))
    gold, answers = rng.choice(
        [
            (f"{a * b}", (f"${a * b}$", f"{a * b}.0", f"{a * c}", f"\\boxed{{{a * b}}}")),
            (f"\\frac{{{a}}}{{{b}}}", (f"\\dfrac{{{a}}}{{{b}}}", f"{a}/{b}", f"\\frac{{{a}}}{{{c}}}")),
            (f"{a}\\sqrt{{{b}}}", (f"{a}√{b}", f"\\sqrt{{{a * a * b}}}", f"{c}\\sqrt{{{b}}}")),
            (f"{a}x^2+{b}x+{c}", (f"{a}x^{{2}} + {b}x + {c}", f"{c}+{b}x+{a}x^2", f"{a}x^2-{b}x+{c}")),
            (f"({a}, {b})", (f"\\left({a}, {b}\\right)", f"({b}, {a})", f"({a}, {c})")),
            (f"{a}\\pi", (f"{a} \\pi", f"{a}π", f"{c}\\pi", f"{a}")),
        ]
    )
    return gold, rng.choice(answers)


def formula_rate(rng: random.Random, count: int) -> float:
    """Comparisons a second of wall time, the child process included, after it has started."""
    prove = MathProcess()
    prove("\\sqrt{8}", "2\\sqrt{2}")
    pairs = [formulas(rng) for _ in range(count)]
    start = time.perf_counter()
    for gold, answer in pairs:
        match_answer(Gold(answers=(gold,), rule=MatchRule.MATH), answer, (), prove)
    seconds = time.perf_counter() - start
    prove.close()
    return count / seconds


def main() -> None:
    """Print a table and, last, the smaller of our two rates against the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--chains", type=int, default=20_000)
    said = parser.parse_args()
    rng = random.Random(0)
    numbers = [str(rng.randint(0, 9999)) for _ in range(50)] + ["$1,250.5", "75%", "3/4", "12 apples"]
    cases: list[tuple[str, Question, list[str]]] = [
        ("letter", question_of(MatchRule.LETTER, "B", OPTIONS), list("ABCD")),
        ("number", question_of(MatchRule.RELAXED_NUMBER, "1234", ()), numbers),
    ]
    makers: list[tuple[str, Callable[[], OutcomeJudge]]] = [
        ("seewhy", OutcomeJudge),
        ("vlmevalkit's rule", lambda: OutcomeJudge(compat=Compat.VLMEVALKIT)),
    ]
    print(f"{'rule':<10}{'graded by':<22}{'gradings a second':>18}")
    ours: list[float] = []
    for name, question, answers in cases:
        chains = chains_of(rng, answers, said.chains)
        for maker, make in makers:
            rates = [rate(make(), question, chains) for _ in range(said.runs)]
            ours += [median(rates)] if maker == "seewhy" else []
            print(f"{name:<10}{maker:<22}{median(rates):>18,.0f}")
    signs = Question(
        id="q", benchmark="bench", split=Split.TEST, text="", gold=Gold(answers=SIGNS, rule=MatchRule.CONTAINMENT),
        facets={},
    )  # fmt: skip
    replies = long_replies(rng, said.chains // 10)
    found = {
        "containment": median(rate(OutcomeJudge(), signs, replies) for _ in range(said.runs)),
        "formulas": median(formula_rate(rng, said.chains // 10) for _ in range(said.runs)),
    }
    for name, each in found.items():
        print(f"{name:<12}{'seewhy':<20}{each:>18,.0f}  (goal {GOALS[name]:,})")
    print(f"goal: {GOAL:,} a second on one core")
    print(f"ratio: {min(ours) / GOAL:.2f}")


if __name__ == "__main__":
    main()

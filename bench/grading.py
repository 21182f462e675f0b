"""Outcome gradings a second on one core, for letter and number rules, beside rules in the manner of VLMEvalKit.

Replies are of the lengths of a model's: half are chains of some 900 characters that end in a statement, half are
direct. Theirs is the rule of `seewhy/judging/suites`, written after VLMEvalKit's public rule: it reads direct replies
alone, and is given the same ones.
"""

import argparse
import random
import time
from collections.abc import Callable
from statistics import median

from seewhy.judging.answers.compat import Compat
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style

GOAL = 20_000
"""Gradings a second that both rules must reach."""
THOUGHT = ("The row holds five and seven.", "We add them up.", "One is larger than its neighbour.", "So far so good.")
FORMS = ("### Answer: {}", "Final answer: {}", "The answer is {}.", "Answer: \\boxed{{{}}}", "The answer is ({}).")
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
    print(f"goal: {GOAL:,} a second on one core")
    print(f"ratio: {min(ours) / GOAL:.2f}")


if __name__ == "__main__":
    main()

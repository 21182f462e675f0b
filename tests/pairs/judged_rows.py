"""Chains with verdicts, written short."""

import random
from dataclasses import replace

from seewhy.records.types import Chain, FinishReason, Outcome, Span, Style, Verdict

RIGHT, WRONG, NONE, UNJUDGED = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.UNJUDGED


def judged_row(
    outcome: Outcome,
    index: int,
    *,
    question: str = "q",
    answer: str | None = None,
    text: str | None = None,
    style: Style = Style.REASON,
    stop: FinishReason = FinishReason.END,
) -> tuple[Chain, Verdict]:
    """One chain and its verdict; text and answer are its own unless they are given."""
    spoken = answer if answer is not None else ("12" if outcome is RIGHT else f"{100 + index}")
    chain = Chain(
        question_id=question, index=index, style=style, text=text or f"chain {index} says {spoken}",
        token_ids=(index, 7), stop=stop, sampler="teacher", seed=0,
    )  # fmt: skip
    verdict = Verdict(
        question_id=question, index=index, style=style, judge="outcome", outcome=outcome,
        answer=None if outcome in {NONE, UNJUDGED} else spoken, why="because",
    )  # fmt: skip
    return chain, verdict


def judged_rows(*outcomes: Outcome, question: str = "q", style: Style = Style.REASON) -> list[tuple[Chain, Verdict]]:
    """A chain of each outcome, with indices from 0."""
    return [judged_row(outcome, index, question=question, style=style) for index, outcome in enumerate(outcomes)]


def split_rows(rows: list[tuple[Chain, Verdict]]) -> tuple[list[Chain], list[Verdict]]:
    """Chains and verdicts as the stages hand them over, the verdicts in another order."""
    return [chain for chain, _ in rows], [verdict for _, verdict in reversed(rows)]


def many_rows(count: int, seed: int = 0) -> list[tuple[Chain, Verdict]]:
    """Chains of `count` questions, of all kinds: both styles, repeated texts and answers, cut off, unjudged, scored."""
    rng = random.Random(seed)
    rows: list[tuple[Chain, Verdict]] = []
    for number in range(count):
        for style in rng.sample([Style.DIRECT, Style.REASON], rng.choice([1, 1, 1, 2])):
            for index in range(rng.choice([1, 2, 4, 8, 8, 9])):
                outcome = rng.choice([RIGHT, RIGHT, RIGHT, WRONG, WRONG, WRONG, NONE, UNJUDGED])
                answer = rng.choice([f"{rng.randrange(20)}", " The Answer. ", "the answer", "Größe"])
                text = rng.choice([None, None, "same", "same "])
                stop = rng.choice([FinishReason.END, FinishReason.END, FinishReason.LENGTH])
                chain, verdict = judged_row(
                    outcome, index, question=f"q{number}", answer=answer, text=text, style=style, stop=stop
                )
                ids = rng.choice([None, chain.token_ids, ()])
                score = rng.choice([None, 1.0, 2.5, rng.random()])
                spans = tuple(Span(start=place, end=place + 3, score=random.Random(len(rows) + place).random())
                              for place in range(0, len(chain.text) - 3, 4))  # fmt: skip
                rows.append((replace(chain, token_ids=ids), replace(verdict, score=score, spans=spans)))
    return rows

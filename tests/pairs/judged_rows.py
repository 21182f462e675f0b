"""Chains with verdicts, written short."""

from seewhy.records.types import Chain, FinishReason, Outcome, Style, Verdict

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

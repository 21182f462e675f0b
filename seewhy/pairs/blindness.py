"""Chains and their continuations without the pictures: what is kept of a chain, and the verdict that tells the two."""

from seewhy.records.types import Chain, Outcome, Verdict

JUDGE = "continue_blind"
SEEN, BLIND = 1.0, 0.0
"""`Verdict.score` of a chain that was drawn with the pictures, and of one that was continued without them."""
UNSEEN = " without pictures"
"""Ends the `Chain.sampler` of a chain that was continued without them."""


def first_words(text: str, share: float) -> str:
    """The beginning of a text that holds this share of its words, rounded down, without white space at its end.

    Example:
        >>> first_words("Row 1 reads  3 5.", 0.5), first_words("One", 0.5)
        ('Row 1', '')
    """
    words = text.split()
    kept = words[: int(len(words) * share)]
    end = 0
    for word in kept:
        end = text.index(word, end) + len(word)
    return text[:end]


def is_blind(chain: Chain) -> bool:
    """Whether a chain was continued without the pictures."""
    return chain.sampler.endswith(UNSEEN)


def sight_verdict(chain: Chain) -> Verdict:
    """Whether a chain was drawn with the pictures: no judge has graded it."""
    blind = is_blind(chain)
    return Verdict(
        question_id=chain.question_id, index=chain.index, style=chain.style, judge=JUDGE, outcome=Outcome.UNJUDGED,
        score=BLIND if blind else SEEN, why="continued without the pictures" if blind else "drawn with the pictures",
    )  # fmt: skip

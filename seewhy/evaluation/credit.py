"""Which tokens a trained model has come to like or dislike, and whether the disliked ones are the wrong ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from seewhy.evaluation.crediting import share_a_character
from seewhy.evaluation.intervals import Bools, Floats, Ints, spread_interval
from seewhy.evaluation.rewards import centred, log_ratios
from seewhy.records.measures import Interval
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Chain, ScoredChain, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One token in a chain's text, by character offsets.

    Example:
        >>> Piece(token=" 7", start=10, end=12).end
        12
    """

    token: str
    start: int
    end: int


def pieces_of(text: str, tokens: Sequence[str]) -> list[Piece]:
    """Tokens with their offsets in a chain's text, which is the joined tokens without the spaces around them.

    Example:
        >>> [(piece.start, piece.end) for piece in pieces_of("It is 7", [" It", " is", " 7", ""])]
        [(0, 2), (2, 5), (5, 7), (7, 7)]
    """
    joined = "".join(tokens)
    at, pieces = len(joined.lstrip()) - len(joined), list[Piece]()
    for token in tokens:
        start, end = (min(max(place, 0), len(text)) for place in (at, at + len(token)))
        pieces.append(Piece(token=token, start=start, end=end))
        at += len(token)
    return pieces


def assign_credit(
    chain: Chain, pieces: Sequence[Piece], scored: ScoredChain, wrong: Sequence[Span] | None
) -> tuple[TokenCredit, ...]:
    """Credit of each token: log pi - log ref minus its mean over the chain (LLaVA-Reasoner, section 5.4).

    Args:
        chain: the chain.
        pieces: its tokens, one for each scored log-prob.
        scored: the same chain's log-probs.
        wrong: the sentences known to be wrong; None when unknown.

    Raises:
        ValueError: the scores are of another chain, of other tokens, or a piece is outside the text.
    """
    check_same_chain(chain, pieces, scored)
    return credit_rows(chain, pieces, centred(log_ratios(scored)), wrong)


def credit_rows(
    chain: Chain, pieces: Sequence[Piece], values: Sequence[float], wrong: Sequence[Span] | None
) -> tuple[TokenCredit, ...]:
    """A row a token with its credit, of any kind.

    A token that shares a character with a wrong span is wrong. A token without characters, such as the end of
    turn, is in no sentence: whether it is wrong is unknown.
    """
    return tuple(
        TokenCredit(
            question_id=chain.question_id,
            index=chain.index,
            position=position,
            token=piece.token,
            start=piece.start,
            end=piece.end,
            credit=value,
            wrong=_is_wrong(piece, wrong),
        )
        for position, (piece, value) in enumerate(zip(pieces, values, strict=True))
    )


def credit_auroc(
    rows: Iterable[TokenCredit], *, seed: int = 0, resamples: int = 1000, confidence: float = 0.95
) -> Interval | None:
    """Chance that a wrong token has less credit than one that is not wrong; a tie counts half.

    The Mann-Whitney form of the area under the ROC curve, pooled over all tokens whose `wrong` is known: chains
    that are right all through count too, as they would for a reader who looks for errors. The interval comes from
    a bootstrap that draws whole questions, because tokens of a chain, and chains of a picture, go together; draws
    in which a kind is missing are passed over. None where all tokens are of one kind.
    """
    known = [row for row in rows if row.wrong is not None]
    wrong = np.array([row.wrong for row in known], dtype=np.bool_)
    if wrong.all() or not wrong.any():
        return None
    credit = np.array([row.credit for row in known], dtype=np.float64)
    numbers = {name: number for number, name in enumerate(sorted({row.question_id for row in known}))}
    value = _auroc(credit, wrong)
    if len(numbers) < 2:
        return Interval(value=value, low=0.0, high=1.0)
    question = np.array([numbers[row.question_id] for row in known], dtype=np.int64)
    return spread_interval(value, _auroc_draws(credit, wrong, question, seed, resamples), confidence)


def _auroc(credit: Floats, wrong: Bools) -> float:
    ranks: Floats = rankdata(-credit)
    positives = int(wrong.sum())
    above = float(ranks[wrong].sum()) - positives * (positives + 1) / 2
    return above / (positives * (len(wrong) - positives))


def _auroc_draws(credit: Floats, wrong: Bools, question: Ints, seed: int, resamples: int) -> Floats:
    """AUROC of each draw of questions with replacement: a token weighs as often as its question was drawn."""
    order = np.argsort(-credit, kind="stable")
    ranked = -credit[order]
    firsts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    wrong, question = wrong[order], question[order]
    random, questions = np.random.default_rng(seed), int(question.max()) + 1
    areas: list[float] = []
    for _ in range(resamples):
        weight = random.multinomial(questions, np.full(questions, 1 / questions))[question].astype(np.float64)
        bad: Floats = np.add.reduceat(weight * wrong, firsts)
        fine: Floats = np.add.reduceat(weight * ~wrong, firsts)
        pairs = float(bad.sum() * fine.sum())
        if pairs > 0:
            areas.append(float(bad @ (np.cumsum(fine) - fine / 2)) / pairs)
    return np.array(areas)


def _is_wrong(piece: Piece, wrong: Sequence[Span] | None) -> bool | None:
    if wrong is None or piece.start == piece.end:
        return None
    return any(share_a_character((piece.start, piece.end), (span.start, span.end)) for span in wrong)


def check_same_chain(chain: Chain, pieces: Sequence[Piece], scored: ScoredChain) -> None:
    """ValueError where scores are of another chain, of other tokens, or a piece is outside the text."""
    name = f"chain {chain.question_id} {chain.style} {chain.index}"
    if (scored.question_id, scored.style, scored.index) != (chain.question_id, chain.style, chain.index):
        raise ValueError(f"{name}: the scores are of {scored.question_id} {scored.style} {scored.index}")
    if len(pieces) != len(scored.policy):
        raise ValueError(f"{name}: {len(pieces)} pieces and {len(scored.policy)} scores; split it as it was scored")
    for piece in pieces:
        if not 0 <= piece.start <= piece.end <= len(chain.text):
            raise ValueError(f"{name}: piece {piece.token!r} at {piece.start}-{piece.end} is outside the text")

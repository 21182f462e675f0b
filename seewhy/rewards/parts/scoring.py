"""All rewards of a question's rollouts, each apart; one that fails is none, with its reason."""

from collections.abc import Mapping, Sequence

from seewhy.endpoints.chat import BudgetSpentError
from seewhy.records.types import Chain, Question
from seewhy.rewards.api import Earned, Reward

FAULTS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""Of a reward's own code, which may be a user's; a time-out is an OSError."""


def earn_all(
    rewards: Mapping[str, Reward], question: Question, chains: tuple[Chain, ...]
) -> Mapping[str, Sequence[Earned]]:
    """What each rollout earned by each reward.

    Raises:
        BudgetSpentError: the budget does not reach for what a reward asks.
        ValueError: a reward does not give one answer a rollout.
    """
    found = {name: _earn(reward, question, chains) for name, reward in rewards.items()}
    for name, earned in found.items():
        if len(earned) != len(chains):
            raise ValueError(f"reward {name} gave {len(earned)} answers to {len(chains)} rollouts of {question.id}")
    return found


def _earn(reward: Reward, question: Question, chains: tuple[Chain, ...]) -> Sequence[Earned]:
    try:
        return reward.reward(question, chains)
    except BudgetSpentError:
        raise
    except FAULTS as error:
        why = f"{type(error).__name__}: {error}"
        return tuple(Earned(value=None, why=why) for _ in chains)


def end_token(pieces: Sequence[str], end: int) -> int:
    r"""The place of the token that holds the last character of a text's first `end` ones.

    Pieces are the texts of the sampled tokens; the text is theirs joined, without white space at either end.

    Raises:
        ValueError: the tokens spell fewer characters.

    Example:
        >>> [end_token([" A", ".", "\n", " B", "."], end) for end in (1, 2, 5, 6)]
        [0, 1, 3, 4]
    """
    raw = "".join(pieces)
    wanted, seen = end + len(raw) - len(raw.lstrip()), 0
    for place, piece in enumerate(pieces):
        seen += len(piece)
        if seen >= wanted:
            return place
    raise ValueError(f"the sampled tokens spell {len(raw)} characters, and a reward stands at character {end}")

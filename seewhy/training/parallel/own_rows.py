"""The rows of a step that this process takes: all of a prompt's, so that its group stays whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from seewhy.records.types import Question
from seewhy.training.api import ScoresGroups
from seewhy.training.examples import TrainingExample
from seewhy.training.grouping import EncodePrompts, encoding_by, group_tokens, places_by_prompt, share
from seewhy.training.parallel.ranks import Ranks
from seewhy.training.parallel.shares import agreed_shares, shares_of

PICTURE_TOKENS = 576
"""Of a picture, in a first guess: a CLIP tower of 336 pixels and patches of 14 (LLaVA-1.5, arXiv 2310.03744)."""
LETTERS = 4
"""Of a token, likewise."""


def own_rows(
    ranks: Ranks, model: ScoresGroups, questions: Mapping[str, Question], rows: Sequence[TrainingExample],
    prompts: EncodePrompts | None = None,
) -> tuple[list[TrainingExample], TrainingExample]:  # fmt: skip
    """This process's rows in the step's order, and the row of the smallest group, for a pass of a process without any.

    A collective operation where there are several processes. `prompts` as of `forwards_of`.
    """
    if ranks.is_alone:
        return list(rows), rows[0]
    units = [[rows[place] for place in unit] for unit in places_by_prompt(rows)]

    encode = prompts or encoding_by(model, questions)

    def cost(number: int) -> int:
        return group_tokens(model, share(encode(units[number]), units[number]))

    shares, costs = agreed_shares(ranks, [_guess(questions, members) for members in units], cost)
    own = {id(row) for number in shares[ranks.rank] for row in units[number]}
    smallest = min(range(len(units)), key=lambda number: (costs[number], number))
    return [row for row in rows if id(row) in own], units[smallest][0]


def first_share(
    ranks: Ranks, questions: Mapping[str, Question], units: Sequence[Sequence[TrainingExample]]
) -> Sequence[int]:
    """Numbers of the units, each the rows of a prompt, that this process encodes first: of several, by guessed size."""
    if ranks.is_alone:
        return range(len(units))
    return shares_of([_guess(questions, members) for members in units], ranks.size)[ranks.rank]


def _guess(questions: Mapping[str, Question], members: Sequence[TrainingExample]) -> int:
    """Tokens of a group, without encoding its prompt."""
    question = questions[members[0].question_id]
    replies = {ids for row in members for ids in row.responses}
    others = dict.fromkeys(row.rejected_images for row in members if row.rejected_images is not None)
    shown = [question, *(replace(question, images=images) for images in others)]
    return sum(map(guessed_prompt, shown)) + sum(map(len, replies))


def guessed_prompt(question: Question) -> int:
    """Tokens of a question with its pictures, without encoding it."""
    return len(question.text) // LETTERS + PICTURE_TOKENS * len(question.images)

"""The words a question is asked in: they depend on the question's kind and the style alone.

Source: LLaVA-Reasoner (arXiv 2410.16198), section 3.2.
"""

import json
import string
from collections.abc import Mapping, Sequence

from seewhy.records.conversation import is_conversation, last_images, require_places
from seewhy.records.turns import Role, Turn
from seewhy.records.types import Question, Style

DIRECT_LETTER = "Answer with the option's letter from the given choices directly."
DIRECT_SHORT = "Answer the question with a short answer."
REASON_LETTER = "Generate a reason first and then output a letter answer."
REASON_SHORT = "Generate a reason first and then output a short answer."
ANSWER_MARK = "### Answer:"
USUAL: Mapping[str, str] = {}
"""A model's own instructions where it has none: by style and kind of question, such as `reason_letter`."""


def option_lines(question: Question) -> str:
    """The options, one a line, as `(A) text`; empty for a short-answer question."""
    letters = string.ascii_uppercase
    return "".join(f"\n({letters[i]}) {option}" for i, option in enumerate(question.options))


def instruction(question: Question, style: Style) -> str:
    """The sentence that asks for a letter or a short answer, with or without a reason; empty in plain style."""
    match style, bool(question.options):
        case Style.PLAIN, _:
            return ""
        case Style.DIRECT, True:
            return DIRECT_LETTER
        case Style.DIRECT, False:
            return DIRECT_SHORT
        case Style.REASON, True:
            return REASON_LETTER
        case _:
            return REASON_SHORT


def prompt_text(question: Question, style: Style, instructions: Mapping[str, str] = USUAL) -> str:
    """The user's turn without its pictures: context, question, options, instruction; of a model's own where it has one.

    Example:
        >>> from seewhy.records.types import Gold, MatchRule, Split
        >>> question = Question(id="q", benchmark="b", split=Split.TEST, text="Which is larger?", options=("3", "5"),
        ...                     gold=Gold(answers=("B",), rule=MatchRule.LETTER), facets={})
        >>> print(prompt_text(question, Style.REASON))
        Which is larger?
        (A) 3
        (B) 5
        Generate a reason first and then output a letter answer.
        >>> print(prompt_text(question, Style.PLAIN))
        Which is larger?
        (A) 3
        (B) 5
    """
    context = f"{question.context}\n" if question.context else ""
    own = f"{style.value}_{'letter' if question.options else 'short'}"
    asked = instructions.get(own) or instruction(question, style)
    words = f"{context}{question.text}{option_lines(question)}"
    return f"{words}\n{asked}" if asked else words


def prompt_turns(
    question: Question, style: Style, instructions: Mapping[str, str] = USUAL, *, blind: bool = False
) -> tuple[Turn, ...]:
    """All turns of a prompt, the user's last with context, options and instruction; blind ones have no pictures.

    The pictures of a question are those of the turns' places, in order.

    Example:
        >>> from dataclasses import replace
        >>> from seewhy.records.types import Gold, ImageRef, MatchRule, Split
        >>> asked = Question(id="q", benchmark="b", split=Split.TEST, text="And this?", facets={}, context="Two pages.",
        ...                  gold=Gold(answers=("1",), rule=MatchRule.EXACT), images=(ImageRef(sha256="a", path="a"),))
        >>> prompt_turns(asked, Style.PLAIN)[-1].places
        (0,)
        >>> prompt_turns(replace(asked, places=(8,)), Style.PLAIN)[-1].places
        (19,)

    Raises:
        ValueError: turns, places and pictures do not fit; the message names the question.
    """
    require_places(question)
    before = len(question.context) + 1 if question.context else 0
    places = (0,) * len(last_images(question))
    if is_conversation(question) and question.places is not None:
        places = tuple(before + place for place in question.places)
    last = Turn(role=Role.USER, text=prompt_text(question, style, instructions), places=places)
    turns = (*question.turns, last)
    return tuple(Turn(role=turn.role, text=turn.text) for turn in turns) if blind else turns


def turns_key(turns: Sequence[Turn]) -> str:
    """Text that is equal for equal turns: of a single one with its pictures in front, its words alone."""
    if len(turns) == 1 and not any(turns[0].places):
        return turns[0].text
    return json.dumps([[turn.role.value, turn.text, turn.places] for turn in turns])


def lesson_text(rationale: str, answer: str) -> str:
    """A chain-of-thought reply: rationale, then the answer on the mark of LLaVA-Reasoner."""
    return f"{rationale} {ANSWER_MARK} {answer}"

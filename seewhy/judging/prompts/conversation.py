"""A question as messages for a model behind a server, and a conversation as words of a judge's prompt."""

from itertools import count

from seewhy.endpoints.chat import Message, as_messages
from seewhy.model.prompts import prompt_turns
from seewhy.records.conversation import is_conversation, last_images, require_places, text_pieces
from seewhy.records.turns import Role
from seewhy.records.types import Question, Style

SPEAKERS = {Role.SYSTEM: "System", Role.USER: "User", Role.ASSISTANT: "Assistant"}


def messages_of(question: Question, style: Style, *, blind: bool) -> tuple[Message, ...]:
    """The turns of a question as a model is asked it, pictures in their places; blind ones hold none.

    Raises:
        ValueError: turns, places and pictures do not fit; the message names the question.
    """
    return as_messages(prompt_turns(question, style, blind=blind), question.images)


def question_words(question: Question) -> str:
    """The question's text; of a conversation all turns, with `[picture 1]` in the place of a picture.

    The pictures are numbered in the order of `question.images`, in which a judge is shown them.

    Example:
        >>> from seewhy.records.turns import Turn
        >>> from seewhy.records.types import Gold, ImageRef, MatchRule, Split
        >>> page = ImageRef(sha256="a", path="a")
        >>> said = (Turn(role=Role.USER, text="What is on ?", places=(11,)), Turn(role=Role.ASSISTANT, text="A cat."))
        >>> print(question_words(Question(id="q", benchmark="b", split=Split.TEST, text="And here?", facets={},
        ...     gold=Gold(answers=("1",), rule=MatchRule.EXACT), images=(page, page), turns=said)))
        Earlier in the conversation:
        User: What is on [picture 1]?
        Assistant: A cat.
        The question now:
        [picture 2]
        And here?
    """
    if not is_conversation(question):
        return question.text
    require_places(question)
    numbers = count(1)

    def shown(text: str, places: tuple[int, ...]) -> str:
        first, *others = text_pieces(text, places)
        return first + "".join(f"[picture {next(numbers)}]{piece}" for piece in others)

    before = [f"{SPEAKERS[turn.role]}: {shown(turn.text, turn.places)}" for turn in question.turns]
    if question.places is None:
        in_front = "".join(f"[picture {next(numbers)}]\n" for _ in last_images(question))
        now = in_front + question.text
    else:
        now = shown(question.text, question.places)
    head = ["Earlier in the conversation:", *before, "The question now:"] if before else []
    return "\n".join([*head, now])

"""The text of a question's prompt, for servers that take texts and no messages."""

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.conversation import chat_turns
from seewhy.model.loading.templates import render_turns
from seewhy.model.prompts import prompt_turns
from seewhy.records.types import Question, Style


def written_prompt(model: HubModel, question: Question, style: Style) -> str:
    """A question as a model's chat template writes it, with its own mark at the place of each picture.

    Raises:
        ValueError: the template refuses it.
    """
    turns = prompt_turns(question, style, model.instructions, blind=False)
    return render_turns(model.processor, chat_turns(turns), add_generation_prompt=True)

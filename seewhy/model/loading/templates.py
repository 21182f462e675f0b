"""Chat templates come with models, and are programs: they are rendered in bounded time."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError
from transformers import ProcessorMixin

from seewhy.model.loading.deadlines import LateError, bounded

TEMPLATE_S = 5.0
"""Seconds that a conversation may take to render; the templates of all families under test take about a millisecond."""


def render_turns(
    processor: ProcessorMixin,
    turns: Sequence[Mapping[str, Any]],
    *,
    add_generation_prompt: bool,
    limit_s: float = TEMPLATE_S,
) -> str:
    """The text of a conversation by the processor's chat template.

    Raises:
        ValueError: the template refuses the conversation, or does not end in time.
    """
    try:
        with bounded(limit_s):
            return processor.apply_chat_template(list(turns), add_generation_prompt=add_generation_prompt)  # pyright: ignore[reportReturnType, reportArgumentType]
    except (TemplateError, TypeError) as error:
        raise ValueError(
            f"the chat template of {type(processor).__name__} refuses the conversation: {error}"
        ) from error
    except LateError:
        raise ValueError(
            f"the chat template of {type(processor).__name__} did not end within {limit_s:g} s: look at the model's "
            "chat_template.jinja (or chat_template in its tokenizer_config.json) for a loop"
        ) from None

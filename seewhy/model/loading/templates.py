"""Chat templates come with models, and are programs: they are rendered in bounded time."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError
from transformers import ProcessorMixin

from seewhy.model.loading.deadlines import LateError, bounded

TEMPLATE_S = 5.0
"""Seconds that a conversation may take to render; the templates of all families under test take about a millisecond."""
REFUSALS = (ArithmeticError, AttributeError, LookupError, RecursionError, TemplateError, TypeError, ValueError)
"""What templates end in."""


def render_turns(
    processor: ProcessorMixin,
    turns: Sequence[Mapping[str, Any]],
    *,
    add_generation_prompt: bool,
    limit_s: float = TEMPLATE_S,
) -> str:
    """The text of a conversation by the processor's chat template.

    Raises:
        ValueError: there is no template, or it refuses the conversation, or does not end in time.
    """
    if not processor.chat_template:
        raise ValueError(
            f"{type(processor).__name__} has no chat template: put its chat_template.jinja into the model's folder, or "
            "name a file with one by prompt.template"
        )
    try:
        with bounded(limit_s):
            return processor.apply_chat_template(list(turns), add_generation_prompt=add_generation_prompt)  # pyright: ignore[reportReturnType, reportArgumentType]
    except REFUSALS as error:
        raise ValueError(
            f"the chat template of {type(processor).__name__} refuses the conversation: {error}; correct the model's "
            "chat_template.jinja, or give another one by prompt.template"
        ) from error
    except LateError:
        raise ValueError(
            f"the chat template of {type(processor).__name__} did not end within {limit_s:g} s: look at the model's "
            "chat_template.jinja (or chat_template in its tokenizer_config.json) for a loop"
        ) from None

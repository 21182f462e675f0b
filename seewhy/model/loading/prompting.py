"""Puts the settings of a model's prompts into its processor, with which they are saved."""

import json
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

from transformers import ProcessorMixin

from seewhy.model.loading.processors import open_processor
from seewhy.model.prompt_plan import AUTO, INSTRUCTIONS, ON, PromptPlan, read_instructions
from seewhy.model.weights import root_of

PIXELS = {"max_pixels": "size.longest_edge", "min_pixels": "size.shortest_edge"}
"""Qwen's names for what its processor keeps as a size."""


def open_prompting(source: str | Path, plan: PromptPlan) -> tuple[ProcessorMixin, dict[str, str]]:
    """The processor of a model as the plan says, and the words that it is asked in where they are its own."""
    processor = open_processor(root_of(source))
    settle_prompt(processor, plan)
    return processor, {**read_instructions(source), **plan.instructions}


def settle_prompt(processor: ProcessorMixin, plan: PromptPlan) -> None:
    """Change the processor as the plan says.

    The template sets its own variables first, so that what is saved renders the same elsewhere.

    Raises:
        ValueError: the image processor has no such setting.
    """
    template = (
        Path(plan.template).expanduser().read_text(encoding="utf-8") if plan.template else processor.chat_template
    )
    head = "" if plan.thinking == AUTO else f"{{%- set enable_thinking = {str(plan.thinking == ON).lower()} -%}}"
    if plan.system:
        turn = f"[{{'role': 'system', 'content': [{{'type': 'text', 'text': {json.dumps(plan.system)}}}]}}]"
        head += f"{{%- if messages[0]['role'] != 'system' -%}}{{%- set messages = {turn} + messages -%}}{{%- endif -%}}"
    if head or plan.template:
        processor.chat_template = head + str(template)
    for name, value in plan.processor.items():
        _set(cast(Any, processor).image_processor, name, value)


def _set(image_processor: Any, name: str, value: float) -> None:  # noqa: ANN401
    """Set one setting; a dotted name is an entry of a size."""
    path = PIXELS.get(name, name) if name not in vars(image_processor) or name in PIXELS else name
    outer, _, inner = path.partition(".")
    settings = image_processor.to_dict()
    if outer not in settings or (inner and inner not in _entries(settings[outer])):
        known = ", ".join(sorted(_names(settings)))
        raise ValueError(
            f"prompt.processor.{name}: {type(image_processor).__name__} has no such setting; it has {known}"
        )
    if not inner:
        kind = type(settings[outer])
        setattr(image_processor, outer, kind(value) if kind in (bool, int, float) else value)
        return
    setattr(
        image_processor,
        outer,
        type(getattr(image_processor, outer))(**{**_entries(settings[outer]), inner: int(value)}),
    )


def _entries(value: object) -> dict[str, Any]:
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, Mapping) else {}


def _names(settings: Mapping[str, object]) -> list[str]:
    numbers = [name for name, value in settings.items() if isinstance(value, bool | int | float)]
    return [*numbers, *(f"{name}.{inner}" for name, value in settings.items() for inner in _entries(value))]


def write_instructions(folder: Path, instructions: Mapping[str, str]) -> None:
    """Save the words next to a model, where there are some."""
    if instructions:
        words: MutableMapping[str, str] = dict(instructions)
        (folder / INSTRUCTIONS).write_text(json.dumps(words, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

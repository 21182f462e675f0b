"""How a reply ends: by which tokens, and what the chat template puts after it."""

from typing import Any

from transformers import PreTrainedModel, ProcessorMixin

from seewhy.model.loading.templates import render_turns


def turn_end(processor: ProcessorMixin, net: PreTrainedModel) -> tuple[frozenset[int], tuple[int, ...]]:
    """Tokens that end a chain, and the tokens that the chat template puts after a reply up to the first of them."""
    tokenizer = processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]
    configured = net.generation_config.eos_token_id if net.generation_config is not None else None
    listed = configured if isinstance(configured, list) else [configured]
    ends = frozenset(int(token) for token in [*listed, tokenizer.eos_token_id] if token is not None)
    if not ends:
        raise ValueError("the model names no end-of-turn token: set eos_token_id in its generation_config.json")
    probe = "seewhy probe"
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "text", "text": "?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": probe}]},
    ]
    rendered = render_turns(processor, turns, add_generation_prompt=False)
    closing: list[int] = []
    for token in tokenizer(rendered.split(probe)[-1], add_special_tokens=False)["input_ids"]:
        closing.append(token)
        if token in ends:
            return ends, tuple(closing)
    return ends, (min(ends),)

"""How an engine is told all of its sampling settings, so that none is filled in from `generation_config.json`."""

import json
from collections.abc import Mapping

from seewhy.endpoints.chat import AsDrawn

VLLM, SGLANG = "vLLM", "SGLang"
"""Kinds of servers that take new weights while they run."""
FIELDS = "sampling fields beside OpenAI's"
"""As vLLM, SGLang and llama.cpp take them, in the request itself."""
CONFIG = "a generation_config"
"""As `transformers serve` takes it, which refuses fields that OpenAI's API does not have."""
PLAIN = "OpenAI's fields alone"
NEXT_WORDS: Mapping[str, str] = {FIELDS: CONFIG, CONFIG: PLAIN}
ALL_TOKENS = -1
"""What vLLM and SGLang take for a top_k that keeps all tokens."""
TOKENS: Mapping[str, object] = {
    "logprobs": True, "top_logprobs": 0, "return_token_ids": True, "return_tokens_as_token_ids": True,
    "return_meta_info": True,
}  # fmt: skip
"""Ids and log-probabilities: vLLM since 0.10.2, vLLM before it, and SGLang; each leaves what it does not know."""
VERSIONS: Mapping[str, object] = {"return_weight_versions": True}
"""By which weights a reply's tokens were drawn: vLLM from 0.33 on; SGLang says it unasked, others leave it."""
NEUTRAL: Mapping[str, object] = {
    "min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0,
}  # fmt: skip


def sampling_words(way: str, drawn: AsDrawn, temperature: float | None, top_p: float | None) -> Mapping[str, object]:
    """What a request says beside temperature, top_p, seed and limit.

    Example:
        >>> sampling_words(FIELDS, AsDrawn(), 1.0, 1.0)["top_k"], dict(sampling_words(PLAIN, AsDrawn(), 1.0, 1.0))
        (-1, {})
    """
    if way == FIELDS:
        return {"top_k": drawn.top_k or ALL_TOKENS, **NEUTRAL, **TOKENS, **(VERSIONS if drawn.version else {})}
    if way == CONFIG:
        return {"generation_config": json.dumps(generation_config(drawn, temperature, top_p))}
    return {}


def generation_config(drawn: AsDrawn, temperature: float | None, top_p: float | None) -> dict[str, object]:
    """All settings of transformers' sampling; a greedy reply has no temperature."""
    ends = {"eos_token_id": list(drawn.ends)} if drawn.ends else {}
    if not temperature:
        return {"do_sample": False, "repetition_penalty": 1.0, **ends}
    drawing = {"temperature": temperature, "top_p": 1.0 if top_p is None else top_p, "top_k": drawn.top_k}
    return {"do_sample": True, **drawing, "repetition_penalty": 1.0, **ends}


def refused_words(complaint: str, payload: bytes) -> str:
    """The way whose field a server refuses in a payload; empty where it complains of something else.

    Example:
        >>> refused_words("unexpected fields in the request: {'top_k'}", b'{"top_k":-1,"min_p":0}') == FIELDS
        True
    """
    if b'"generation_config"' in payload:
        return CONFIG if "generation_config" in complaint or "unexpected field" in complaint else ""
    names = [
        name
        for name in ("top_k", *NEUTRAL, *TOKENS, *VERSIONS)
        if name in complaint and f'"{name}"'.encode() in payload
    ]
    return FIELDS if names else ""

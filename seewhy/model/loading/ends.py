"""What a model's `generation_config.json` says: the tokens that end a chain, and what is not done of the rest."""

import logging
from functools import cache
from typing import Any

from transformers import GenerationConfig, PreTrainedModel, ProcessorMixin

from seewhy.model.loading.control_tokens import tokenizer_of

LOG = logging.getLogger(__name__)
FILE = "generation_config.json"
UNUSED = (
    "repetition_penalty", "encoder_repetition_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size",
    "bad_words_ids", "suppress_tokens", "begin_suppress_tokens", "forced_bos_token_id", "forced_eos_token_id",
    "exponential_decay_length_penalty", "sequence_bias", "min_length", "min_new_tokens", "min_p", "typical_p",
    "epsilon_cutoff", "eta_cutoff", "guidance_scale", "num_beams", "penalty_alpha", "stop_strings",
    "watermarking_config",
)  # fmt: skip
"""Settings that change the law of drawn chains, or their end, in transformers' `generate`.

Chains are drawn by the net's own log-probabilities, with which they are scored and trained. Temperature, top-p, top-k
and length are settings of the stage that draws.
"""


def end_tokens(processor: ProcessorMixin, net: PreTrainedModel) -> frozenset[int]:
    """Tokens that end a chain.

    Raises:
        ValueError: the model names none, or what it names is no token.
    """
    settings = net.generation_config
    configured: Any = settings.eos_token_id if settings is not None else None
    listed = configured if isinstance(configured, list) else [configured]
    tokenizer = tokenizer_of(processor)
    most = max(len(tokenizer), net.config.get_text_config().vocab_size)
    for token in listed:
        if token is not None and (type(token) is not int or not 0 <= token < most):
            raise ValueError(
                f"eos_token_id of {FILE} holds {token!r}, which is no token of the model's {most:,}: correct it there"
            )
    ends = frozenset(token for token in [*listed, tokenizer.eos_token_id] if token is not None)
    if not ends:
        raise ValueError(f"the model names no end-of-turn token: set eos_token_id in its {FILE}")
    return ends


def unused_settings(settings: GenerationConfig | None) -> str:
    """Settings that differ from the neutral ones and are not followed, as `name=value`; empty where there are none.

    Example:
        >>> unused_settings(GenerationConfig(repetition_penalty=1.05, temperature=0.1, do_sample=True))
        'repetition_penalty=1.05'
    """
    if settings is None:
        return ""
    said = {**settings.to_diff_dict()}
    neutral = {"num_beams": 1, "repetition_penalty": 1.0, "min_length": 0, "no_repeat_ngram_size": 0, "typical_p": 1.0}
    told = [name for name in UNUSED if said.get(name) not in (None, [], neutral.get(name))]
    return ", ".join(f"{name}={said[name]}" for name in told)


def tell_unused(name: str, net: PreTrainedModel) -> None:
    """Say in the log what of the model's settings of generation is not followed."""
    if told := unused_settings(net.generation_config):
        _tell(f"{name}: its {FILE} asks for {told}; chains are drawn without, by the log-probabilities that score them")


@cache
def _tell(text: str) -> None:
    LOG.warning("%s", text)

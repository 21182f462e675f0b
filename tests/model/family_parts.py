"""What the tiny untrained nets of all families are made of: sizes, a tokenizer, a chat template, large weights.

A family is a function that makes a `HubModel`; what the tests of all families need to know of it stands beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast, ProcessorMixin
from untrained import SENTENCES, shaken

from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import make_tokenizer

STD = 0.15
SIDE, PATCH = 56, 14
TEXT = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 1024, "head_dim": 16,
}  # fmt: skip
VISION = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "image_size": SIDE, "patch_size": PATCH,
}  # fmt: skip
HALVES = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family and what is true of it."""

    name: str
    make: Callable[[], HubModel]
    is_packed: bool
    """Whether packed rows are right for it: attention is causal and no layer carries a state."""
    is_drawn_packed: bool = True
    """Whether its chains about pictures are drawn by branches, where packed rows are right."""
    pictures: tuple[int, ...] = (0, 1, 2, 5)
    """How many pictures a prompt may have."""


def chat_of(image: str) -> str:
    """A chat template in which `image` stands for a picture."""
    return (
        "{% for message in messages %}{{ '<user>' if message['role'] == 'user' else '<assistant>' }}"
        "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
        "{{ '" + image + "' if part['type'] == 'image' else part['text'] }}{% endfor %}{% endif %}"
        "{% if message['role'] == 'assistant' %}<end>{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}"
    )


def words_of(**special: str) -> PreTrainedTokenizerFast:
    """A small tokenizer that knows the family's special tokens by the names its processor asks for."""
    words = make_tokenizer(SENTENCES * 20, vocabulary=320).backend_tokenizer
    words.add_special_tokens(["<start>", *special.values()])
    return PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<start>", eos_token="<end>", pad_token="<pad>", extra_special_tokens=special,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


def finished(net: PreTrainedModel, processor: ProcessorMixin, name: str) -> HubModel:
    """The net with large weights, ends and padding set."""
    tokens = processor.tokenizer
    net.generation_config = GenerationConfig(eos_token_id=tokens.eos_token_id, pad_token_id=tokens.pad_token_id)
    return HubModel(shaken(net, STD), processor, name)


def ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """What every text configuration wants to know of the tokenizer."""
    return {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id,
            "eos_token_id": tokenizer.eos_token_id, "bos_token_id": tokenizer.bos_token_id}  # fmt: skip

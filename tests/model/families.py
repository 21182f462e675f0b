"""Tiny untrained nets of the families that seewhy opens, each with its real processor class.

A family is a function that makes a `HubModel`; what the tests of all families need to know of it stands beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3ImageProcessor,
    Gemma3Processor,
    GenerationConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessor,
    LlavaNextProcessor,
    LlavaProcessor,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    ProcessorMixin,
    SiglipImageProcessor,
)
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


def llava() -> HubModel:
    """LLaVA-1.5: CLIP tower, two-layer projector, Llama."""
    tokenizer = words_of(image_token="<image>")
    pictures = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, **HALVES)
    processor = LlavaProcessor(pictures, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default",
                               chat_template=chat_of("<image>"), num_additional_image_tokens=1)  # fmt: skip
    config = LlavaConfig(vision_config=CLIPVisionConfig(**VISION), text_config=LlamaConfig(**TEXT, **ids(tokenizer)),
                         image_token_index=tokenizer.convert_tokens_to_ids("<image>"))  # fmt: skip
    return finished(LlavaForConditionalGeneration(config), processor, "llava")


def llava_next() -> HubModel:
    """LLaVA-NeXT: the picture whole and in tiles, as many tokens as its shape asks for."""
    tokenizer = words_of(image_token="<image>")
    grid = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
    pictures = LlavaNextImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE},
                                       image_grid_pinpoints=grid, **HALVES)  # fmt: skip
    processor = LlavaNextProcessor(pictures, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default",
                                   chat_template=chat_of("<image>"), num_additional_image_tokens=1)  # fmt: skip
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**VISION), text_config=LlamaConfig(**TEXT, **ids(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"), image_grid_pinpoints=grid,
    )  # fmt: skip
    return finished(LlavaNextForConditionalGeneration(config), processor, "llava_next")


def gemma3() -> HubModel:
    """Gemma 3: picture tokens see each other both ways, every other layer a window; separate rows."""
    tokenizer = words_of(image_token="<soft>", boi_token="<boi>", eoi_token="<eoi>")
    pictures = Gemma3ImageProcessor(size={"height": SIDE, "width": SIDE}, **HALVES)
    processor = Gemma3Processor(pictures, tokenizer, chat_template=chat_of("<boi>"), image_seq_length=4)
    text = {**TEXT, **ids(tokenizer), "sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]}
    config = Gemma3Config(
        text_config=text, vision_config=VISION, mm_tokens_per_image=4, image_token_id=tokenizer.image_token_id,
        boi_token_index=tokenizer.boi_token_id, eoi_token_index=tokenizer.eoi_token_id,
    )  # fmt: skip
    return finished(Gemma3ForConditionalGeneration(config), processor, "gemma3")


def paligemma() -> HubModel:
    """PaliGemma: the whole prompt sees itself both ways; separate rows."""
    tokenizer = words_of(image_token="<image>")
    pictures = SiglipImageProcessor(size={"height": SIDE, "width": SIDE}, **HALVES)
    pictures.image_seq_length = (SIDE // PATCH) ** 2
    processor = PaliGemmaProcessor(pictures, tokenizer, chat_template=chat_of("<image>"))
    text = {**TEXT, **ids(tokenizer), "model_type": "gemma"}
    config = PaliGemmaConfig(
        text_config=text, vision_config={**VISION, "model_type": "siglip_vision_model", "vision_use_head": False},
        projection_dim=64, image_token_index=tokenizer.image_token_id,
    )  # fmt: skip
    return finished(PaliGemmaForConditionalGeneration(config), processor, "paligemma")


FAMILIES = (
    Family(name="llava", make=llava, is_packed=True),
    Family(name="llava_next", make=llava_next, is_packed=True),
    Family(name="gemma3", make=gemma3, is_packed=False),
    Family(name="paligemma", make=paligemma, is_packed=False, pictures=(1, 2, 5)),
)

"""The small vision-language model that ships with seewhy, and how its untrained net and processor are made."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    GenerationConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

PIXELS, PATCH = 48, 8
SPECIAL = ("<pad>", "<end>", "<image>", "<user>", "<assistant>")
CHAT = (
    "{% for message in messages %}{{ '<user>' if message['role'] == 'user' else '<assistant>' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{{ '<image>' if part['type'] == 'image' else part['text'] }}{% endfor %}"
    "{% endif %}{% if message['role'] == 'assistant' %}<end>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Sizes of a small net and of its pictures; those that stand here are the shipped model's (about two million).

    Example:
        >>> Geometry(pixels=96, patch=16).patches
        36
    """

    pixels: int = PIXELS
    """Side of a picture, to which each is resized."""
    patch: int = PATCH
    """Side of a patch in pixels: each is a token."""
    tower_width: int = 128
    tower_layers: int = 3
    width: int = 160
    """Of the language model."""
    layers: int = 4
    """Of the language model."""

    @property
    def patches(self) -> int:
        """Patches of a picture."""
        return (self.pixels // self.patch) ** 2


SHIPPED = Geometry()


def make_tokenizer(texts: Iterable[str], vocabulary: int = 640) -> PreTrainedTokenizerFast:
    """Byte-level BPE of `texts`: any text can be written, and the words of `texts` are one token each."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<end>",
        extra_special_tokens={"image_token": "<image>"},
        chat_template=CHAT,
        clean_up_tokenization_spaces=False,
    )


def make_processor(tokenizer: PreTrainedTokenizerFast, geometry: Geometry = SHIPPED) -> LlavaProcessor:
    """Square pictures, one placeholder token a patch."""
    pictures = CLIPImageProcessor(
        do_resize=True,
        size={"shortest_edge": geometry.pixels},
        crop_size={"height": geometry.pixels, "width": geometry.pixels},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )
    return LlavaProcessor(
        pictures,
        tokenizer,
        patch_size=geometry.patch,
        vision_feature_select_strategy="default",
        chat_template=CHAT,
        image_token="<image>",
        num_additional_image_tokens=1,
    )


def make_net(
    tokenizer: PreTrainedTokenizerFast, seed: int = 0, geometry: Geometry = SHIPPED
) -> LlavaForConditionalGeneration:
    """An untrained net."""
    torch.manual_seed(seed)
    token_ids = tokenizer.get_vocab()
    pad, end = token_ids["<pad>"], token_ids["<end>"]
    vision = CLIPVisionConfig(
        hidden_size=geometry.tower_width,
        intermediate_size=2 * geometry.tower_width,
        num_hidden_layers=geometry.tower_layers,
        num_attention_heads=4,
        image_size=geometry.pixels,
        patch_size=geometry.patch,
        attention_dropout=0.0,
    )
    width = geometry.width
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=(width * 8 // 3 + 15) // 16 * 16,
        num_hidden_layers=geometry.layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        pad_token_id=pad,
        eos_token_id=end,
        bos_token_id=None,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=token_ids["<image>"],
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=geometry.patches,
        tie_word_embeddings=True,
    )
    net = LlavaForConditionalGeneration(config)
    _widen(net, width**-0.5)
    net.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad, max_new_tokens=128)
    return net


def _widen(net: LlavaForConditionalGeneration, spread: float) -> None:
    """Draw language model and projector with a standard deviation that suits their width.

    The usual 0.02 suits widths in the thousands: at 160 it leaves attention even for hundreds of steps.
    """
    parts = (net.model.language_model, net.model.multi_modal_projector)
    for matrix in (weight for part in parts for weight in part.parameters() if weight.ndim > 1):
        torch.nn.init.normal_(matrix, 0.0, spread)

"""The small vision-language model that ships with seewhy, and how its untrained net and processor are made."""

from collections.abc import Iterable

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


def make_processor(tokenizer: PreTrainedTokenizerFast) -> LlavaProcessor:
    """Pictures of 48 x 48 pixels, 36 patches, one placeholder token a patch."""
    pictures = CLIPImageProcessor(
        do_resize=True,
        size={"shortest_edge": PIXELS},
        crop_size={"height": PIXELS, "width": PIXELS},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )
    return LlavaProcessor(
        pictures,
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        chat_template=CHAT,
        image_token="<image>",
        num_additional_image_tokens=1,
    )


def make_net(
    tokenizer: PreTrainedTokenizerFast, seed: int = 0, width: int = 160, layers: int = 4
) -> LlavaForConditionalGeneration:
    """An untrained net of about two million parameters."""
    torch.manual_seed(seed)
    token_ids = tokenizer.get_vocab()
    pad, end = token_ids["<pad>"], token_ids["<end>"]
    vision = CLIPVisionConfig(
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=PIXELS,
        patch_size=PATCH,
        attention_dropout=0.0,
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=(width * 8 // 3 + 15) // 16 * 16,
        num_hidden_layers=layers,
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
        image_seq_length=(PIXELS // PATCH) ** 2,
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

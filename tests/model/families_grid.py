"""Families whose pictures are grids of any size, counted on three axes: Qwen, GLM."""

import json

from family_parts import HALVES, TEXT, Family, chat_of, finished, ids, words_of
from transformers import (
    Glm4vConfig,
    Glm4vForConditionalGeneration,
    Glm4vImageProcessor,
    Glm4vProcessor,
    Glm4vVideoProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    Qwen3_5Config,
    Qwen3_5ForConditionalGeneration,
    Qwen3_5Tokenizer,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from seewhy.model.families.hub import HubModel

PATCH = 4
BUDGET = {"shortest_edge": 16 * 16, "longest_edge": 32 * 32}
GRID = {"patch_size": PATCH, "merge_size": 2, "size": BUDGET, **HALVES}
ROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}
CHAT = chat_of("<|vision_start|><|image_pad|><|vision_end|>")


SPECIAL = {
    "image_token": "<|image_pad|>", "video_token": "<|video_pad|>", "vision_bos_token": "<|vision_start|>",
    "vision_eos_token": "<|vision_end|>", "text_end_token": "<|endoftext|>",
}  # fmt: skip


def qwen_words() -> PreTrainedTokenizerFast:
    """A tokenizer with Qwen's special tokens, under Qwen's own names."""
    return words_of(**SPECIAL)


def qwen3_5_words() -> Qwen3_5Tokenizer:
    """The same in the family's own class, which always cuts text in its own way."""
    words = qwen_words()
    model = json.loads(words.backend_tokenizer.to_str())["model"]
    return Qwen3_5Tokenizer(
        vocab=words.get_vocab(), merges=[tuple(pair) for pair in model["merges"]], bos_token="<start>",
        eos_token="<end>", pad_token="<pad>", extra_special_tokens=SPECIAL, clean_up_tokenization_spaces=False,
    )  # fmt: skip


def qwen_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """What the Qwen configurations want to know of it."""
    return {
        "image_token_id": tokenizer.image_token_id, "video_token_id": tokenizer.video_token_id,
        "vision_start_token_id": tokenizer.vision_bos_token_id, "vision_end_token_id": tokenizer.vision_eos_token_id,
    }  # fmt: skip


def tower(**more: object) -> dict[str, object]:
    """A small tower that takes grids."""
    return {
        "depth": 2, "hidden_size": 32, "num_heads": 4, "patch_size": PATCH, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "intermediate_size": 64, "out_hidden_size": TEXT["hidden_size"], **more,
    }  # fmt: skip


def text(tokenizer: PreTrainedTokenizerFast) -> dict[str, object]:
    """A small language model that counts on three axes."""
    return {**TEXT, **ids(tokenizer), "rope_parameters": ROPE}


def qwen2_vl() -> HubModel:
    """Qwen2-VL."""
    tokenizer = qwen_words()
    processor = Qwen2VLProcessor(Qwen2VLImageProcessor(**GRID), tokenizer, Qwen2VLVideoProcessor(**GRID), CHAT)
    vision = {**tower(), "embed_dim": 32, "hidden_size": TEXT["hidden_size"]}
    config = Qwen2VLConfig(text_config=text(tokenizer), vision_config=vision, **qwen_ids(tokenizer))
    return finished(Qwen2VLForConditionalGeneration(config), processor, "qwen2_vl")


def qwen2_5_vl() -> HubModel:
    """Qwen2.5-VL: its tower sees in windows, but in some layers."""
    tokenizer = qwen_words()
    processor = Qwen2_5_VLProcessor(Qwen2VLImageProcessor(**GRID), tokenizer, Qwen2VLVideoProcessor(**GRID), CHAT)
    vision = tower(window_size=16, fullatt_block_indexes=[1])
    config = Qwen2_5_VLConfig(text_config=text(tokenizer), vision_config=vision, **qwen_ids(tokenizer))
    return finished(Qwen2_5_VLForConditionalGeneration(config), processor, "qwen2_5_vl")


def qwen3_vl() -> HubModel:
    """Qwen3-VL: features of several tower layers are added in the language model's first layers."""
    tokenizer = qwen_words()
    processor = Qwen3VLProcessor(Qwen2VLImageProcessor(**GRID), tokenizer, Qwen3VLVideoProcessor(**GRID), CHAT)
    vision = tower(num_position_embeddings=64, deepstack_visual_indexes=[0, 1])
    config = Qwen3VLConfig(text_config=text(tokenizer), vision_config=vision, **qwen_ids(tokenizer))
    return finished(Qwen3VLForConditionalGeneration(config), processor, "qwen3_vl")


def qwen3_5() -> HubModel:
    """Qwen3.5: every other layer is linear attention, whose state cannot branch; separate rows."""
    tokenizer = qwen3_5_words()
    processor = Qwen3VLProcessor(Qwen2VLImageProcessor(**GRID), tokenizer, Qwen3VLVideoProcessor(**GRID), CHAT)
    words = {
        **text(tokenizer), "layer_types": ["linear_attention", "full_attention"], "linear_key_head_dim": 16,
        "linear_value_head_dim": 16, "linear_num_key_heads": 2, "linear_num_value_heads": 4,
        "rope_parameters": {**ROPE, "partial_rotary_factor": 1.0, "mrope_interleaved": True},
    }  # fmt: skip
    config = Qwen3_5Config(
        text_config=words, vision_config=tower(num_position_embeddings=64), **qwen_ids(tokenizer)
    )  # fmt: skip
    return finished(Qwen3_5ForConditionalGeneration(config), processor, "qwen3_5")


def glm4v() -> HubModel:
    """GLM-4V (4.1V)."""
    names = ("image", "video", "begin_of_image", "end_of_image", "begin_of_video", "end_of_video")
    special = {f"{name}_token": f"<|{name}|>" for name in names}
    tokenizer = words_of(**special)
    pictures = Glm4vImageProcessor(**GRID)
    processor = Glm4vProcessor(pictures, tokenizer, Glm4vVideoProcessor(**GRID),
                               chat_of("<|begin_of_image|><|image|><|end_of_image|>"))  # fmt: skip
    config = Glm4vConfig(
        text_config=text(tokenizer), vision_config=tower(image_size=32), image_token_id=tokenizer.image_token_id,
        video_token_id=tokenizer.video_token_id, image_start_token_id=tokenizer.begin_of_image_token_id,
        image_end_token_id=tokenizer.end_of_image_token_id, video_start_token_id=tokenizer.begin_of_video_token_id,
        video_end_token_id=tokenizer.end_of_video_token_id,
    )  # fmt: skip
    return finished(Glm4vForConditionalGeneration(config), processor, "glm4v")


GRIDS = (
    Family(name="qwen2_vl", make=qwen2_vl, is_packed=True),
    Family(name="qwen2_5_vl", make=qwen2_5_vl, is_packed=True),
    Family(name="qwen3_vl", make=qwen3_vl, is_packed=True),
    Family(name="qwen3_5", make=qwen3_5, is_packed=False),
    Family(name="glm4v", make=glm4v, is_packed=True),
)

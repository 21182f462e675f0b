"""Families that cut a picture into tiles, or lay it out in rows of patches: OneVision, InternVL, SmolVLM, Pixtral."""

import torch
from family_parts import HALVES, PATCH, SIDE, TEXT, VISION, Family, chat_of, finished, ids, words_of
from transformers import (
    GotOcr2ImageProcessor,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessor,
    Idefics3Processor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    InternVLProcessor,
    InternVLVideoProcessor,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    LlavaOnevisionImageProcessor,
    LlavaOnevisionProcessor,
    LlavaOnevisionVideoProcessor,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    MllamaConfig,
    MllamaForConditionalGeneration,
    MllamaImageProcessor,
    MllamaProcessor,
    PixtralImageProcessor,
    PixtralProcessor,
    PreTrainedTokenizerFast,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
)

from seewhy.model.families.hub import HubModel

TILE = {"height": SIDE, "width": SIDE}
GRID = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
PLACES = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]


def llava_onevision() -> HubModel:
    """LLaVA-OneVision: the picture whole and in tiles, its features shrunk where they are too many."""
    tokenizer = words_of(image_token="<image>", video_token="<video>")
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessor(size=TILE, image_grid_pinpoints=GRID, **HALVES), tokenizer,
        LlavaOnevisionVideoProcessor(size=TILE, **HALVES), num_image_tokens=(SIDE // PATCH) ** 2,
        vision_feature_select_strategy="full", chat_template=chat_of("<image>"),
    )  # fmt: skip
    config = LlavaOnevisionConfig(
        vision_config={**VISION, "model_type": "siglip_vision_model", "vision_use_head": False},
        text_config={**TEXT, **ids(tokenizer), "model_type": "qwen2"}, image_grid_pinpoints=GRID,
        image_token_index=tokenizer.image_token_id, video_token_index=tokenizer.video_token_id,
    )  # fmt: skip
    return finished(LlavaOnevisionForConditionalGeneration(config), processor, "llava_onevision")


def internvl() -> HubModel:
    """InternVL 3 as transformers has it: tiles, each shrunk four times by pixel shuffle."""
    tokenizer = words_of(
        start_image_token="<img>", end_image_token="</img>", context_image_token="<IMG_CONTEXT>",
        video_token="<video>",
    )  # fmt: skip
    tokens = (SIDE // PATCH // 2) ** 2
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size=TILE, crop_to_patches=True, max_patches=4, **HALVES), tokenizer,
        InternVLVideoProcessor(size=TILE, **HALVES), image_seq_length=tokens, chat_template=chat_of("<IMG_CONTEXT>"),
    )  # fmt: skip
    vision = {**VISION, "image_size": [SIDE, SIDE], "patch_size": [PATCH, PATCH]}
    config = InternVLConfig(
        vision_config=vision, text_config={**TEXT, **ids(tokenizer), "model_type": "qwen2"},
        image_token_id=tokenizer.context_image_token_id, image_seq_length=tokens,
    )  # fmt: skip
    return finished(InternVLForConditionalGeneration(config), processor, "internvl")


def idefics_words() -> PreTrainedTokenizerFast:
    """A tokenizer with the marks of rows and columns of tiles."""
    places = {f"place_{number}": place for number, place in enumerate(PLACES)}
    return words_of(
        image_token="<image>", fake_image_token="<fake_token_around_image>", video_token="<video>",
        end_of_utterance_token="<end_of_utterance>", global_image_token="<global-img>", **places,
    )  # fmt: skip


IDEFICS = {"size": {"longest_edge": 2 * SIDE}, "max_image_size": {"longest_edge": SIDE}, **HALVES}
SHRUNK = (SIDE // PATCH // 2) ** 2


def smolvlm() -> HubModel:
    """SmolVLM."""
    tokenizer = idefics_words()
    video = SmolVLMVideoProcessor(size={"longest_edge": SIDE}, max_image_size={"longest_edge": SIDE}, **HALVES)
    processor = SmolVLMProcessor(SmolVLMImageProcessor(**IDEFICS), tokenizer, video, image_seq_len=SHRUNK,
                                 chat_template=chat_of("<image>"))  # fmt: skip
    config = SmolVLMConfig(vision_config=VISION, image_token_id=tokenizer.image_token_id, scale_factor=2,
                           text_config={**TEXT, **ids(tokenizer), "model_type": "llama"})  # fmt: skip
    return finished(SmolVLMForConditionalGeneration(config), processor, "smolvlm")


def idefics3() -> HubModel:
    """Idefics3."""
    tokenizer = idefics_words()
    processor = Idefics3Processor(Idefics3ImageProcessor(**IDEFICS), tokenizer, image_seq_len=SHRUNK,
                                  chat_template=chat_of("<image>"))  # fmt: skip
    config = Idefics3Config(vision_config=VISION, image_token_id=tokenizer.image_token_id, scale_factor=2,
                            text_config={**TEXT, **ids(tokenizer), "model_type": "llama"})  # fmt: skip
    return finished(Idefics3ForConditionalGeneration(config), processor, "idefics3")


def mistral3() -> HubModel:
    """Mistral 3 with Pixtral's tower: pictures of any size, a mark after each row of patches."""
    tokenizer = words_of(image_token="[IMG]", image_break_token="[IMG_BREAK]", image_end_token="[IMG_END]")
    pictures = PixtralImageProcessor(size={"longest_edge": SIDE}, patch_size=PATCH, **HALVES)
    processor = PixtralProcessor(pictures, tokenizer, patch_size=PATCH, spatial_merge_size=2,
                                 chat_template=chat_of("[IMG]"))  # fmt: skip
    config = Mistral3Config(
        vision_config={**VISION, "model_type": "pixtral", "head_dim": 8},
        text_config={**TEXT, **ids(tokenizer), "model_type": "mistral", "sliding_window": None},
        image_token_index=tokenizer.image_token_id, spatial_merge_size=2, tie_word_embeddings=False,
    )  # fmt: skip
    return finished(Mistral3ForConditionalGeneration(config), processor, "mistral3")


def mllama() -> HubModel:
    """Mllama (Llama 3.2 Vision): some layers look at the pictures by cross-attention."""
    tokenizer = words_of(image_token="<|image|>", python_token="<|python_tag|>")
    pictures = MllamaImageProcessor(size=TILE, max_image_tiles=4, **HALVES)
    processor = MllamaProcessor(pictures, tokenizer, chat_template=chat_of("<|image|>"))
    vision = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_global_layers": 1,
        "attention_heads": 4, "image_size": SIDE, "patch_size": PATCH, "max_num_tiles": 4, "vision_output_dim": 64,
        "intermediate_layers_indices": [0],
    }  # fmt: skip
    text = {**TEXT, **ids(tokenizer), "num_hidden_layers": 4, "cross_attention_layers": [1, 3]}
    config = MllamaConfig(vision_config=vision, text_config=text, image_token_index=tokenizer.image_token_id)
    model = finished(MllamaForConditionalGeneration(config), processor, "mllama")
    with torch.no_grad():
        # Gates are 0 in a new net, and nothing of a picture would come through.
        for name, parameter in model.net.named_parameters():
            if name.endswith("_gate"):
                parameter.fill_(0.5)
    return model


TILES = (
    Family(name="llava_onevision", make=llava_onevision, is_packed=True),
    Family(name="internvl", make=internvl, is_packed=True),
    Family(name="smolvlm", make=smolvlm, is_packed=True),
    Family(name="idefics3", make=idefics3, is_packed=True),
    Family(name="mistral3", make=mistral3, is_packed=True),
    Family(name="mllama", make=mllama, is_packed=True, is_drawn_packed=False),
)

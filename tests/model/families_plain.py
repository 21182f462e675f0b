"""Families whose pictures are one block of tokens, or several of one size: LLaVA, Gemma."""

from family_parts import HALVES, PATCH, SIDE, TEXT, VISION, Family, chat_of, finished, ids, words_of
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3ImageProcessor,
    Gemma3Processor,
    Gemma4AudioFeatureExtractor,
    Gemma4Config,
    Gemma4ForConditionalGeneration,
    Gemma4ImageProcessor,
    Gemma4Processor,
    Gemma4VideoProcessor,
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
    SiglipImageProcessor,
)

from seewhy.model.families.hub import HubModel


def llava_over(text: dict[str, object], name: str) -> HubModel:
    """LLaVA-1.5's tower, projector and processor before a language model of these settings."""
    tokenizer = words_of(image_token="<image>")
    pictures = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, **HALVES)
    processor = LlavaProcessor(pictures, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default",
                               chat_template=chat_of("<image>"), num_additional_image_tokens=1)  # fmt: skip
    config = LlavaConfig(vision_config=CLIPVisionConfig(**VISION), text_config={**text, **ids(tokenizer)},
                         image_token_index=tokenizer.convert_tokens_to_ids("<image>"))  # fmt: skip
    return finished(LlavaForConditionalGeneration(config), processor, name)


def llava() -> HubModel:
    """LLaVA-1.5: CLIP tower, two-layer projector, Llama."""
    return llava_over({**TEXT, "model_type": "llama"}, "llava")


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
    """Gemma 3: picture tokens see each other both ways, every other layer sees a window.

    The window is longer than the chains that try branches at the start and shorter than those of the tests, so that it
    cuts chains where no trial looks.
    """
    tokenizer = words_of(image_token="<soft>", boi_token="<boi>", eoi_token="<eoi>")
    pictures = Gemma3ImageProcessor(size={"height": SIDE, "width": SIDE}, **HALVES)
    processor = Gemma3Processor(pictures, tokenizer, chat_template=chat_of("<boi>"), image_seq_length=4)
    text = {**TEXT, **ids(tokenizer), "sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]}
    config = Gemma3Config(
        text_config=text, vision_config=VISION, mm_tokens_per_image=4, image_token_id=tokenizer.image_token_id,
        boi_token_index=tokenizer.boi_token_id, eoi_token_index=tokenizer.eoi_token_id,
    )  # fmt: skip
    return finished(Gemma3ForConditionalGeneration(config), processor, "gemma3")


def gemma4() -> HubModel:
    """Gemma 4: picture tokens see each other both ways in layers with a window, and within it; keys are shared."""
    tokenizer = words_of(image_token="<soft>", boi_token="<boi>", eoi_token="<eoi>", audio_token="<sound>",
                         boa_token="<boa>", eoa_token="<eoa>")  # fmt: skip
    pictures = Gemma4ImageProcessor(patch_size=4, max_soft_tokens=70, **HALVES)
    processor = Gemma4Processor(Gemma4AudioFeatureExtractor(), pictures, tokenizer, Gemma4VideoProcessor(),
                                chat_template=chat_of("<soft>"), image_seq_length=70)  # fmt: skip
    tokens = len(processor.tokenizer)
    text = {
        **TEXT, **ids(tokenizer), "vocab_size": tokens, "vocab_size_per_layer_input": tokens, "num_hidden_layers": 3,
        "hidden_size_per_layer_input": 16, "global_head_dim": 16, "num_kv_shared_layers": 0, "sliding_window": 24,
        "layer_types": ["sliding_attention", "full_attention", "full_attention"],
        "use_bidirectional_attention": "vision",
    }  # fmt: skip
    vision = {**VISION, "num_key_value_heads": 4, "head_dim": 8, "patch_size": 4, "position_embedding_size": 256}
    config = Gemma4Config(
        text_config=text, vision_config=vision, image_token_id=tokenizer.image_token_id,
        boi_token_id=tokenizer.boi_token_id, eoi_token_id=tokenizer.eoi_token_id,
        audio_token_id=tokenizer.audio_token_id, video_token_id=processor.video_token_id,
    )  # fmt: skip
    return finished(Gemma4ForConditionalGeneration(config), processor, "gemma4")


def paligemma_of(name: str, **text: object) -> HubModel:
    """A PaliGemma with a language model of these settings."""
    tokenizer = words_of(image_token="<image>")
    pictures = SiglipImageProcessor(size={"height": SIDE, "width": SIDE}, **HALVES)
    pictures.image_seq_length = (SIDE // PATCH) ** 2
    processor = PaliGemmaProcessor(pictures, tokenizer, chat_template=chat_of("<image>"))
    config = PaliGemmaConfig(
        text_config={**TEXT, **ids(tokenizer), **text}, projection_dim=64, image_token_index=tokenizer.image_token_id,
        vision_config={**VISION, "model_type": "siglip_vision_model", "vision_use_head": False},
    )  # fmt: skip
    return finished(PaliGemmaForConditionalGeneration(config), processor, name)


def paligemma() -> HubModel:
    """PaliGemma: the whole prompt sees itself both ways; separate rows."""
    return paligemma_of("paligemma", model_type="gemma")


def paligemma2() -> HubModel:
    """PaliGemma 2: as PaliGemma, with Gemma 2's capped scores and capped logits."""
    return paligemma_of("paligemma2", model_type="gemma2", final_logit_softcapping=3.0, attn_logit_softcapping=2.0,
                        sliding_window=16, query_pre_attn_scalar=16)  # fmt: skip


PLAIN = (
    Family(name="llava", make=llava, is_packed=True),
    Family(name="llava_next", make=llava_next, is_packed=True),
    Family(name="gemma3", make=gemma3, is_packed=True),
    Family(name="gemma4", make=gemma4, is_packed=True),
    Family(name="paligemma", make=paligemma, is_packed=False, pictures=(1, 2, 5)),
    Family(name="paligemma2", make=paligemma2, is_packed=False, pictures=(1, 2, 5)),
)

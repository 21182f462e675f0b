"""LoRA on Qwen2.5-VL-7B: SFT on questions of your own, and MPO on the model's own chains."""

from collections.abc import Mapping
from dataclasses import replace

from seewhy.model.prompt_plan import PromptPlan
from seewhy.recipes.llava_lora import adapted
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size

TOKENS: Mapping[str, float] = {"min_pixels": 256 * 28 * 28, "max_pixels": 1280 * 28 * 28}
"""256 to 1,280 tokens a picture, the range that Qwen2.5-VL's model card names (arXiv 2502.13923)."""


def recipe(size: Size = Size.PAPER) -> Recipe:
    """No paper trains this model by LoRA: rank 64 of QLoRA (arXiv 2305.14314), 1e-4 and 5e-6 of common scripts."""
    made = adapted(size, "qwen-lora", "Qwen/Qwen2.5-VL-7B-Instruct", rank=64, imitation=1e-4, preference=5e-6)
    if size is not Size.PAPER:
        return made
    return replace(made, models={"base": replace(made.models["base"], prompt=PromptPlan(processor=TOKENS))})

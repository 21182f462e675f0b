"""What the benches share: a LLaVA of LLaVA-1.5's geometry and toy widths, its questions, and how runs are timed."""

import argparse
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

import numpy as np
import torch
from PIL import Image
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
from transformers.utils import logging

from seewhy.model.families.tiny import CHAT, make_tokenizer

PIXELS, PATCH = 336, 14
"""CLIP 336/14 as in LLaVA-1.5: 576 picture tokens."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LIBRARIES = ("seewhy", "torch", "transformers", "trl")


def make_processor() -> LlavaProcessor:
    """A byte is a token, so a text of n letters has n tokens."""
    pictures = CLIPImageProcessor(
        size={"shortest_edge": PIXELS}, crop_size={"height": PIXELS, "width": PIXELS}, do_resize=True
    )
    return LlavaProcessor(
        pictures, make_tokenizer([], vocabulary=261), patch_size=PATCH, vision_feature_select_strategy="default",
        chat_template=CHAT, image_token="<image>", num_additional_image_tokens=1,
    )  # fmt: skip


def make_net(tokenizer: PreTrainedTokenizerFast, seed: int = 0) -> LlavaForConditionalGeneration:
    """About 9 million parameters: 4 vision layers of width 128, 6 text layers of width 256, 8,000 words."""
    torch.manual_seed(seed)
    vision = CLIPVisionConfig(
        hidden_size=128, intermediate_size=512, num_hidden_layers=4, num_attention_heads=4, image_size=PIXELS,
        patch_size=PATCH,
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=8000, hidden_size=256, intermediate_size=688, num_hidden_layers=6, num_attention_heads=8,
        max_position_embeddings=2048, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-2, vision_feature_select_strategy="default", image_seq_length=(PIXELS // PATCH) ** 2,
    )  # fmt: skip
    net = LlavaForConditionalGeneration(config)
    net.generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    return net.eval()


def prompt_text(number: int) -> str:
    """A question of thirty letters after its picture; all are of one length, so no side pads."""
    return f"<user><image>{letters(30, number)}<assistant>"


def letters(count: int, seed: int) -> str:
    """Random letters, a token each."""
    return "".join(random.Random(seed).choices(LETTERS, k=count))


def picture(number: int) -> Image.Image:
    """A picture of noise."""
    pixels = np.random.default_rng(number).integers(0, 256, (PIXELS, PIXELS, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def parser(about: str | None) -> argparse.ArgumentParser:
    """The options that all benches take."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--runs", type=int, default=5, help="timed runs of each side, in turns, after one that is not")
    made.add_argument("--threads", type=int, default=2, help="threads of torch")
    return made


def set_up(threads: int) -> None:
    """Threads and silence; print the machine and the versions."""
    torch.set_num_threads(threads)
    logging.set_verbosity_error()
    print(f"{platform.machine()}, {os.cpu_count()} cores, {threads} threads, Python {platform.python_version()}, "
          + ", ".join(f"{name} {version(name)}" for name in LIBRARIES))  # fmt: skip


def in_turns(sides: Mapping[str, Callable[[], object]], runs: int, each: int) -> dict[str, float]:
    """Median rate of each side: a call does `each` pieces of work; `runs` turns after a first one not counted."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(runs + 1):
        for name, work in sides.items():
            began = time.perf_counter()
            work()
            if run:
                rates[name].append(each / (time.perf_counter() - began))
    return {name: statistics.median(done) for name, done in rates.items()}

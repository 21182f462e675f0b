"""What the benches share: a LLaVA of LLaVA-1.5's geometry and toy widths, its questions, and how runs are timed."""

import argparse
import ctypes
import math
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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

PATCH = 14
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LIBRARIES = ("seewhy", "torch", "transformers", "trl")
KEPT_HEAP = {-1: 2**31 - 1, -2: 2**26, -3: 2**30}
"""glibc's M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Sizes of a LLaVA and its prompts; as given, CLIP 336/14 and 576 picture tokens as in LLaVA-1.5."""

    side: int = 24
    """Patches along a side of the picture; a patch is a token."""
    letters: int = 30
    """Length of a question."""
    width: int = 256
    """Of the text layers; heads are 32 wide, the feed-forward part 2.6875 times as wide."""
    layers: int = 6
    """Text layers."""

    @property
    def pixels(self) -> int:
        """Along a side of the picture."""
        return self.side * PATCH

    @property
    def prompt_tokens(self) -> int:
        """Of picture, question, and the two marks around them."""
        return self.side**2 + self.letters + 2


LLAVA = Geometry()


def of_length(tokens: int) -> Geometry:
    """A prompt of that many tokens: the largest square picture that leaves ten letters or more for the question."""
    side = math.isqrt(tokens - 12)
    return Geometry(side=side, letters=tokens - 2 - side**2)


def make_processor(geometry: Geometry = LLAVA) -> LlavaProcessor:
    """A byte is a token, so a text of n letters has n tokens."""
    pixels = geometry.pixels
    pictures = CLIPImageProcessor(
        size={"shortest_edge": pixels}, crop_size={"height": pixels, "width": pixels}, do_resize=True
    )
    return LlavaProcessor(
        pictures, make_tokenizer([], vocabulary=261), patch_size=PATCH, vision_feature_select_strategy="default",
        chat_template=CHAT, image_token="<image>", num_additional_image_tokens=1,
    )  # fmt: skip


def make_net(
    tokenizer: PreTrainedTokenizerFast, geometry: Geometry = LLAVA, seed: int = 0
) -> LlavaForConditionalGeneration:
    """About 9 million parameters: 4 vision layers of width 128, 6 text layers of width 256, 8,000 words."""
    torch.manual_seed(seed)
    vision = CLIPVisionConfig(
        hidden_size=128, intermediate_size=512, num_hidden_layers=4, num_attention_heads=4,
        image_size=geometry.pixels, patch_size=PATCH,
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=8000, hidden_size=geometry.width, intermediate_size=geometry.width * 43 // 16,
        num_hidden_layers=geometry.layers, num_attention_heads=geometry.width // 32,
        max_position_embeddings=8192, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-2, vision_feature_select_strategy="default", image_seq_length=geometry.side**2,
    )  # fmt: skip
    net = LlavaForConditionalGeneration(config)
    net.generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    return net.eval()


def prompt_text(number: int, geometry: Geometry = LLAVA) -> str:
    """A question after its picture; all are of one length, so no side pads."""
    return f"<user><image>{letters(geometry.letters, number)}<assistant>"


def letters(count: int, seed: int) -> str:
    """Random letters, a token each."""
    return "".join(random.Random(seed).choices(LETTERS, k=count))


def picture(number: int, geometry: Geometry = LLAVA) -> Image.Image:
    """A picture of noise."""
    pixels = np.random.default_rng(number).integers(0, 256, (geometry.pixels, geometry.pixels, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def parser(about: str | None, runs: int = 5) -> argparse.ArgumentParser:
    """The options that all benches take."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--runs", type=int, default=runs, help="timed runs of each side, in turns, after one that is not")
    made.add_argument("--threads", type=int, default=2, help="threads of torch")
    return made


def add_clock(made: argparse.ArgumentParser) -> None:
    """The option of the benches that only compare sides by their rates."""
    made.add_argument(
        "--cpu-seconds", dest="clock", action="store_const", const=time.process_time, default=time.perf_counter,
        help="count CPU seconds of this process instead of time: with --threads 1, for a machine that others use",
    )  # fmt: skip


def set_up(threads: int) -> None:
    """Threads, silence, and a heap that is kept; print the machine and the versions."""
    keep_heap()
    torch.set_num_threads(threads)
    logging.set_verbosity_error()
    print(f"{platform.machine()}, {os.cpu_count()} cores, {threads} threads, Python {platform.python_version()}, "
          + ", ".join(f"{name} {version(name)}" for name in LIBRARIES))  # fmt: skip


def keep_heap() -> None:
    """Let glibc keep what is freed: else each large tensor is fetched from the kernel anew, page by page.

    It helps all sides, and most the one that makes the largest tensors, which is never seewhy. Does nothing elsewhere.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        for parameter, value in KEPT_HEAP.items():
            library.mallopt(parameter, value)


def in_turns(
    sides: Mapping[str, Callable[[], object]],
    runs: int,
    each: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median rate of each side: a call does `each` pieces of work; `runs` turns after a first one not counted."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(runs + 1):
        for name, work in sides.items():
            began = clock()
            work()
            if run:
                rates[name].append(each / (clock() - began))
    return {name: statistics.median(done) for name, done in rates.items()}

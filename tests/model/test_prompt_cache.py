"""Prompts kept in bounded memory, and never another picture's prompt."""

import os
import shutil
from dataclasses import replace

import pytest
import torch
from untrained import picture, question, untrained_model

from seewhy.model.free_memory import memory_bytes
from seewhy.model.loading.prompt_cache import KeepsPrompts, PromptCache, bytes_of
from seewhy.model.packed.group import Prompt
from seewhy.records.types import Style

WORDS, PIXELS = 5, 100
SIZE = 8 * WORDS + 4 * PIXELS
"""Bytes of one prompt: an id takes 8, a float32 pixel 4."""


def prompt_of(pixels: int = PIXELS) -> Prompt:
    pictures = {"pixel_values": torch.zeros(1, pixels)} if pixels else {}
    return Prompt(ids=tuple(range(WORDS)), pictures=pictures)


class Encoder:
    """Encodes and keeps count."""

    def __init__(self, cache: KeepsPrompts) -> None:
        self.cache = cache
        self.encoded: list[str] = []

    def ask(self, name: str, pixels: int = PIXELS) -> Prompt:
        return self.cache.get((name, ()), lambda: self._encode(name, pixels))

    def _encode(self, name: str, pixels: int) -> Prompt:
        self.encoded.append(name)
        return prompt_of(pixels)


def test_the_bytes_of_a_prompt_are_those_of_its_pixels_ids_marks_and_features():
    assert bytes_of(prompt_of()) == SIZE
    more = replace(prompt_of(), token_type_ids={"token_type_ids": (0,) * WORDS}, features=(torch.zeros(3, 2),))
    assert bytes_of(more) == SIZE + 8 * WORDS + 4 * 3 * 2


def test_a_prompt_is_encoded_once_while_it_is_held():
    encoder = Encoder(PromptCache(3 * SIZE))
    assert encoder.ask("a") is encoder.ask("a")
    assert encoder.encoded == ["a"]


def test_the_least_recently_used_prompt_makes_room():
    encoder = Encoder(PromptCache(2 * SIZE))
    for name in ("a", "b", "a", "c", "a", "b"):
        encoder.ask(name)
    assert encoder.encoded == ["a", "b", "c", "b"]


@pytest.mark.parametrize("pixels", [PIXELS, 0])
def test_the_cache_never_holds_more_than_its_bytes(pixels):
    cache = PromptCache(3 * bytes_of(prompt_of(pixels)) + 1)
    encoder = Encoder(cache)
    for number in range(10):
        encoder.ask(str(number), pixels)
        assert cache.held_bytes == min(number + 1, 3) * bytes_of(prompt_of(pixels))
    for number in (7, 8, 9):
        encoder.ask(str(number), pixels)
    assert len(encoder.encoded) == 10


def test_a_prompt_larger_than_the_cache_is_handed_back_and_puts_nothing_out():
    encoder = Encoder(PromptCache(2 * SIZE))
    encoder.ask("a")
    assert encoder.ask("large", 10 * PIXELS).pictures["pixel_values"].numel() == 10 * PIXELS
    encoder.ask("a")
    assert encoder.encoded == ["a", "large"]
    assert encoder.cache.held_bytes == SIZE


def test_processors_share_the_bytes_of_a_cache_and_no_prompt():
    cache = PromptCache(2 * SIZE)
    one, other = Encoder(cache.of_processor("one")), Encoder(cache.of_processor("other"))
    assert one.ask("a") is not other.ask("a")
    assert one.ask("a") is Encoder(cache.of_processor("one")).ask("a")
    one.ask("b")
    assert (cache.held_bytes, one.encoded, one.cache.max_bytes) == (2 * SIZE, ["a", "b"], 2 * SIZE)
    other.ask("a")
    assert other.encoded == ["a", "a"]


def test_where_nothing_is_said_a_cache_has_a_cores_part_of_a_sixteenth_of_the_memory():
    expected = max(64 << 20, memory_bytes() // 16 // (os.cpu_count() or 1))
    assert PromptCache().max_bytes == expected


def test_another_picture_under_the_same_path_is_encoded_anew(model, tmp_path):
    asked = question(0, picture(tmp_path, 0))
    before = model.prompt(asked, Style.REASON)
    assert model.prompt(asked, Style.REASON) is before
    shutil.copy(picture(tmp_path, 1).path, asked.images[0].path)
    after = model.prompt(asked, Style.REASON)
    assert after.ids == before.ids
    assert not torch.equal(after.pictures["pixel_values"], before.pictures["pixel_values"])
    expected = untrained_model().prompt(asked, Style.REASON).pictures["pixel_values"]
    assert torch.equal(after.pictures["pixel_values"], expected)


def test_questions_of_one_name_do_not_share_a_prompt_and_equal_words_and_pictures_do(model, tmp_path):
    asked = question(0, picture(tmp_path, 0))
    prompts = [
        model.prompt(each, style, blind)
        for each in (asked, replace(asked, text="Which is larger?"), question(0, picture(tmp_path, 3)))
        for style in (Style.REASON, Style.DIRECT)
        for blind in (False, True)
    ]
    contents = {(prompt.ids, *(tensor.numpy().tobytes() for tensor in prompt.pictures.values())) for prompt in prompts}
    assert len(contents) == 3 * 4 - 2  # blind, the third question is the first
    moved = tmp_path / "elsewhere.png"
    shutil.copy(asked.images[0].path, moved)
    same = replace(asked, id="renamed", images=(replace(asked.images[0], path=str(moved)),))
    assert model.prompt(same, Style.REASON) is prompts[0]

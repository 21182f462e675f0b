"""Varied pictures: what is left of a picture, what stands in its place, and what the draw depends on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seewhy.pairs.pictures.blurred import Blurred
from seewhy.pairs.pictures.cropped import Cropped
from seewhy.pairs.pictures.noised import Noised
from seewhy.pairs.pictures.other import Other
from seewhy.pairs.varied import KEPT, VARIANT, vary_question
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split

QUESTION = Question(
    id="q", benchmark="b", split=Split.TRAIN, text="What?", gold=Gold(answers=("1",), rule=MatchRule.EXACT),
    images=(ImageRef(sha256="a", path="a"),), facets={"grid": "2x2"},
)  # fmt: skip


class Drawn:
    """Pictures in memory whose every pixel tells its place."""

    def __init__(self, width: int = 40, height: int = 24, count: int = 3) -> None:
        self.size = width, height
        self.all = tuple(ImageRef(sha256=name, path=name) for name in "abcdefgh"[:count])

    def open(self, ref: ImageRef) -> Image.Image:
        x, y = np.meshgrid(np.arange(self.size[0]), np.arange(self.size[1]))
        return Image.fromarray(np.stack([x, y, np.full_like(x, ord(ref.path))], axis=-1).astype(np.uint8))


class Kept:
    """Keeps pixels under the hash of nothing but their number."""

    def __init__(self) -> None:
        self.pixels: list[Image.Image] = []

    def __call__(self, picture: Image.Image) -> ImageRef:
        self.pixels.append(picture)
        return ImageRef(sha256=f"kept {len(self.pixels)}", path="kept")


def varied(rule: object, *, question: Question = QUESTION, seed: int = 0, pictures: Drawn | None = None):
    kept = Kept()
    found = vary_question(question, type(rule).__name__.lower(), rule, pictures or Drawn(), kept, seed)
    return found, kept.pixels


@given(st.integers(0, 10**6), st.integers(1, 90), st.integers(1, 90), st.floats(0.0, 1.0), st.floats(0.001, 1.0))
def test_a_crop_keeps_a_share_between_its_bounds(seed, width, height, one, other):
    """Of area A, w and h are rounded down, or up to one pixel: w h >= (w' - 1)(h' - 1) with w' h' >= least A."""
    least, most = sorted([one, other])
    question, pixels = varied(Cropped(least=least, most=most, resize=False), seed=seed, pictures=Drawn(width, height))
    part = pixels[0]
    assert part.width * part.height <= max(most * width * height, 1) + 1e-9
    assert float(question.facets[KEPT]) == pytest.approx(part.width * part.height / (width * height), abs=1e-4)
    left, top = part.getpixel((0, 0))[:2]
    right, bottom = part.getpixel((part.width - 1, part.height - 1))[:2]
    assert (right - left, bottom - top) == (part.width - 1, part.height - 1)


def test_crops_are_spread_over_the_picture_and_over_the_shares():
    drawn = [varied(Cropped(resize=False), seed=seed, pictures=Drawn(200, 100)) for seed in range(400)]
    kept = np.array([float(question.facets[KEPT]) for question, _ in drawn])
    assert kept.max() <= 0.2
    assert kept.mean() == pytest.approx(0.1, abs=0.01)
    middle = np.array([np.asarray(pixels[0])[..., :2].mean(axis=(0, 1)) for _, pixels in drawn])
    assert middle.mean(axis=0) == pytest.approx([99.5, 49.5], abs=4)


def test_a_crop_is_scaled_to_the_size_of_the_whole():
    _, pixels = varied(Cropped())
    assert pixels[0].size == (40, 24)


def test_another_picture_is_never_the_question_s_own():
    found = {varied(Other(), seed=seed)[0].images[0].sha256 for seed in range(40)}
    assert found == {"b", "c"}
    with pytest.raises(ValueError, match="one picture among them"):
        varied(Other(), pictures=Drawn(count=1))


def test_noise_and_blur_keep_the_size_and_hide_what_was_there():
    still = np.asarray(Drawn(64, 64).open(QUESTION.images[0]), dtype=float)
    for rule in (Noised(), Blurred(radius=0.3)):
        _, pixels = varied(rule, pictures=Drawn(64, 64))
        assert pixels[0].size == (64, 64)
        assert np.abs(np.asarray(pixels[0], dtype=float) - still).mean() > 2
    whole = np.asarray(varied(Noised(share=1.0), pictures=Drawn(256, 256))[1][0], dtype=float)
    assert whole.mean() == pytest.approx(127.5, abs=1)
    assert whole.std() == pytest.approx(62, abs=3)


def test_a_draw_depends_on_seed_kind_question_and_picture_alone():
    def part(**changes: object) -> list[int]:
        seed = changes.pop("seed", 0)
        _, pixels = varied(Cropped(resize=False), question=replace(QUESTION, **changes), seed=seed,
                           pictures=Drawn(200, 200))  # fmt: skip
        return np.asarray(pixels[0]).ravel().tolist()

    first = part()
    assert part() == part(text="Else?") == first
    others = [part(seed=1), part(id="r"), part(images=(ImageRef(sha256="z", path="a"),))]
    assert all(other != first for other in others)


def test_every_picture_of_a_question_is_varied_and_the_question_says_so():
    two = replace(QUESTION, images=(*QUESTION.images, ImageRef(sha256="b", path="b")))
    found, pixels = varied(Cropped(), question=two)
    assert len(pixels) == len(found.images) == 2
    assert (found.id, found.text, found.facets["grid"], found.facets[VARIANT]) == ("q", "What?", "2x2", "cropped")
    bare = replace(QUESTION, images=())
    assert varied(Cropped(), question=bare) == (bare, [])


@pytest.mark.parametrize(("kind", "settings"), [
    (Cropped, {"least": 0.3}), (Cropped, {"most": 1.5}), (Cropped, {"most": 0.0}), (Noised, {"share": 0.0}),
    (Noised, {"spread": 0.0}), (Blurred, {"radius": 0.0}), (Cropped, {"least": float("nan")}),
])  # fmt: skip
def test_a_setting_that_varies_nothing_or_too_much_is_refused(kind, settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        kind(**settings)

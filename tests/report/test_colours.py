"""The colours of credit: even steps in Oklab on both sides, and text that can be read on every one of them."""

import math
import re
from importlib.resources import files

import pytest

CSS = (files("seewhy") / "report/colours.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--([\w-]+): (#\w{6});", part)) for part in CSS.split("@media")[:2])


def linear(colour: str) -> list[float]:
    """Linear light of an sRGB colour (IEC 61966-2-1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def oklab(colour: str) -> tuple[float, float, float]:
    """Oklab of a colour (Ottosson 2020)."""
    red, green, blue = linear(colour)
    long, middle, short = (sum(weight * part for weight, part in zip(row, (red, green, blue), strict=True)) ** (1 / 3)
                           for row in ((0.4122214708, 0.5363325363, 0.0514459929),
                                       (0.2119034982, 0.6806995451, 0.1073969566),
                                       (0.0883024619, 0.2817188376, 0.6299787005)))  # fmt: skip
    return (0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
            1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
            0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short)  # fmt: skip


def contrast(one: str, other: str) -> float:
    """Contrast of two colours (WCAG 2.2)."""
    weights = (0.2126, 0.7152, 0.0722)
    lights = [sum(w * part for w, part in zip(weights, linear(colour), strict=True)) for colour in (one, other)]
    low, high = sorted(lights)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_both_ends_of_the_scale_are_equally_far_from_its_middle_and_equally_light(theme):
    middle, gain, loss = (oklab(theme[name]) for name in ("paper", "gain", "loss"))
    assert math.dist(gain, middle) == pytest.approx(math.dist(loss, middle), rel=0.02)
    assert gain[0] == pytest.approx(loss[0], abs=0.01)
    assert math.dist(gain, loss) > 0.19, "far apart"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_both_ends(theme):
    assert min(contrast(theme["ink"], theme[end]) for end in ("gain", "loss")) >= 4.5


def test_the_scale_is_mixed_in_oklab():
    for side, end in (("praise", "gain"), ("blame", "loss")):
        assert f".token.{side} {{ background: color-mix(in oklab, var(--{end}) calc(var(--strength) * 100%)" in CSS

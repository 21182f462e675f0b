"""The served oracle's eyes: it looks at the canary's pictures, which no list of pages holds."""

from hashlib import sha256

from seewhy.benchmarks.ink.posing import generator_at
from seewhy.endpoints.vision_check import COLOURS
from seewhy.records.pictures import read_pixels


def name_colours(picture: bytes, *, blind: bool) -> str:
    """The colours of the left and of the right half of a picture, as they are; guessed where it is blind."""
    if blind:
        guessed = generator_at("canary", sha256(picture).hexdigest()).permutation(list(COLOURS))[:2]
        return " ".join(str(colour) for colour in guessed)
    pixels = read_pixels(picture)
    places = [(pixels.width * share // 4, pixels.height // 2) for share in (1, 3)]
    return " ".join(nearest_colour(pixels.getpixel(place)) for place in places)


def nearest_colour(pixel: object) -> str:
    """The name of the colour that is nearest to a pixel's."""
    assert isinstance(pixel, tuple)
    return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], pixel, strict=True)))

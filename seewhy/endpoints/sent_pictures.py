"""Pictures as they are sent: the bytes of the file as they are, or another file of what a viewer would show."""

import base64
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from seewhy.records.pictures import PictureError, as_shown, format_of, is_animated, is_deep, opened, orientation_of
from seewhy.records.types import ImageRef

TAKEN = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
"""Formats that chat servers take; pictures of others are sent as PNG or JPEG."""
FEW_BYTES = 1_024
"""Files of fewer bytes are not made shorter still, at a cost to what they show."""
QUALITIES = (95, 90, 85, 75, 60, 45, 30, 15)
"""Of a JPEG, tried until it has no more bytes than the file."""
PALETTE = 256
"""Colours of a picture that was drawn or printed, at most."""
FEWER_COLOURS = (256, 64, 16)
"""Of a PNG with a palette, tried in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPicture:
    """One picture of a request.

    Example:
        >>> SentPicture(kind="image/png", content=b"...", width=448, height=448).url
        'data:image/png;base64,Li4u'
    """

    kind: str
    content: bytes
    width: int
    height: int

    @property
    def url(self) -> str:
        """The bytes as a data URL."""
        return f"data:{self.kind};base64,{base64.b64encode(self.content).decode()}"


def send_picture(ref: ImageRef, max_pixels: int) -> SentPicture:
    """A picture's own bytes, or a picture of at most `max_pixels` pixels; 0 sets no bound.

    Own bytes are sent where every server shows the same of them. Anew is sent what has too many pixels, is on its
    side with a note to turn it, lets through what is behind it, moves, has greys of more than 8 bits, or is in a format
    that servers do not take. It never has more bytes than the file: where no way is found, the file itself is sent.

    Raises:
        ValueError: the file cannot be read, or is no picture.
    """
    try:
        content = Path(ref.path).read_bytes()
        with opened(content) as picture:
            kind = TAKEN.get(format_of(picture))
            own = SentPicture(kind=kind or "", content=content, width=picture.width, height=picture.height)
            is_small = not max_pixels or own.width * own.height <= max_pixels
            may_send_own = bool(kind) and is_plain(picture)
            if may_send_own and is_small:
                return own
            shown = as_shown(picture)
            size = shown.size if is_small else fit_size(*shown.size, max_pixels)
            return encode(shown, size, form=format_of(picture), own=own, may_send_own=may_send_own)
    except (OSError, PictureError) as error:
        raise ValueError(
            f"picture {ref.path} cannot be read ({error}); replace the file or drop its question"
        ) from error


def is_plain(picture: Image.Image) -> bool:
    """Whether the stored pixels are what a viewer shows."""
    is_upright = orientation_of(picture) == 1
    return is_upright and not picture.has_transparency_data and not is_deep(picture) and not is_animated(picture)


def encode(
    shown: Image.Image, size: tuple[int, int], *, form: str, own: SentPicture, may_send_own: bool
) -> SentPicture:
    """A file of a picture in a size: the first of several ways with no more bytes than its own, else the shortest."""
    found = [own] if may_send_own else list[SentPicture]()
    for kind, content in ways(shown, size, form):
        found.append(SentPicture(kind=kind, content=content, width=size[0], height=size[1]))
        if len(content) <= max(len(own.content), FEW_BYTES):
            return found[-1]
    return min(found, key=lambda sent: len(sent.content))


def ways(shown: Image.Image, size: tuple[int, int], form: str) -> Iterator[tuple[str, bytes]]:
    """A picture as files, from the truest to the shortest; a JPEG stays one, and a WebP."""
    smooth = shown if size == shown.size else shown.resize(size, Image.Resampling.LANCZOS)
    if form == "WEBP":
        yield "image/webp", saved(smooth, "WEBP", lossless=True)
        for quality in QUALITIES:
            yield "image/webp", saved(smooth, "WEBP", quality=quality)
        return
    colours = None if form == "JPEG" else shown.getcolors(PALETTE)
    if form != "JPEG":
        yield "image/png", saved(smooth, "PNG")
    if colours:  # drawn or printed: such pictures have sharp edges, of which a JPEG keeps little
        for count in FEWER_COLOURS:
            yield "image/png", saved(smooth.quantize(count), "PNG")
    for quality in QUALITIES:
        yield "image/jpeg", saved(smooth, "JPEG", quality=quality)
    if colours:
        sharp = shown.resize(size, Image.Resampling.NEAREST)
        yield "image/png", saved(sharp.quantize(max(2, len(colours))), "PNG")


def saved(picture: Image.Image, kind: str, **settings: int) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    picture.save(file, format=kind, **settings)
    return file.getvalue()


def fit_size(width: int, height: int, max_pixels: int) -> tuple[int, int]:
    """The largest size of the same shape with at most `max_pixels` pixels, rounded down, at least 1 by 1.

    Example:
        >>> fit_size(2000, 1000, 500_000)
        (1000, 500)
    """
    scale = math.sqrt(max_pixels / (width * height))
    across, down = max(1, int(width * scale + 1e-9)), max(1, int(height * scale + 1e-9))
    # Of a strip one side is 1 already, and the other alone must give way.
    across = max(1, min(across, max_pixels // down))
    return across, max(1, min(down, max_pixels // across))

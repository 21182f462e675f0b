"""Pictures as they are sent: the bytes of the file as they are, or fewer pixels where a budget is set."""

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from seewhy.records.types import ImageRef

TAKEN = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
"""Formats that chat servers take; pictures of others are sent as PNG."""


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
    """A picture's own bytes, or a PNG of at most `max_pixels` pixels; 0 sets no bound.

    Raises:
        ValueError: the file cannot be read, or is no picture.
    """
    try:
        content = Path(ref.path).read_bytes()
        with Image.open(io.BytesIO(content)) as picture:
            kind = TAKEN.get(picture.format or "")
            width, height = picture.size
            is_small = not max_pixels or width * height <= max_pixels
            if kind is None or not is_small:
                size = (width, height) if is_small else fit_size(width, height, max_pixels)
                return _as_png(picture, size)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"picture {ref.path} cannot be read ({error}); replace the file or drop its question"
        ) from error
    return SentPicture(kind=kind, content=content, width=width, height=height)


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


def _as_png(picture: Image.Image, size: tuple[int, int]) -> SentPicture:
    plain = picture.convert("RGB")
    if plain.size != size:
        plain = plain.resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    plain.save(file, format="PNG")
    return SentPicture(kind="image/png", content=file.getvalue(), width=size[0], height=size[1])

"""Picture files as pixels: which formats are read, how large they may be, and what a viewer would show of them."""

import io
import stat
import struct
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""Raster formats, recognised by content whatever a file is called. Pillow knows others, of which some run programs."""
ANIMATED = {"PNG", "WEBP", "GIF"}
MAX_PIXELS = 50_000_000
"""Of one picture: a page at 600 dpi has 35 million. Decoded, this many take some 400 MB."""
MAX_BYTES = 1 << 28
"""Of one file."""
ORIENTATION = 0x0112
"""The EXIF tag."""
DEEP = ("I", "F")
"""Modes of more than 8 bits a pixel begin so; Pillow cuts them off at 255 where they are to be shown."""
SIXTEEN_BIT = 65_535
DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    ZeroDivisionError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow raises for a file that is no complete picture."""
TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
Source = Path | bytes


class PictureError(ValueError):
    """A file is no picture that is read here; the words say why, and whoever catches it adds where."""


@contextmanager
def opened(source: Source) -> Generator[Image.Image]:
    """A picture whose head is read and whose pixels may be: its format is one of `FORMATS`, its size within bounds.

    Raises:
        PictureError: it is not, or what the block does with it fails.
    """
    try:
        size = len(source) if isinstance(source, bytes) else _size_of(source)
        if size > MAX_BYTES:
            raise PictureError(f"it has more than {MAX_BYTES:,} bytes")
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError(_too_large(f"{picture.width:,} by {picture.height:,} pixels"))
            yield picture
    except PictureError:
        raise
    except TOO_LARGE as error:
        raise PictureError(_too_large("far more pixels")) from error
    except Image.UnidentifiedImageError as error:
        raise PictureError(f"its content is none of {', '.join(FORMATS)}, whatever it is called") from error
    except DAMAGE as error:
        raise PictureError(f"{error or type(error).__name__}") from error
    except MemoryError as error:
        raise PictureError("there is too little memory to decode it") from error


def _size_of(path: Path) -> int:
    """Bytes of a file; PictureError where it is none, such as a pipe, from which reading would wait for ever."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise PictureError("it is a folder" if stat.S_ISDIR(found.st_mode) else "it is no file but a pipe or a device")
    return found.st_size


def _too_large(words: str) -> str:
    return f"it has {words}; at most {MAX_PIXELS:,} pixels are read: make it smaller"


def format_of(picture: Image.Image) -> str:
    """The format as `FORMATS` names it; a JPEG that holds further pictures, as phones write it, is a JPEG."""
    return "JPEG" if picture.format == "MPO" else picture.format or "PNG"


def check_picture(source: Source) -> str:
    """Decode all pixels, and return the format.

    Raises:
        PictureError: it is no complete picture.
    """
    with opened(source) as picture:
        picture.load()
        return format_of(picture)


def read_pixels(source: Source) -> Image.Image:
    """The picture in RGB as a viewer shows it: `as_shown` of it.

    Raises:
        PictureError: it is no complete picture.
    """
    with opened(source) as picture:
        return as_shown(picture)


def as_png(picture: Image.Image) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def as_shown(picture: Image.Image) -> Image.Image:
    """The first frame in RGB: upright by its EXIF note, see-through parts on white, deep greys scaled to 8 bits."""
    shown = _to_rgb(picture)
    turn = orientation_of(picture)  # after decoding: in a TIFF Pillow has turned the pixels then, and says 1
    if turn == 1:
        return shown
    shown.getexif()[ORIENTATION] = turn
    return ImageOps.exif_transpose(shown)


def orientation_of(picture: Image.Image) -> int:
    """How the stored pixels are to be turned and mirrored, 1 to 8; 1, as they are, where no note can be read."""
    try:
        orientation = picture.getexif().get(ORIENTATION, 1)
    except DAMAGE:
        return 1
    return orientation if orientation in range(1, 9) else 1


def is_deep(picture: Image.Image) -> bool:
    """Whether a picture has greys of more than 8 bits."""
    return picture.mode.startswith(DEEP)


def is_animated(picture: Image.Image) -> bool:
    """Whether a picture has frames that follow the first."""
    if format_of(picture) not in ANIMATED:
        return False
    try:
        picture.seek(1)
    except EOFError:
        return False
    finally:
        picture.seek(0)
    return True


def _to_rgb(picture: Image.Image) -> Image.Image:
    if is_deep(picture):
        return _as_grey(picture).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    inked = picture.convert("RGBA")
    page = Image.new("RGB", inked.size, "white")
    page.paste(inked, mask=inked.getchannel("A"))
    return page


def _as_grey(picture: Image.Image) -> Image.Image:
    """Deep greys in 8 bits: 16-bit ones by their whole range, others by the range that they use."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if picture.mode.startswith("I;16") or (picture.mode == "I" and low >= 0 and 255 < high <= SIXTEEN_BIT):
        low, high = 0.0, float(SIXTEEN_BIT)
    elif low >= 0 and high <= (1.0 if picture.mode == "F" else 255.0):
        low, high = 0.0, 1.0 if picture.mode == "F" else 255.0
    elif picture.mode == "F" and low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scaled = (values - low) * (255.0 / max(high - low, 1e-9))
    return Image.fromarray(np.rint(scaled).clip(0, 255).astype(np.uint8), mode="L")

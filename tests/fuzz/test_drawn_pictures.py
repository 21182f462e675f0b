"""Pictures of any bytes: read within bounds, or refused by name; and what is read is what a viewer shows."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seewhy.endpoints.sent_pictures import FEW_BYTES, send_picture
from seewhy.records.pictures import FORMATS, PictureError, check_picture, read_pixels
from seewhy.records.types import ImageRef

NOTED = {"PNG", "JPEG", "WEBP", "TIFF"}
"""Formats with an EXIF note."""
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F")
SAVES = {"PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "JPEG": ("L", "RGB", "CMYK"), "WEBP": ("RGB", "RGBA"),
         "GIF": ("L", "P", "RGB"), "BMP": ("1", "L", "P", "RGB"), "TIFF": MODES}  # fmt: skip


Shape = tuple[str, str, tuple[int, int], int, int]
"""Format, mode, width and height as stored, EXIF orientation, seed of the pixels."""
SHAPES: st.SearchStrategy[Shape] = st.sampled_from(FORMATS).flatmap(
    lambda name: st.tuples(
        st.just(name), st.sampled_from(SAVES[name]), st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.integers(1, 8) if name in NOTED else st.just(1), st.integers(0, 9),
    )
)  # fmt: skip


def file_of(shape: Shape) -> bytes:
    """A picture file of that shape."""
    name, mode, (wide, high), turn, seed = shape
    noise = np.random.default_rng(seed).integers(0, 255, (high, wide, 4), dtype=np.uint8)
    if mode in {"F", "I;16"}:
        grey = noise[:, :, 0].astype(np.float32) * 257
        picture = Image.fromarray(grey if mode == "F" else grey.astype(np.uint16))
    else:
        picture = Image.fromarray(noise, "RGBA").convert("RGB" if mode == "CMYK" else "RGBA").convert(mode)
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = turn
    picture.save(file, name, **({"exif": exif.tobytes()} if name in NOTED else {}))
    return file.getvalue()


@given(SHAPES)
def test_every_picture_of_a_format_that_is_read_becomes_plain_colour(shape):
    name, _, size, turn, _ = shape
    content = file_of(shape)
    assert check_picture(content) == name
    shown = read_pixels(content)
    assert (shown.mode, shown.size) == ("RGB", size[::-1] if turn >= 5 else size)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, on tags that it leaves out
@given(SHAPES, st.data())
def test_a_damaged_picture_is_read_or_refused_by_name(shape, data):
    content = bytearray(file_of(shape))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    for damaged in (bytes(content), cut):
        assert mode_or_refusal(damaged).strip()


def mode_or_refusal(content: bytes) -> str:
    """The mode of what is read, or the words of the refusal; any other error is a failure."""
    try:
        return read_pixels(content).mode
    except PictureError as error:
        return str(error)


HEADS = (b"%!PS-Adobe-3.0\n", b"%PDF-1.7\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90\x00", b"PK\x03\x04",
         b"\x00\x00\x01\x00", b"P6\n1 1\n255\n", b"8BPS\x00\x01", b"SIMPLE  =", b"GRIB", b"qoif", b"FLIC")  # fmt: skip


@given(st.sampled_from(HEADS), st.binary(max_size=80))
def test_no_other_format_is_decoded_whatever_it_is_called(head, rest):
    with pytest.raises(PictureError):
        read_pixels(head + rest)


@given(SHAPES, st.integers(1, 81))
def test_what_is_sent_is_a_picture_within_the_bound_that_a_plain_reader_shows_alike(tmp_path_factory, shape, most):
    content = file_of(shape)
    path = tmp_path_factory.mktemp("sent") / "picture"
    path.write_bytes(content)
    sent = send_picture(ImageRef(path=str(path), sha256="0" * 64), most)
    with Image.open(io.BytesIO(sent.content)) as plain:
        assert plain.size == (sent.width, sent.height)
        assert sent.width * sent.height <= max(most, 1) or len(sent.content) == len(content)
        shown = read_pixels(content).resize(plain.size)
        assert plain.getexif().get(0x0112, 1) == 1
        if (sent.width, sent.height) == read_pixels(content).size and sent.kind != "image/jpeg":
            assert np.abs(np.asarray(plain.convert("RGB"), int) - np.asarray(shown, int)).mean() < 40


@given(st.integers(0, 99), st.integers(5, 40), st.integers(48, 96))
def test_a_picture_that_is_made_smaller_has_no_more_bytes(tmp_path_factory, seed, quality, side):
    noise = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("smaller") / "picture"
    Image.fromarray(noise, "RGB").save(path, "JPEG", quality=quality)
    sent = send_picture(ImageRef(path=str(path), sha256="0" * 64), side * side - 1)
    assert len(sent.content) <= max(path.stat().st_size, FEW_BYTES)


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["PNG", "WEBP", "TIFF", "GIF"]), st.integers(0, 255))
def test_what_is_seen_through_is_white(wide, high, name, grey):
    file = io.BytesIO()
    Image.new("RGBA", (wide, high), (grey, grey, grey, 0)).save(
        file, name, **({"lossless": True} if name == "WEBP" else {})
    )
    assert read_pixels(file.getvalue()).getcolors() == [(wide * high, (255, 255, 255))]


@given(st.integers(0, 255), st.integers(0, 255), st.sampled_from(["I;16", "F", "I"]))
def test_deep_greys_are_scaled_and_not_cut_off(dark, light, mode):
    values = np.array([[dark, light, 255]]) * 257
    deep = Image.fromarray(values.astype({"I;16": np.uint16, "F": np.float32, "I": np.int32}[mode]))
    file = io.BytesIO()
    deep.save(file, "TIFF")
    shown = np.asarray(read_pixels(file.getvalue()))[0, :, 0].astype(int)
    assert (shown[0] < shown[1]) == (dark < light)
    if mode != "F":  # of which the range in use is taken
        assert np.abs(shown - [dark, light, 255]).max() <= 1


@given(st.sampled_from(["GIF", "WEBP", "PNG"]), st.permutations([10, 90, 170, 250]))
def test_of_a_moving_picture_the_first_frame_is_shown_and_sent_alone(tmp_path_factory, name, greys):
    frames = [Image.new("RGB", (8, 8), (grey, grey, grey)) for grey in greys]
    path = tmp_path_factory.mktemp("moving") / "picture"
    settings = {"lossless": True} if name == "WEBP" else {}
    frames[0].save(path, name, save_all=True, append_images=frames[1:], duration=40, **settings)
    sent = send_picture(ImageRef(path=str(path), sha256="0" * 64), 0)
    with Image.open(io.BytesIO(sent.content)) as plain:
        assert abs(plain.convert("RGB").getpixel((4, 4))[0] - greys[0]) <= 2
        with pytest.raises(EOFError):
            plain.seek(1)
    assert abs(read_pixels(path).getpixel((4, 4))[0] - greys[0]) <= 2


@given(st.integers(7_100, 60_000), st.integers(7_100, 60_000))
def test_a_head_that_claims_too_many_pixels_is_refused_before_they_are_decoded(wide, high):
    head = struct.pack(">II5B", wide, high, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    with pytest.raises(PictureError, match="pixels are read"):
        read_pixels(content)

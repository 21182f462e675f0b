"""Picture files: which are read, what a viewer would show of them, and that none runs a program or fills the memory."""

import contextlib
import io
import os
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seewhy.benchmarks import jsonl
from seewhy.endpoints.sent_pictures import send_picture
from seewhy.model.vision.pictures import PictureFile
from seewhy.records.pictures import FORMATS, MAX_BYTES, MAX_PIXELS, PictureError, check_picture, read_pixels
from seewhy.records.types import ImageRef, Split

WHITE, RED = (255, 255, 255), (255, 0, 0)


def saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def greys(values: list[float], kind: type, file: str = "TIFF") -> list[int]:
    """What is read of a row of grey values."""
    shown = read_pixels(saved(Image.fromarray(np.array([values], kind)), file))
    return [shown.getpixel((place, 0))[0] for place in range(len(values))]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_of_the_list_is_read_by_its_content(kind):
    content = saved(Image.new("RGB", (9, 7), RED), kind)
    assert check_picture(content) == kind
    shown = read_pixels(content)
    assert (shown.mode, shown.size) == ("RGB", (9, 7))
    assert shown.getpixel((4, 3)) == pytest.approx(RED, abs=3)


PROGRAM = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n%%EOF\n"
OTHERS = {
    "PostScript": PROGRAM,
    "PPM": saved(Image.new("RGB", (4, 4)), "PPM"),
    "ICO": saved(Image.new("RGB", (16, 16)), "ICO"),
    "PDF": saved(Image.new("RGB", (4, 4)), "PDF"),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "nothing": b"",
    "text": b"no picture at all",
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_every_other_format_is_refused_by_name_wherever_pictures_are_read(content, tmp_path):
    for read in (check_picture, read_pixels):
        with pytest.raises(PictureError, match="none of PNG, JPEG"):
            read(content)
    path = tmp_path / "a.png"
    path.write_bytes(content)
    row = '{"id": "1", "split": "test", "question": "?", "answer": "1", "image": "a.png"}\n'
    (tmp_path / "q.jsonl").write_text(row)
    with pytest.raises(ValueError, match=r"a\.png"):
        list(jsonl.load(tmp_path / "q.jsonl", Split.TEST, count=1))
    with pytest.raises(ValueError, match=r"a\.png"):
        send_picture(ImageRef(sha256="", path=str(path)), 0)
    with pytest.raises(ValueError, match=r"question 7: picture .*a\.png"):
        PictureFile(question_id="7", path=str(path), content=content).open()


def test_a_picture_that_is_a_program_is_not_run(tmp_path):
    called, stand_in = tmp_path / "called", tmp_path / "gs"
    stand_in.write_text(f"#!/bin/sh\necho called >> {called}\nexit 1\n")
    stand_in.chmod(0o755)
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{tmp_path}{os.pathsep}{path}"
    try:
        with pytest.raises(PictureError):
            read_pixels(PROGRAM)
    finally:
        os.environ["PATH"] = path
    assert not called.exists()


def png_of(width: int, height: int, rows: int) -> bytes:
    """A PNG of one bit a pixel whose head names a size, with so many rows of pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = zlib.compress((b"\0" + b"\xff" * -(-width // 8)) * rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [7_100, 13_000, 30_000, 2**31 - 1])
def test_too_many_pixels_are_refused_before_they_are_decoded_and_the_bound_is_told(side):
    content = png_of(side, side, rows=min(side, 13_000)) if side < 30_000 else png_of(side, side, rows=1)
    began = time.monotonic()
    tracemalloc.start()
    for read in (check_picture, read_pixels):
        with pytest.raises(PictureError, match=f"{MAX_PIXELS:,} pixels"):
            read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - began < 1.0
    assert peak < 4 * len(content) + (1 << 20)


def test_a_file_of_too_many_bytes_is_not_read(tmp_path):
    path = tmp_path / "a.bmp"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PictureError, match=f"{MAX_BYTES:,}"):
        check_picture(path)


def test_a_picture_at_the_bound_is_read():
    assert check_picture(png_of(10_000, MAX_PIXELS // 10_000, rows=MAX_PIXELS // 10_000)) == "PNG"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_note_to_turn_a_picture_is_kept_to(kind, turn):
    picture, notes = Image.new("RGB", (24, 16), "white"), Image.Exif()
    picture.paste(RED, (0, 0, 8, 16))
    notes[0x0112] = turn
    shown = read_pixels(saved(picture, kind, exif=notes))
    assert shown.size == ((24, 16) if turn < 5 else (16, 24))
    red = [shown.getpixel(place)[1] < 128 for place in ((1, 1), (shown.width - 2, shown.height - 2))]
    assert red == ([True, False] if turn in {1, 4, 5, 6} else [False, True])


def test_a_note_that_cannot_be_read_turns_nothing():
    notes = Image.Exif()
    notes[0x0112] = 6
    content = bytearray(saved(Image.new("RGB", (24, 16), "white"), "JPEG", exif=notes))
    place = content.index(b"Exif\0\0") + 6
    content[place : place + 8] = b"XXXXXXXX"
    assert read_pixels(bytes(content)).size == (24, 16)


SEE_THROUGH = {
    "alpha": ("RGBA", (0, 0, 0, 0), (0, 0, 0, 255), {}, ("PNG", "WEBP", "TIFF")),
    "grey and alpha": ("LA", (0, 0), (0, 255), {}, ("PNG", "TIFF")),
    "one colour": ("RGB", (1, 1, 1), (0, 0, 0), {"transparency": (1, 1, 1)}, ("PNG",)),
    "one grey": ("L", 1, 0, {"transparency": 1}, ("PNG",)),
    "one bit": ("1", 1, 0, {"transparency": 1}, ("PNG",)),
    "palette": ("P", 0, 1, {"transparency": 0}, ("PNG", "GIF")),
    "palette with alpha": ("P", 0, 1, {"transparency": b"\0\xff"}, ("PNG",)),
}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, (*_, kinds) in SEE_THROUGH.items() for kind in kinds]
)
def test_what_lets_through_is_laid_on_white(name, kind):
    mode, paper, ink, how, _ = SEE_THROUGH[name]
    page = Image.new(mode, (9, 9), paper)
    if mode == "P":
        page.putpalette([0, 0, 0] * 256)
    page.paste(ink, (3, 3, 6, 6))
    if kind == "WEBP":
        how = {"lossless": True, "exact": True}
    shown = read_pixels(saved(page, kind, **how))
    assert shown.getpixel((1, 1)) == WHITE
    assert shown.getpixel((4, 4)) == (0, 0, 0)


def test_half_of_alpha_is_half_of_white():
    shown = read_pixels(saved(Image.new("RGBA", (2, 2), (0, 0, 0, 128)), "PNG"))
    assert shown.getpixel((0, 0)) == pytest.approx((127, 127, 127), abs=1)


def test_deep_greys_are_scaled_to_what_a_viewer_shows():
    for file in ("PNG", "TIFF"):
        assert greys([0, 257, 32_896, 65_535], np.uint16, file) == [0, 1, 128, 255]
    assert greys([0, 0.5, 1.0], np.float32) == [0, 128, 255], "shares"
    assert greys([0, 128, 255], np.float32) == [0, 128, 255], "greys of 8 bits"
    assert greys([-1000, 500, 2000], np.float32) == [0, 128, 255], "any other range is used whole"
    assert greys([0, 128, 255], np.int32) == [0, 128, 255]
    assert greys([0, 65_536, 131_072], np.int32) == [0, 128, 255]
    assert greys([np.nan, 0.0, 1.0], np.float32) == [0, 0, 255]


@given(st.lists(st.integers(0, 65_535), min_size=2, max_size=30))
def test_of_two_greys_the_lighter_stays_the_lighter(values):
    shown = greys(values, np.uint16, "PNG")
    order = np.argsort(values, kind="stable")
    assert np.all(np.diff(np.array(shown)[order]) >= 0)


def test_of_an_animation_the_first_frame_is_read():
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert read_pixels(content).getpixel((4, 4)) == pytest.approx(RED, abs=5)


WHOLE = {kind: saved(Image.effect_noise((20, 16), 90).convert("RGB"), kind) for kind in FORMATS}


@pytest.mark.filterwarnings("ignore")  # of damage that Pillow reads past
@given(st.sampled_from(FORMATS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6), st.floats(0, 1))
def test_damaged_bytes_are_read_or_refused_and_nothing_else(kind, changes, kept):
    content = bytearray(WHOLE[kind])
    for place, byte in changes:
        content[int(place * (len(content) - 1))] = byte
    del content[max(8, int(kept * len(content) * 1.3)) :]
    with contextlib.suppress(PictureError):
        assert read_pixels(bytes(content)).mode == "RGB"

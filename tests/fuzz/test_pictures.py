"""Pictures of any bytes: read within bounds, or refused by name; and what is read is what a viewer shows."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seewhy.endpoints.sent_pictures import send_picture
from seewhy.records.pictures import FORMATS, PictureError, check_picture, read_pixels
from seewhy.records.types import ImageRef

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F")
SAVES = {"PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "JPEG": ("L", "RGB", "CMYK"), "WEBP": ("RGB", "RGBA"),
         "GIF": ("L", "P", "RGB"), "BMP": ("1", "L", "P", "RGB"), "TIFF": MODES}  # fmt: skip


@st.composite
def pictures(draw: st.DrawFn) -> tuple[str, bytes, tuple[int, int]]:
    """A format of those that are read, a small picture in it of any mode and orientation, and its size as shown."""
    name = draw(st.sampled_from(FORMATS))
    mode = draw(st.sampled_from(SAVES[name]))
    wide, high = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    noise = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 255, (high, wide, 4), dtype=np.uint8)
    if mode in {"F", "I;16"}:
        grey = noise[:, :, 0].astype(np.float32) * 257
        picture = Image.fromarray(grey if mode == "F" else grey.astype(np.uint16))
    else:
        picture = Image.fromarray(noise, "RGBA").convert("RGB" if mode == "CMYK" else "RGBA").convert(mode)
    file, exif = io.BytesIO(), Image.Exif()
    has_note = name in {"PNG", "JPEG", "WEBP", "TIFF"}
    exif[0x0112] = turn = draw(st.integers(1, 8)) if has_note else 1
    picture.save(file, name, **({"exif": exif.tobytes()} if has_note else {}))
    return name, file.getvalue(), (high, wide) if turn >= 5 else (wide, high)


@given(pictures())
def test_every_picture_of_a_format_that_is_read_becomes_plain_colour(drawn):
    name, content, size = drawn
    assert check_picture(content) == name
    shown = read_pixels(content)
    assert (shown.mode, shown.size) == ("RGB", size)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, on tags that it leaves out
@given(pictures(), st.data())
def test_a_damaged_picture_is_read_or_refused_by_name(drawn, data):
    content = bytearray(drawn[1])
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


@given(pictures(), st.integers(1, 81))
def test_what_is_sent_is_a_picture_within_the_bound_that_a_plain_reader_shows_alike(tmp_path_factory, drawn, most):
    path = tmp_path_factory.mktemp("sent") / "picture"
    path.write_bytes(drawn[1])
    sent = send_picture(ImageRef(path=str(path), sha256="0" * 64), most)
    with Image.open(io.BytesIO(sent.content)) as plain:
        assert plain.size == (sent.width, sent.height)
        assert sent.width * sent.height <= max(most, 1) or len(sent.content) == len(drawn[1])
        shown = read_pixels(drawn[1]).resize(plain.size)
        assert plain.getexif().get(0x0112, 1) == 1
        if (sent.width, sent.height) == read_pixels(drawn[1]).size and sent.kind != "image/jpeg":
            assert np.abs(np.asarray(plain.convert("RGB"), int) - np.asarray(shown, int)).mean() < 40

"""What a server is sent of a picture: what a viewer shows, in no more bytes than the file where that can be."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from seewhy.endpoints.sent_pictures import SentPicture, send_picture
from seewhy.records.types import ImageRef


@pytest.fixture
def keep(tmp_path):
    """A picture as a file."""

    def save(picture: Image.Image, name: str, **how: object) -> ImageRef:
        picture.save(tmp_path / name, **how)
        return ImageRef(sha256="", path=str(tmp_path / name))

    return save


def bytes_of(ref: ImageRef) -> bytes:
    return Path(ref.path).read_bytes()


def pixels_of(sent: SentPicture) -> Image.Image:
    with Image.open(io.BytesIO(sent.content)) as picture:
        assert picture.size == (sent.width, sent.height)
        assert sent.kind == f"image/{(picture.format or '').lower()}"
        return picture.convert("RGB")


def photo(width: int, height: int) -> Image.Image:
    rough = np.random.default_rng(0).integers(0, 255, (height // 10, width // 10, 3), dtype=np.uint8)
    smooth = Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)
    return Image.blend(smooth, Image.effect_noise(smooth.size, 40).convert("RGB"), 0.3)


def scan(width: int, height: int) -> Image.Image:
    page = Image.new("1", (width, height), 1)
    ink = ImageDraw.Draw(page)
    for row in range(10, height - 20, 24):
        ink.text((10, row), "The sum of the first row is 12, for 3 + 4 + 5 = 12. " * 4, fill=0)
    return page


FILES = {
    "photo.jpg": (photo(800, 600), {"quality": 85}),
    "poor photo.jpg": (photo(800, 600), {"quality": 20}),
    "photo.webp": (photo(400, 300), {"quality": 80}),
    "photo.png": (photo(400, 300), {}),
    "scan.png": (scan(1200, 900), {"optimize": True}),
    "palette.png": (photo(400, 300).quantize(32), {"optimize": True}),
    "photo.bmp": (photo(400, 300), {}),
    "photo.tif": (photo(400, 300), {"compression": "jpeg"}),
    "line.gif": (scan(600, 400), {}),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.97, 0.6, 0.1])
def test_fewer_pixels_are_never_more_bytes(name, share, keep):
    picture, how = FILES[name]
    ref = keep(picture, name, **how)
    max_pixels = int(picture.width * picture.height * share)
    sent = send_picture(ref, max_pixels)
    assert len(sent.content) <= len(bytes_of(ref))
    assert sent.width * sent.height <= max_pixels or sent.content == bytes_of(ref)
    if name.endswith("jpg"):
        assert sent.kind == "image/jpeg"
    near = picture.convert("RGB").resize((sent.width, sent.height))
    assert np.abs(np.asarray(near, float) - np.asarray(pixels_of(sent), float)).mean() < 25


@pytest.mark.parametrize("max_pixels", [0, 200])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_with_a_note_to_turn_it_is_sent_upright_without_the_note(turn, max_pixels, keep):
    picture, notes = Image.new("RGB", (24, 16), "white"), Image.Exif()
    picture.paste((255, 0, 0), (0, 0, 8, 16))
    notes[0x0112] = turn
    sent = send_picture(keep(picture, "photo.jpg", exif=notes, quality=95), max_pixels)
    with Image.open(io.BytesIO(sent.content)) as again:
        assert again.getexif().get(0x0112, 1) == 1
    shown = pixels_of(sent)
    assert (shown.width > shown.height) is (turn < 5)
    assert (shown.getpixel((0, 0))[1] < 128) is (turn in {1, 4, 5, 6})


@pytest.mark.parametrize("max_pixels", [0, 400])
@pytest.mark.parametrize("name", ["page.png", "page.webp", "page.gif", "page.tif"])
def test_ink_on_a_see_through_page_is_sent_on_white(name, max_pixels, keep):
    page = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    page.paste((0, 0, 0, 255), (5, 15, 35, 25))
    how = {"lossless": True, "exact": True} if name.endswith("webp") else {}
    shown = pixels_of(send_picture(keep(page, name, **how), max_pixels))
    assert shown.getpixel((1, 1)) == (255, 255, 255)
    assert max(shown.getpixel((shown.width // 2, shown.height // 2))) < 30


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_sent(kind, keep):
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "blue")]
    ref = keep(
        frames[0],
        f"moving.{kind}",
        save_all=True,
        append_images=frames[1:],
        **({"lossless": True} if kind == "webp" else {}),
    )
    sent = send_picture(ref, 0)
    with Image.open(io.BytesIO(sent.content)) as again, pytest.raises(EOFError):
        again.seek(1)
    assert pixels_of(sent).getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=3)


def test_deep_greys_are_sent_scaled(keep):
    values = np.full((8, 8), 65_535, np.uint16)
    values[:, :4] = 32_896
    shown = pixels_of(send_picture(keep(Image.fromarray(values), "deep.png"), 0))
    assert (shown.getpixel((1, 1)), shown.getpixel((6, 6))) == ((128, 128, 128), (255, 255, 255))


def test_a_phones_photo_that_holds_a_second_one_is_sent_as_it_is(keep):
    ref = keep(photo(60, 40), "phone.mpo", save_all=True, append_images=[photo(30, 20)])
    sent = send_picture(ref, 0)
    assert (sent.kind, sent.content) == ("image/jpeg", bytes_of(ref))

"""A picture file and a typed question as the records that models are asked with."""

from pathlib import Path

from seewhy.records.files import hash_file
from seewhy.records.pictures import PictureError, opened
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split


def picture_of(path: Path) -> ImageRef:
    """A picture file by its content.

    Raises:
        ValueError: there is no such file, or it is no picture.
    """
    if not path.is_file():
        raise ValueError(f"{path}: there is no such picture; name a PNG, JPEG, WebP, GIF, BMP or TIFF file")
    try:
        with opened(path) as picture:
            picture.load()
    except PictureError as error:
        raise ValueError(f"{path} is no picture that can be read: {error}; name another file") from error
    return ImageRef(sha256=hash_file(path), path=str(path))


def typed_question(text: str, pictures: tuple[Path, ...], options: tuple[str, ...] = ()) -> Question:
    """A question without a gold answer.

    Raises:
        ValueError: the text is empty, or a picture cannot be read.
    """
    if not text.strip():
        raise ValueError("the question is empty; write what is to be answered")
    rule = MatchRule.LETTER if options else MatchRule.EXACT
    return Question(
        id="asked", benchmark="asked", split=Split.TEST, text=text, gold=Gold(answers=(), rule=rule), options=options,
        images=tuple(map(picture_of, pictures)), facets={},
    )  # fmt: skip

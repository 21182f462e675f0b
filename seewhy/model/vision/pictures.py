"""Picture files as bytes and as pixels, with errors that name the question and the file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from seewhy.records.pictures import PictureError, read_pixels
from seewhy.records.types import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """The bytes of a question's picture as they are on disk now."""

    question_id: str
    path: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, as 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    def open(self) -> Image.Image:
        """The pixels in RGB as a viewer shows them; raises ValueError where the bytes are no picture."""
        try:
            return read_pixels(self.content)
        except PictureError as error:
            raise ValueError(_unreadable(self.question_id, self.path, error)) from error


def picture_files(question: Question) -> list[PictureFile]:
    """The pictures of a question in order; raises ValueError where a file cannot be read."""
    return [_read(ref.path, question.id) for ref in question.images]


def _read(path: str, question_id: str) -> PictureFile:
    try:
        with Path(path).open("rb") as file:
            return PictureFile(question_id=question_id, path=path, content=file.read())
    except OSError as error:
        raise ValueError(_unreadable(question_id, path, error)) from error


def _unreadable(question_id: str, path: str, error: Exception) -> str:
    return f"question {question_id}: picture {path} cannot be read ({error}); replace the file or drop the question"

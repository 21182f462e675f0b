"""Rows of questions and of pairs of a folder or a file, with pictures that are found from anywhere."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, overload

from seewhy.records.columns import Record
from seewhy.records.rows import RowReader
from seewhy.records.types import Pair, Question
from seewhy.runs.picture_paths import resolve_pictures, resolve_rejected

R = TypeVar("R", bound=Record)


class RowsWithPictures(Sequence[R]):
    """Rows read from disk, the paths of their pictures resolved against the folder of the rows."""

    def __init__(self, rows: RowReader[R], folder: Path, resolve: Callable[[R, Path], R]) -> None:
        self.rows = rows
        self.folder = folder
        self.resolve = resolve

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        return (self.resolve(row, self.folder) for row in self.rows)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> list[R]: ...
    def __getitem__(self, index: int | slice) -> R | list[R]:
        """One row by number, or those of a slice, as a list."""
        if isinstance(index, int):
            return self.resolve(self.rows[index], self.folder)
        return [self.resolve(row, self.folder) for row in self.rows[index]]


def question_rows(rows: RowReader[Question], folder: Path) -> RowsWithPictures[Question]:
    """Questions of a folder, or of a file in it."""
    return RowsWithPictures(rows, folder, resolve_pictures)


def pair_rows(rows: RowReader[Pair], folder: Path) -> RowsWithPictures[Pair]:
    """Pairs, with the paths of their `rejected_images`."""
    return RowsWithPictures(rows, folder, resolve_rejected)

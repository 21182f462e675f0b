"""Rows of questions and of pairs of a folder or a file, with pictures that are found from anywhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

from seewhy.records.rows import RowReader
from seewhy.records.types import Pair, Question
from seewhy.runs.picture_paths import resolve_pictures, resolve_rejected


class QuestionRows(Sequence[Question]):
    """Questions read from disk, the paths of their pictures resolved against the folder of the rows."""

    def __init__(self, rows: RowReader[Question], folder: Path) -> None:
        self.rows = rows
        self.folder = folder

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Question]:
        return (resolve_pictures(question, self.folder) for question in self.rows)

    @overload
    def __getitem__(self, index: int) -> Question: ...
    @overload
    def __getitem__(self, index: slice) -> list[Question]: ...
    def __getitem__(self, index: int | slice) -> Question | list[Question]:
        """One question by number, or those of a slice, as a list."""
        if isinstance(index, int):
            return resolve_pictures(self.rows[index], self.folder)
        return [resolve_pictures(question, self.folder) for question in self.rows[index]]


class PairRows(Sequence[Pair]):
    """Pairs read from disk, the paths of their `rejected_images` resolved against the folder of the rows."""

    def __init__(self, rows: RowReader[Pair], folder: Path) -> None:
        self.rows = rows
        self.folder = folder

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Pair]:
        return (resolve_rejected(pair, self.folder) for pair in self.rows)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> list[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        """One pair by number, or those of a slice, as a list."""
        if isinstance(index, int):
            return resolve_rejected(self.rows[index], self.folder)
        return [resolve_rejected(pair, self.folder) for pair in self.rows[index]]

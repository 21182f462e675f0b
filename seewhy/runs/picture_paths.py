"""Paths of pictures in rows: relative to the folder of the rows, so that a run may be moved or copied whole."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from seewhy.records.turns import ImageRef
from seewhy.records.types import Pair, Question


def resolve_pictures(question: Question, folder: Path) -> Question:
    """The question with pictures' paths that hold from anywhere; `folder` is where its rows are."""
    return _with_paths(question, lambda path: _resolved(path, folder))


def resolve_rejected(pair: Pair, folder: Path) -> Pair:
    """The same of a pair whose rejected side shows pictures of its own."""
    if pair.rejected_images is None:
        return pair
    return replace(pair, rejected_images=_changed(pair.rejected_images, lambda path: _resolved(path, folder)))


def relate_rejected(pair: Pair, folder: Path, root: Path) -> Pair:
    """The pair as it is written in `folder`, as `relate_pictures` writes a question."""
    if pair.rejected_images is None:
        return pair
    return replace(pair, rejected_images=_changed(pair.rejected_images, lambda path: _related(path, folder, root)))


def _resolved(path: Path, folder: Path) -> Path:
    return path if path.is_absolute() else Path(os.path.abspath(folder / path))


def relate_pictures(question: Question, folder: Path, root: Path) -> Question:
    """The question as it is written in `folder`: pictures below `root` by their path from there, others as they are."""
    return _with_paths(question, lambda path: _related(path, folder, root))


def _related(path: Path, folder: Path, root: Path) -> Path:
    return Path(os.path.relpath(path, folder)) if path.is_relative_to(root) else path


def _with_paths(question: Question, change: Callable[[Path], Path]) -> Question:
    if not question.images:
        return question
    return replace(question, images=_changed(question.images, change))


def _changed(images: tuple[ImageRef, ...], change: Callable[[Path], Path]) -> tuple[ImageRef, ...]:
    return tuple(replace(image, path=change(Path(image.path)).as_posix()) for image in images)

"""What comes from outside a run: folders of rows, Parquet and JSON Lines files, and questions as people write them."""

from collections.abc import Iterator
from pathlib import Path

from seewhy.benchmarks import jsonl
from seewhy.records.files import hash_file
from seewhy.records.lineage import hash_directory
from seewhy.records.types import Question, Split


def is_questions_file(path: Path) -> bool:
    """Whether a path is a file of questions as `docs/your-questions.md` has them, and no rows of ours."""
    return path.suffix == ".jsonl"


def read_questions(path: Path) -> Iterator[Question]:
    """The questions of all splits of such a file.

    Raises:
        ValueError: a row does not fit; the message names file, line and field.
    """
    sizes = jsonl.sizes(path)
    for split in Split:
        if sizes.get(split):
            yield from jsonl.load(path, split, count=sizes[split])


def hash_input(path: Path) -> str:
    """Hash of the content of an input, wherever it is."""
    if path.is_dir():
        return hash_directory(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file or folder of rows")
    return hash_file(path)

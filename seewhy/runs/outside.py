"""What comes from outside a run: folders of rows, Parquet files, and questions as people write them."""

from pathlib import Path

from seewhy.benchmarks import jsonl
from seewhy.benchmarks.release.own_files import is_questions
from seewhy.records.content_hash import hash_file_cached
from seewhy.records.lineage import hash_directory
from seewhy.records.types import Question


def is_questions_file(path: Path) -> bool:
    """Whether a path holds questions as `docs/your-questions.md` has them, and no rows of ours."""
    return is_questions(path) or (path.is_file() and path.suffix != ".parquet")


def read_questions(path: Path, pictures: Path) -> list[Question]:
    """The questions of all splits; pictures that are in tables are written under `pictures/images`.

    Raises:
        ValueError: a row does not fit; the message names file, line and field.
    """
    return jsonl.load_all(path, pictures)


def hash_input(path: Path) -> str:
    """Hash of the content of an input, wherever it is; read once a process while it stays as it is."""
    if path.is_dir():
        return hash_directory(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file or folder of rows")
    return hash_file_cached(path)

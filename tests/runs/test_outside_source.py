"""A file of one's own runs as it is now, whatever bytecode of it was kept."""

import os
import py_compile
from pathlib import Path

from seewhy.runs.discovery import class_of

CODE = """from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    value: int = {value}

    def loss(self):
        return 0.0
"""


def test_a_file_that_was_changed_in_its_size_and_second_runs_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(CODE.format(value=1))
    kept, before = py_compile.compile(str(file)), file.stat()
    file.write_text(CODE.format(value=2))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert kept
    assert file.stat().st_size == before.st_size
    assert class_of("objectives", f"{file}:Scale")().value == 2

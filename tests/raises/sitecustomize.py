"""Takes down which `raise` statements of seewhy run, in this process and in all that it starts (`make raises`).

Python imports a module of this name when it starts; this folder stands in PYTHONPATH for that. Nothing is traced: the
statement before each `raise` says that it was reached, so tests take no longer than without.
"""

import ast
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

FOLDER = "SEEWHY_RAISES"
"""The variable that names the folder of what was reached: a file a process, a place a line."""
PACKAGE = Path(__file__).parents[2] / "seewhy"

_reached: set[str] = set()
_plain = SourceFileLoader.source_to_code


def reached(place: str) -> None:
    """Take down a place, such as `seewhy/cli/run.py:55`, once a process."""
    if place not in _reached:
        _reached.add(place)
        with open(Path(os.environ[FOLDER], str(os.getpid())), "a", encoding="utf-8") as file:
            file.write(f"{place}\n")


class _Saying(ast.NodeTransformer):
    """Puts a call of `reached` before each `raise` of a file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def visit_Raise(self, node: ast.Raise) -> list[ast.stmt]:
        place = f"{self._path}:{node.lineno}"
        call = ast.parse(f"__import__('sitecustomize').reached({place!r})").body[0]
        for part in ast.walk(call):
            ast.copy_location(part, node)
        return [call, node]


def _source_to_code(self, data, path, **options):
    if not Path(path).is_relative_to(PACKAGE):
        return _plain(self, data, path, **options)
    tree = _Saying(Path(path).relative_to(PACKAGE.parent).as_posix()).visit(ast.parse(data))
    level = options.get("_optimization", -1)
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True, optimize=level)


if FOLDER in os.environ:
    sys.pycache_prefix = str(Path(os.environ[FOLDER], "compiled"))  # processes without this module have files of theirs
    SourceFileLoader.source_to_code = _source_to_code

"""Code from outside the package: a file or a module is loaded; what is wrong in it is an error with its line."""

import ast
import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

INSTALL = "install it, or put its folder on PYTHONPATH"


class _FromSource(SourceFileLoader):
    """Runs what the file holds now, which is what its rows are said to follow from.

    Bytecode that was kept is taken for current where time (in seconds) and size are the same, as of a constant that was
    changed at once or of a file that was copied with its time.
    """

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def load_file(path: Path) -> ModuleType:
    """The module of a file, loaded once; ValueError where there is no such file, or what it holds does not load."""
    resolved = require_file(path).resolve()
    name = f"seewhy_file_{hashlib.sha256(str(resolved).encode()).hexdigest()[:12]}_{resolved.stem}"
    if name in sys.modules:
        return sys.modules[name]
    loader = _FromSource(name, str(resolved))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _explained(str(resolved), str(path)):
            loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def load_dotted(name: str) -> ModuleType:
    """The module of a dotted path; ValueError where there is none, or what it holds does not load."""
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # of a package above it
        found = None
    if found is None:
        raise ValueError(f"no module {name!r} can be imported; put its folder on PYTHONPATH")
    with _explained(found.origin or "", name):
        return importlib.import_module(name)


def parse_file(path: Path) -> ast.Module:
    """The syntax tree of a file; ValueError where it is no Python."""
    with _explained(str(path), str(path)):
        return ast.parse(path.read_text(encoding="utf-8"), str(path))


def require_file(path: Path) -> Path:
    """The path; ValueError where there is no such file."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    return path


@contextmanager
def _explained(source: str, shown: str) -> Generator[None]:
    """Whatever loading `source` raises as a ValueError with the line there; `shown` is what the user calls it."""
    try:
        yield
    except Exception as error:
        lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == source]
        line, said = (lines or [0])[-1], str(error)
        if isinstance(error, SyntaxError) and error.filename == source:
            line, said = error.lineno, error.msg
        remedy = INSTALL if isinstance(error, ModuleNotFoundError) else "correct it there"
        raise ValueError(f"{shown}, line {line}: {said} ({type(error).__name__}); {remedy}") from error

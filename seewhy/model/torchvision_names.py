"""Lets torchvision import with another build of torch than it was made for.

PyPI has torchvision for CUDA alone. Its compiled operators do not load with the CPU build of torch, and importing it
fails where it describes operators that are undeclared. They are therefore declared just before. What picture and video
processors use of it is plain torch and works; the operators do not, and processors call none.
"""

import importlib
import sys
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

NAME = "torchvision"
OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class Declarer:
    """A finder of modules that finds none; asked for torchvision, it first sees to its operators."""

    def __init__(self) -> None:
        self.library: object = None
        """What was declared, which lasts as long as it is held."""

    def find_spec(
        self, name: str, path: Iterable[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None; where torchvision's operators do not load, they are declared."""
        found = PathFinder.find_spec(NAME) if name == NAME and self.library is None else None
        if found is not None and not _loads_operators(Path(found.origin or "").parent):
            declared = importlib.import_module("torch").library.Library(NAME, "DEF")
            for operator in OPERATORS:
                declared.define(operator + SCHEMA)
            self.library = declared
        return None


def _loads_operators(folder: Path) -> bool:
    """Whether the compiled operators are of this build of torch; they are loaded then."""
    compiled = next((one for one in folder.glob("_C*") if one.suffix in (".so", ".pyd")), None)
    if compiled is None:
        return False
    try:
        importlib.import_module("torch").ops.load_library(str(compiled))
    except OSError:
        return False
    return True


def let_import() -> None:
    """From now on torchvision is importable beside any build of torch; nothing is imported yet.

    Operators are declared once a process, even where this module is imported anew and its class is another one.
    """
    if not any(type(finder).__module__ == __name__ for finder in sys.meta_path):
        sys.meta_path.insert(0, Declarer())

"""Lets torchvision import beside a build of torch without CUDA.

PyPI has torchvision for CUDA alone. Its compiled operators do not load beside the CPU build of torch, and importing it
fails where it describes operators that nobody declared. They are therefore declared just before. What picture and video
processors use of it is plain torch and works; the operators do not, and no test calls them.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

FOLDER = Path(sys.prefix) / "torchvision-alone"
"""Where the Makefile puts it: on no path but that of the tests, for nothing else could import it."""
OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class Declarer:
    """A finder of modules that finds none; asked for torchvision, it first declares the operators."""

    def __init__(self) -> None:
        self.library: object = None
        """What was declared, which lasts as long as it is held."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "torchvision" and self.library is None:
            self.library = importlib.import_module("torch").library.Library("torchvision", "DEF")
            for operator in OPERATORS:
                self.library.define(operator + SCHEMA)
        return None


def let_import() -> None:
    """Puts torchvision on the path, unless the environment has its own; a child may have inherited the path alone."""
    found = find_spec("torchvision")
    is_ours = found is None or Path(found.origin or "").is_relative_to(FOLDER)
    if not is_ours or not FOLDER.is_dir() or any(isinstance(finder, Declarer) for finder in sys.meta_path):
        return
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    sys.meta_path.insert(0, Declarer())

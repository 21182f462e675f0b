"""Puts the torchvision that the Makefile lays apart on the path of the tests, importable beside any build of torch."""

import sys
from importlib.util import find_spec
from pathlib import Path

from seewhy.model import torchvision_names as declaring

FOLDER = Path(sys.prefix) / "torchvision-alone"
"""Where the Makefile puts it: on no path but that of the tests, so that others find out what is missing without it."""


def let_import() -> None:
    """Puts torchvision on the path, unless the environment has its own; a child may have inherited the path alone."""
    found = find_spec("torchvision")
    is_ours = found is None or Path(found.origin or "").is_relative_to(FOLDER)
    if not is_ours or not FOLDER.is_dir():
        return
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    declaring.let_import()

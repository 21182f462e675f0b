"""Writes the table of all families into docs/families.md, by trials on small untrained nets (a minute or two)."""

import importlib
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"

if __name__ == "__main__":
    sys.path[:0] = [str(TESTS), str(TESTS / "model")]
    importlib.import_module("torchvision_names").let_import()
    importlib.import_module("family_table").write()

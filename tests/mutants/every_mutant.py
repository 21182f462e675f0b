"""All planted defects: those of `mutant_rows.py`, and of every file beside it whose name ends in `_mutants`."""

from importlib import import_module
from pathlib import Path

from mutant_rows import MUTANTS, Mutant


def told_elsewhere() -> list[Mutant]:
    """The mutants of every file beside this one whose name ends so: `guard_mutants.py` holds GUARD_MUTANTS."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*_mutants.py") if path.stem != "test_mutants")
    return [mutant for name in names for mutant in getattr(import_module(name), name.upper())]


ALL_MUTANTS = [*MUTANTS, *told_elsewhere()]

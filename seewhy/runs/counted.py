"""Rows with what a worker counts beside them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of a block with counts that the rows do not show, for workers that count what they leave out."""

    rows: Iterable[Any]
    """Records, or Arrow tables of their columns, which `tally` then takes in the place of records."""
    counts: Callable[[], Mapping[str, int]]
    """Called when all rows were taken."""

"""A mark for fields that came after rows had been written: rows of before are read with None in their place."""

from collections.abc import Mapping
from types import MappingProxyType

LATER: Mapping[str, bool] = MappingProxyType({"came later": True})
"""Metadata of a dataclass field, whose default is None."""

"""Marks on a record's fields: what the type of a field does not say of its column."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CAME_LATER: Final = "came later"
IS_FINITE: Final = "finite"

LATER: Mapping[str, bool] = MappingProxyType({CAME_LATER: True})
"""The field came after rows had been written, and its default is None: rows of before are read with that."""
FINITE: Mapping[str, bool] = MappingProxyType({IS_FINITE: True})
"""The number is compared or added: NaN and infinity are refused, in rows that are written and in rows that are read."""

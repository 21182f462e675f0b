"""Marks on a record's fields: what the type of a field does not say of its column."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CAME_LATER: Final = "came later"
IS_FINITE: Final = "finite"
IS_RARE: Final = "rare"

LATER: Mapping[str, bool] = MappingProxyType({CAME_LATER: True})
"""The field came after rows had been written: rows without its column are read with its default."""
RARE: Mapping[str, bool] = MappingProxyType({CAME_LATER: True, IS_RARE: True})
"""Most rows hold the field's default. A shard has its column only where one of its rows holds another value, so that
shards without any are, byte for byte, what they were before there was the field; canonical JSON leaves it out, too."""
FINITE: Mapping[str, bool] = MappingProxyType({IS_FINITE: True})
"""The number is compared or added: NaN and infinity are refused, in rows that are written and in rows that are read."""

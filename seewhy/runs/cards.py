"""Data cards of units: a Hub README beside the rows."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

CARD = "_README.md"
"""Its name beside the rows: readers of Parquet folders skip names that begin so. On the Hub it is README.md."""

MODEL_CARD = "README.md"
"""Beside a trained model. No manifest names it: it is written anew when the model was measured, and people edit it."""


@runtime_checkable
class HasCard(Protocol):
    """A row stage that describes its rows to whoever finds them."""

    def card(self, counts: Mapping[str, int]) -> str:
        """The card, from the counts of the manifest."""
        ...

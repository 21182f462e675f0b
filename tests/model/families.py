"""Every family that seewhy opens, as a tiny untrained net with its real processor class."""

import pytest
from families_grid import GRIDS
from families_plain import PLAIN
from families_tiles import TILES
from family_parts import Family

__all__ = ["FAMILIES", "SOME_NIGHTLY", "Family"]
FAMILIES = (*PLAIN, *GRIDS, *TILES)
ONE_OF_A_KIND = {"llava", "gemma3", "paligemma", "qwen3_vl", "qwen3_5", "mllama"}
"""Plain causal attention, windows, a prompt that sees both ways, features in several layers, layers that carry a state,
cross-attention."""
SOME_NIGHTLY = [
    pytest.param(family, id=family.name, marks=() if family.name in ONE_OF_A_KIND else pytest.mark.nightly)
    for family in FAMILIES
]
"""For claims that no family breaks alone: one family of each kind in the main tests, the others in the nightly ones."""

"""Every family that seewhy opens, as a tiny untrained net with its real processor class."""

from families_grid import GRIDS
from families_plain import PLAIN
from families_tiles import TILES
from family_parts import Family

__all__ = ["FAMILIES", "Family"]
FAMILIES = (*PLAIN, *GRIDS, *TILES)

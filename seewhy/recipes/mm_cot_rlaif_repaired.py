"""mm-cot-rlaif with a judge that sees the pictures, and preferred chains that end in the gold answer."""

from seewhy.recipes.mm_cot_rlaif import system
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size


def recipe(size: Size = Size.LAPTOP) -> Recipe:
    """The same steps: grades of what is seen, joined by id, and right over wrong."""
    return system(size, "mm-cot-rlaif-repaired", choose("rubric", by_gold=True), is_right=True)

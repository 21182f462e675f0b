"""`seewhy tiny --run DIR`: make the model that ships with seewhy, from nothing; more than an hour on two cores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from seewhy.cli.parsing import parsed
from seewhy.cli.screen import Screen
from seewhy.recipes.tiny.make import make
from seewhy.recipes.tiny.plan import BaseRecipe, recipe


@dataclass(frozen=True, kw_only=True)
class TinyWords:
    """Make the model that ships with seewhy, from nothing; a stopped run goes on after its last whole part."""

    run: Path
    """Directory of the run."""
    plan: BaseRecipe = field(default_factory=recipe)


def run(words: Sequence[str]) -> int:
    """Make the model; 0 when it is there."""
    said = parsed(TinyWords, words, "seewhy tiny")
    Screen(console=Console()).follow(make(said.run, said.plan))
    return 0

"""A run's directory and everything a stage of it is given: recipe, models, screen, and where its rows lie."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from seewhy.cli.claim import claim_run, continue_command
from seewhy.cli.progress import Screen
from seewhy.cli.shelf import ModelPool, identity_of
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.recipes.plans import Recipe
from seewhy.records.files import hash_file
from seewhy.records.lineage import MANIFEST, hash_directory
from seewhy.records.shards import read_rows
from seewhy.records.types import Question, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One run: its directory, its recipe, and the means to work on it."""

    root: Path
    recipe: Recipe
    screen: Screen
    shelf: ModelPool = field(default_factory=ModelPool)

    def place(self, *parts: str) -> Path:
        """A folder of the run."""
        return self.root.joinpath(*parts)

    def command(self, stage: str) -> str:
        """The command line that does this stage of this run."""
        return f"seewhy {stage} --run {shlex.quote(str(self.root))}"

    def questions(self, split: Split) -> list[Question]:
        """The questions of a split, in order."""
        return list(read_rows(self.need("questions", split.value, stage="questions"), Question))

    def splits_to_report(self) -> list[Split]:
        """Test, and shifted where the benchmark has one."""
        return [Split.TEST, Split.SHIFTED] if self.recipe.questions.shifted else [Split.TEST]

    def need(self, *parts: str, stage: str) -> Path:
        """A folder that an earlier stage wrote; an error that names the stage where it is not whole."""
        place = self.place(*parts)
        if not is_finished(place):
            raise ValueError(
                f"{place} is missing or unfinished: run `{self.command(stage)}` first, or "
                f"`{continue_command(self.root)}` for all stages in order"
            )
        return place

    def are_whole(self, *places: Sequence[str]) -> bool:
        """Whether every one of these folders was finished by an earlier run."""
        return all(is_finished(self.place(*parts)) for parts in places)

    def hashes(self, **places: Path) -> Mapping[str, str]:
        """Content hashes of input folders by name."""
        return {name: hash_directory(place) for name, place in places.items()}

    def model_name(self, key: str) -> str:
        """Folder, Hub name or `tiny` of `base`, `sft`, `preference` or the name of a compared objective."""
        if key == "base":
            return self.recipe.model
        parts = ("sft",) if key == "sft" else ("train", key)
        self.need(*parts, stage="sft" if key == "sft" else "train")
        return str(self.place(*parts, "model"))

    def model_identity(self, key: str) -> str:
        """What stands for that model's weights in fingerprints."""
        return identity_of(self.model_name(key))

    def trained_keys(self) -> list[str]:
        """Preference-trained models of the recipe: `preference`, then those it is compared with."""
        return ["preference", *self.recipe.preference.compare]

    def objective_of(self, key: str) -> str:
        """The objective that made a preference-trained model."""
        return self.recipe.preference.objective if key == "preference" else key


def open_workspace(root: Path, recipe: Recipe) -> Workspace:
    """The run of a recipe in a directory, which is claimed for it; errors as in `claim_run`."""
    root = claim_run(root, recipe)
    shelf = ModelPool(compute=recipe.compute, features=FeatureCache(recipe.features, root / "features"))
    return Workspace(root=root, recipe=recipe, screen=Screen(console=Console()), shelf=shelf)


def is_finished(place: Path) -> bool:
    """Whether a folder has the manifest that is written last."""
    return (place / MANIFEST).is_file()


def file_identity(path: Path) -> str:
    """Content hash of a file that a benchmark reads; an error that says so where it is missing."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; give the questions file with --questions.source")
    return hash_file(path)

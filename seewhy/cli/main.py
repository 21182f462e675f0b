"""`seewhy`: teach a vision-language model to reason, and show why."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

import seewhy
from seewhy.cli import base, credit, distil, evaluate, judge, pair, questions, report, rerank, sample, sft, train
from seewhy.cli.find import names_in
from seewhy.cli.progress import Screen
from seewhy.cli.recipes import find_recipe, read_recipe, recipe_text, save_recipe
from seewhy.cli.workspace import Workspace
from seewhy.recipes.inkgrid_base import BaseRecipe
from seewhy.recipes.plans import Recipe

RECIPE_FILE = "recipe.yaml"
STAGES: dict[str, Callable[[Workspace], None]] = {
    "questions": questions.run, "distil": distil.run, "sft": sft.run, "sample": sample.run, "judge": judge.run,
    "pair": pair.run, "train": train.run, "eval": evaluate.run, "rerank": rerank.run, "credit": credit.run,
    "report": report.run,
}  # fmt: skip
USAGE = """usage: seewhy COMMAND ...

  seewhy run RECIPE [--run DIR] [--seed N] [--<stage>.<field> VALUE ...]
      all stages in order; a stopped run goes on where it stood. RECIPE is a name or a YAML file.
      `seewhy run RECIPE --help` lists every field.
  seewhy STAGE --run DIR [--recipe RECIPE]
      one stage of a run: {stages}
  seewhy recipe list | show NAME
      the recipes that come with seewhy; show prints YAML that `seewhy run` takes back.
  seewhy --version"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWords:
    """Do one stage of a run."""

    run: Path
    """Directory of the run."""
    recipe: str = ""
    """Recipe of a new run: a name or a YAML file. A run that exists keeps its own."""
    seed: int | None = None
    """Seed of a new run; the recipe's own if not given."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; errors that a user can mend are told in one line, and the exit status is 2."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    given = list(sys.argv[1:] if words is None else words)
    try:
        return _dispatch(given)
    except (ValueError, OSError, ArithmeticError) as error:
        Console(stderr=True).print(f"[bold red]seewhy:[/] {_plain(error)}", highlight=False)
        return 2
    except KeyboardInterrupt:
        Console(stderr=True).print("seewhy: stopped; the same command goes on from here", highlight=False)
        return 130


def _plain(error: BaseException) -> str:
    return str(error).replace("[", "\\[")


def _dispatch(given: list[str]) -> int:
    match given:
        case [] | ["-h" | "--help", *_]:
            print(USAGE.format(stages=", ".join(STAGES)))
        case ["--version", *_]:
            print(f"seewhy {seewhy.__version__}")
        case ["run", name, *rest] if not name.startswith("-"):
            _run_all(name, rest)
        case ["recipe", "list"]:
            print("\n".join(name for name in names_in("recipes") if name != "plans"))
        case ["recipe", "show", name]:
            print(recipe_text(find_recipe(name)), end="")
        case [stage, *rest] if stage in STAGES:
            _run_stage(stage, rest)
        case _:
            raise ValueError(f"`seewhy {' '.join(given)}` is no command; `seewhy --help` lists them")
    return 0


def _run_all(name: str, rest: list[str]) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Words:
        recipe: Annotated[Recipe, tyro.conf.arg(name="")]
        run: Path = Path("runs") / Path(name).stem
        """Directory of the run."""

    seed, rest = _take_seed(rest)
    chosen = find_recipe(name, seed)
    if isinstance(chosen, BaseRecipe):
        base.run(Path("runs") / name, chosen, Screen(console=Console()))
        return
    said = tyro.cli(Words, args=rest, prog=f"seewhy run {name}", default=Words(recipe=chosen))
    space = open_workspace(said.run, said.recipe)
    for stage in STAGES.values():
        stage(space)


def _take_seed(rest: list[str]) -> tuple[int | None, list[str]]:
    """The value of `--seed`, which moves the seed of every stage, and the words without it."""
    for place, word in enumerate(rest):
        if word == "--seed":
            if place + 1 == len(rest) or not rest[place + 1].isdigit():
                raise ValueError("--seed needs a whole number")
            return int(rest[place + 1]), [*rest[:place], *rest[place + 2 :]]
        if word.startswith("--seed="):
            return int(word.removeprefix("--seed=")), [*rest[:place], *rest[place + 1 :]]
    return None, rest


def _run_stage(stage: str, rest: list[str]) -> None:
    said = tyro.cli(StageWords, args=rest, prog=f"seewhy {stage}")
    saved = said.run / RECIPE_FILE
    if saved.is_file():
        recipe = read_recipe(saved)
    elif said.recipe:
        recipe = find_recipe(said.recipe, said.seed)
    else:
        raise ValueError(f"{said.run} holds no run; name the recipe of a new one with --recipe, such as inkgrid")
    STAGES[stage](open_workspace(said.run, recipe))


def open_workspace(root: Path, recipe: Recipe) -> Workspace:
    """The run in a directory; another recipe's run is refused."""
    saved = root / RECIPE_FILE
    if saved.is_file() and read_recipe(saved).name != recipe.name:
        raise ValueError(f"{root} holds a run of recipe {read_recipe(saved).name!r}, not of {recipe.name!r}: choose "
                         "another --run")  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    save_recipe(saved, recipe)
    return Workspace(root=root.resolve(), recipe=recipe, screen=Screen(console=Console()))


if __name__ == "__main__":
    sys.exit(main())

"""`seewhy`: teach a vision-language model to reason, and show why."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.text import Text

import seewhy
from seewhy.cli.claim import RECIPE_FILE, claim_run
from seewhy.cli.find import load_part, nearest, require_name
from seewhy.cli.judges import require_judge
from seewhy.cli.progress import Screen
from seewhy.cli.recipes import SUFFIXES, AnyRecipe, find_recipe, read_recipe, recipe_names, recipe_sentence, recipe_text
from seewhy.cli.stages import STAGES
from seewhy.endpoints.chat import BudgetSpentError
from seewhy.recipes.inkgrid_base import BaseRecipe
from seewhy.recipes.plans import Recipe
from seewhy.training.monitor.alarms import AlarmError

USAGE = """usage: seewhy COMMAND ...

  seewhy run RECIPE [--run DIR] [--seed N] [--dry-run] [--STAGE.FIELD VALUE ...]
      all stages in order; a stopped run goes on where it stood. RECIPE is a name or a YAML file;
      `seewhy run RECIPE --help` lists every field. --dry-run prices the calls over a wire and makes none.
  seewhy plan RECIPE [--run DIR] [--json] [--STAGE.FIELD VALUE ...]
      memory, steps, time and disk of that run, foretold in a minute; nothing is run.
  seewhy recipe list
      the recipes that come with seewhy: {recipes}
  seewhy recipe show RECIPE
      its YAML, which `seewhy run` takes back.
  seewhy STAGE --run DIR [--recipe RECIPE [--seed N]]
      one stage of a run; a new run needs a recipe, one that exists keeps its own.
{stages}
  seewhy data import NAME --root DIR --split S [--out FILE.jsonl]
  seewhy data check NAME --root DIR [--json]
      a published data set's own files: read as questions, or searched for what is wrong with them.
  seewhy grade PREDICTIONS --questions FILE [--compare OTHER] [--json]
      the scorecard of anyone's predictions file, other suites' result files among them (docs/grade.md);
      `seewhy grade --help` lists every option.
  seewhy explain "TEXT" --rule RULE [--options N] [--gold ANSWER]
      which rule reads the answer of a reply, where it stands, the verdict, and what evaluation suites would say.
  seewhy calibrate JUDGE [--labels FILE --questions FILE] [--json]
      what a judge is worth, on chains that you labelled or on inkgrid's: accuracy, kappa, Brier score, share unjudged;
      `seewhy judge --calibrate JUDGE` is the same.
  seewhy oracle serve --questions RUN [--served.FIELD VALUE ...] [--faults.FIELD VALUE ...]
      an OpenAI-compatible server that knows the pages of a run, to try teachers and judges over a wire at no cost.
  seewhy --version"""
PRICED = ("distil", "judge")
"""Stages that may ask a model behind a server."""
QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error"}
"""Read by the libraries when they are loaded: their errors are shown, their bars and hints are not among our lines."""


@dataclass(frozen=True, kw_only=True)
class RunWords:
    """All stages of a run in order; a stopped run goes on where it stood."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")]
    run: Path
    """Directory of the run."""
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="(default: the recipe's own)")] = None
    """Sets the seed of every stage at once."""
    dry_run: tyro.conf.FlagCreatePairsOff[bool] = False
    """Say what the calls over a wire would cost, stage by stage and in all, and make none; the run is not begun."""


@dataclass(frozen=True, kw_only=True)
class PlanWords:
    """Memory, steps, time and disk of a run, foretold from its data before anything runs."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")]
    run: Path
    """Directory of the run; rows that it holds already are counted and not guessed."""
    json: tyro.conf.FlagCreatePairsOff[bool] = False
    """Print one JSON object for machines."""


@dataclass(frozen=True, kw_only=True)
class BaseWords:
    """Make the model that ships with seewhy, from nothing; a stopped run goes on after its last whole part."""

    recipe: Annotated[BaseRecipe, tyro.conf.arg(name="")]
    run: Path
    """Directory of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWords:
    """Do one stage of a run."""

    run: Path
    """Directory of the run."""
    recipe: str = ""
    """Recipe of a new run: a name or a YAML file. A run that exists keeps its own."""
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="(default: the recipe's own)")] = None
    """Sets the seed of every stage of a new run."""
    dry_run: tyro.conf.FlagCreatePairsOff[bool] = False
    """Of `distil` and `judge`: say what the calls over a wire would cost, and make none."""
    allow_blind: tyro.conf.FlagCreatePairsOff[bool] = False
    """Go on with a teacher or judge that does not see the pictures it is sent."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; errors that a user can mend are told in one line, and the exit status is 2."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    given = list(sys.argv[1:] if words is None else words)
    try:
        _dispatch(given)
    except (ValueError, OSError, ArithmeticError, AlarmError, BudgetSpentError) as error:
        _complain("bold red", str(error))
        return 2
    except KeyboardInterrupt:
        _complain("bold", "stopped; the same command goes on from here")
        return 130
    except SystemExit as end:  # tyro has shown its help, or an option that it does not understand
        return end.code if isinstance(end.code, int) else 2
    return 0


def _complain(style: str, text: str) -> None:
    Console(stderr=True).print(Text.assemble(("seewhy: ", style), text), soft_wrap=True, highlight=False)


def _dispatch(given: list[str]) -> None:
    match given:
        case [] | ["-h" | "--help", *_] | ["run", "-h" | "--help", *_] | ["recipe", "-h" | "--help", *_]:
            stages = "\n".join(f"          {name:<11}{stage.does}" for name, stage in STAGES.items())
            print(USAGE.format(recipes=", ".join(recipe_names()), stages=stages))
        case ["--version", *_]:
            print(f"seewhy {seewhy.__version__}")
        case ["run", name, *rest] if not name.startswith("-"):
            _run_all(name, rest)
        case ["run", *_]:
            raise ValueError(f"`seewhy run` needs a recipe first: {', '.join(recipe_names())} or a YAML file")
        case ["plan", name, *rest] if not name.startswith("-"):
            _plan(name, rest)
        case ["plan", *_]:
            raise ValueError(f"`seewhy plan` needs a recipe first: {', '.join(recipe_names())} or a YAML file")
        case ["recipe", "list"]:
            print("\n".join(f"{name:<14}{recipe_sentence(name)}" for name in recipe_names()))
        case ["recipe", "show", name]:
            print(recipe_text(find_recipe(name)), end="")
        case ["recipe", *_]:
            raise ValueError("`seewhy recipe list` and `seewhy recipe show RECIPE` are the commands about recipes")
        case ["data", *rest]:
            load_part("cli", "data").run(rest)
        case ["grade", *rest]:
            load_part("cli", "grade.command").run(rest)
        case ["oracle", *rest]:
            load_part("cli", "oracle").run(rest)
        case ["explain", *rest]:
            load_part("cli", "explain").main(rest)
        case ["calibrate", *rest] | ["judge", "--calibrate", *rest]:
            load_part("cli", "calibrate").run(rest)
        case [stage, *rest] if stage in STAGES:
            _run_stage(stage, rest)
        case _:
            commands = ["run", "plan", "recipe", "data", "grade", "explain", "calibrate", "oracle", *STAGES]
            hint = nearest(given[0], commands)
            raise ValueError(f"{given[0]!r} is no command of seewhy{hint} `seewhy --help` tells what each does")


def _run_all(name: str, rest: list[str]) -> None:
    seed, rest = take_seed(["--canary.allow-blind" if word == "--allow-blind" else word for word in rest])
    recipe, root, is_dry = ask_options(name, find_recipe(name, seed), rest)
    if isinstance(recipe, BaseRecipe):
        place, screen = claim_run(root, recipe), Screen(console=Console())
        screen.say(f"{recipe.name}: a run in {root}")
        load_part("cli", "base").run(place, recipe, screen)
        return
    if is_dry:
        _foretell(PRICED, root, recipe)
    else:
        _do_stages(list(STAGES), root, recipe)


def _plan(name: str, rest: list[str]) -> None:
    seed, rest = take_seed(rest)
    recipe = find_recipe(name, seed)
    if isinstance(recipe, BaseRecipe):
        raise ValueError(f"recipe {recipe.name} has no stages to plan: it makes a model; inkgrid is one that has")
    words = PlanWords(recipe=recipe, run=run_place(name))
    said = tyro.cli(PlanWords, args=rest, prog=f"seewhy plan {name}", default=words)
    require_names(said.recipe)
    load_part("cli", "plan").run(said.recipe, said.run, as_json=said.json)


def _foretell(names: Sequence[str], root: Path, recipe: Recipe) -> None:
    """What stages would cost."""
    require_names(recipe)
    if names[0] not in PRICED:
        raise ValueError(f"--dry-run is for {' and '.join(PRICED)}, which may ask a model behind a server")
    load_part("cli", "dry_run").run(root, recipe, names)


def _do_stages(names: Sequence[str], root: Path, recipe: Recipe) -> None:
    """These stages of a run, in order."""
    require_names(recipe)
    recipe.compute.require_adapter(recipe.adapter)
    if recipe.compute.is_demanding:
        load_part("model", "opening").require_machine(recipe.compute)
    # Before torch is loaded: what is refused is refused at once, and whoever waits knows for what.
    claim_run(root, recipe)
    print(f"{recipe.name}: a run in {root}", flush=True)
    space = load_part("cli", "workspace").open_workspace(root, recipe)
    for name in names:
        load_part("cli", STAGES[name].module).run(space)


def run_place(name: str) -> Path:
    """Where a recipe runs unless `--run` says otherwise."""
    return Path("runs") / (Path(name).stem if name.endswith(SUFFIXES) else name)


def ask_options(name: str, recipe: AnyRecipe, rest: Sequence[str]) -> tuple[AnyRecipe, Path, bool]:
    """The recipe with the fields that options set, the directory of the run, and whether only its price is asked."""
    run = run_place(name)
    prog = f"seewhy run {name}"
    if isinstance(recipe, BaseRecipe):
        base = tyro.cli(BaseWords, args=rest, prog=prog, default=BaseWords(recipe=recipe, run=run))
        return base.recipe, base.run, False
    said = tyro.cli(RunWords, args=rest, prog=prog, default=RunWords(recipe=recipe, run=run))
    return said.recipe, said.run, said.dry_run


def take_seed(rest: Sequence[str]) -> tuple[int | None, list[str]]:
    """The value of `--seed`, which moves the seed of every stage, and the words without it.

    Example:
        >>> take_seed(["--run", "here", "--seed", "3"])
        (3, ['--run', 'here'])
    """
    words = [part for word in rest for part in (word.split("=", 1) if word.startswith("--seed=") else [word])]
    if "--seed" not in words:
        return None, words
    place = words.index("--seed")
    value = words[place + 1] if place + 1 < len(words) else ""
    if not value.isdecimal():
        raise ValueError("--seed needs a whole number, 0 or above, such as --seed 1")
    return int(value), [*words[:place], *words[place + 2 :]]


def require_names(recipe: Recipe) -> None:
    """An error for a name that stands for nothing, or needs a missing library, before anything is made for it."""
    recipe.rerank.require_sampler()
    recipe.evaluation.require_suites()
    require_judge(recipe.judge, recipe.teacher)
    if recipe.distil.teacher == "endpoint":
        recipe.teacher.endpoint("")
    if "vlmevalkit" in recipe.evaluation.also:
        load_part("evaluation", "sheets")
    named = [("benchmarks", "--questions.benchmark", recipe.questions.benchmark),
             ("objectives", "--preference.objective", recipe.preference.objective),
             *(("objectives", "--preference.compare", name) for name in recipe.preference.compare)]  # fmt: skip
    for layer, option, name in named:
        if "." not in name:
            require_name(layer, name, f"{option}: ")


def _run_stage(stage: str, rest: Sequence[str]) -> None:
    does, more = STAGES[stage].does, STAGES[stage].more
    said = tyro.cli(StageWords, args=rest, prog=f"seewhy {stage}", description=f"{does.capitalize()}. {more}".strip())
    saved = said.run / RECIPE_FILE
    if not saved.is_file() and not said.recipe:
        raise ValueError(f"{said.run} holds no run: name the recipe of a new one with --recipe, such as inkgrid")
    if not said.recipe and said.seed is not None:
        raise ValueError(f"{said.run} holds a run with its own seeds: leave --seed away, or choose another --run")
    recipe = find_recipe(said.recipe, said.seed) if said.recipe else read_recipe(saved)
    if isinstance(recipe, BaseRecipe):
        raise ValueError(f"recipe {recipe.name} has no stages: `seewhy run {recipe.name} --run {said.run}` does it all")
    if said.allow_blind:
        recipe = replace(recipe, canary=replace(recipe.canary, allow_blind=True))
    if said.dry_run:
        _foretell([stage], said.run, recipe)
    else:
        _do_stages([stage], said.run, recipe)


if __name__ == "__main__":
    sys.exit(main())

"""Words of the program that pages show: commands, options, recipes in YAML; and which of them the program has."""

import io
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import yaml
from docs.page_code import DOCS, ROOT, fences_of
from docs.settings import _below

from seewhy.cli.main import COMMANDS, main
from seewhy.cli.run import USAGE, recipe_of
from seewhy.cli.stage import plain_step
from seewhy.model.plan import ComputePlan
from seewhy.model.prompt_plan import PromptPlan
from seewhy.runs.discovery import class_of, kind_names
from seewhy.runs.machine import SHORTCUTS, Machine, ModelSpec
from seewhy.runs.recipe_text import build_recipe, recipe_names

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
STAGES = kind_names("stages")
PARTS = {
    "data": ("import chartqa", "check chartqa", "convert", "stats", "push", "pull"),
    "recipe": ("list", "show", "check"),
    "oracle": ("serve",),
}
TAKE_RECIPES = ("run", "plan", "doctor", "recipe")
"""Commands that take `--STEP.FIELD VALUE`."""
SPAN = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
OPTION = re.compile(r"--[a-z][\w-]*(?:\.[\w-]+)*")
ENDS = re.compile(r"\s(?:\||>|2>|&&|&|#)(?:\s|$).*")
"""What a shell does with a command's output, and what is said of it."""
PLACEHOLDER = re.compile(r"\.\.\.|…|\[|[A-Z]{2,}$")


def commands_of(page: Path) -> list[str]:
    """Commands of seewhy in a page's blocks and within its lines."""
    text = page.read_text(encoding="utf-8")
    blocks = [fence.body for fence in fences_of(page) if fence.language in ("", "bash", "text")]
    lines = [line.removeprefix("$ ") for body in blocks for line in body.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"^    (seewhy .*)$", text, re.MULTILINE)
    spans = [" ".join(span.split()) for span in SPAN.findall(re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))]
    return [ENDS.sub("", line).strip() for line in (*lines, *spans) if line.startswith("seewhy ")]


def commands_in_code() -> Iterator[tuple[str, str]]:
    """Commands that help, errors and reports of the package name between backticks, each with its file."""
    for path in sorted((ROOT / "seewhy").rglob("*.py")):
        for found in re.findall(r"`(seewhy [^`\n]+)`", path.read_text(encoding="utf-8")):
            yield str(path.relative_to(ROOT)), found


def wrong_with(command: str, folder: Path) -> str:
    """What the program does not have of a command that is shown; empty where it has all of it.

    Args:
        command: as it is written, in one line.
        folder: where recipes lie that the page writes.
    """
    words = shlex.split(command.replace("{", "").replace("}", ""))[1:]
    name = words[0] if words else ""
    if not name or name.startswith("--") or PLACEHOLDER.search(name) or name.endswith(".py"):
        return ""
    if name not in COMMANDS and name not in STAGES:
        return f"there is no command {name}"
    if any(PLACEHOLDER.fullmatch(word) and word in ("...", "…") for word in words):
        words = [word for word in words if word not in ("...", "…")]
    if words[:2] == ["judge", "--calibrate"]:
        name, words = "calibrate", ["calibrate", *words[2:]]
    return _wrong_command(name, words[1:], folder) if name in COMMANDS else _wrong_stage(name, words[1:])


def _wrong_command(name: str, words: Sequence[str], folder: Path) -> str:
    if name in PARTS and words and f"seewhy {name} {words[0]}" not in usage_of(name):
        return "" if words[0].startswith("-") or PLACEHOLDER.search(words[0]) else f"{name} has no part {words[0]}"
    known = OPTION.findall(help_of(name))
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
    if not unknown:
        return ""
    if name not in TAKE_RECIPES:
        return f"seewhy {name} has no option {unknown[0]}"
    return _wrong_settings(name, words, folder)


def _wrong_settings(name: str, words: Sequence[str], folder: Path) -> str:
    """Options of a recipe's fields, for the recipe that is named."""
    given = list(words)
    recipe = given[given.index("--recipe") + 1] if "--recipe" in given else given[name == "recipe"]
    rest = _without_known(given[given.index(recipe) + 1 :])
    place = next((str(one) for one in (folder / recipe, ROOT / recipe) if one.is_file()), recipe)
    if place == recipe and recipe not in recipe_names():
        unknown = [word for word in rest if word.startswith("--") and word != "--set" and not option_exists(word)]
        return f"there is no option {unknown[0]}" if unknown else ""
    try:
        recipe_of(place, rest)
    except ValueError as error:
        return str(error)
    return ""


def _without_known(words: Sequence[str]) -> list[str]:
    """Words without the options of `seewhy run` itself, as its help lists them."""
    valued = {"--help": "", **dict(re.findall(r"(--[a-z][\w-]*)( [A-Z])?", USAGE))}
    kept, at = [], 0
    while at < len(words):
        word = words[at]
        if word in valued and word not in ("--set", "--size", "--seed") and word.strip("-") not in SHORTCUTS:
            at += 2 if valued[word] else 1
            continue
        kept.append(word)
        at += 1
    return kept


def _wrong_stage(stage: str, words: Sequence[str]) -> str:
    given = [word for word in words if word not in ("--help", "--json")]
    for name in ("--out", "--seed", "--processes"):
        if name in given:
            del given[given.index(name) : given.index(name) + 2]
    if not any(word.startswith("--") for word in given):
        return ""
    given = given[next(at for at, word in enumerate(given) if word.startswith("--")) :]
    try:
        build_recipe(plain_step(stage, class_of("stages", stage), given, 0), "")
    except ValueError as error:
        return "" if "is missing" in str(error) else str(error)
    return ""


@cache
def help_of(name: str) -> str:
    """The help of a command; of one with parts that of the parts, which have the options."""
    return "\n".join(_printed([name, *part.split(), "--help"]) for part in PARTS.get(name, ("",)))


def usage_of(name: str) -> str:
    """What a command with parts says of them all."""
    return _printed([name, "--help"])


def _printed(words: list[str]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(words) == 0, words
    return out.getvalue()


@cache
def plain_options() -> frozenset[str]:
    """Every option that the help of a command or a stage lists, and those of the shipped recipes' steps."""
    said = [help_of(name) for name in COMMANDS]
    said += [_printed([stage, "--help"]) for stage in STAGES]
    said += [_printed(["run", name, "--help"]) for name in recipe_names()]
    return frozenset(OPTION.findall("\n".join(said)))


def option_exists(option: str) -> bool:
    """Whether some command or recipe has an option, or some kind the setting that it names."""
    option = option.partition("=")[0].removesuffix(".FIELD")
    names = option.removeprefix("--").replace("-", "_").split(".")
    if option in plain_options() or any(one.startswith(f"{option}.") for one in plain_options()):
        return True
    roots = [class_of("stages", stage) for stage in STAGES]
    paths = [(root, names[start:]) for root in roots for start in (0, 1) if names[start:]]
    plans = (Machine, ModelSpec, ComputePlan, PromptPlan)
    paths += [(kind, names[start:]) for kind in plans for start in (1, 2) if names[start:]]
    return any(True for root, path in paths for _ in _below(root, path))


def options_of(page: Path) -> list[str]:
    """Options that a page names within its lines, outside of commands."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    spans = [span for span in SPAN.findall(text) if span.startswith("--")]
    return [option for span in spans for option in OPTION.findall(span)]


def recipes_of(page: Path) -> Iterator[dict]:
    """Recipes, or steps of one, that a page shows in YAML; those that leave something out are not among them."""
    for fence in fences_of(page):
        if fence.language != "yaml" or "..." in fence.body:
            continue
        shown = yaml.safe_load(fence.body)
        if isinstance(shown, dict) and any(isinstance(one, dict) and "stage" in one for one in shown.values()):
            yield {"name": page.stem, "steps": shown}
        elif isinstance(shown, dict) and {"steps", "base", "models", "machine"} & shown.keys():
            yield shown

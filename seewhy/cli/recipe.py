"""`seewhy recipe list | show | check`: the recipes that come with seewhy, as YAML, and what is wrong with one."""

import json
from collections.abc import Sequence

from seewhy.cli.options import shows_help, take_flag
from seewhy.cli.run import recipe_of
from seewhy.runs.graph import check, describe, nodes_of, source
from seewhy.runs.open import require_steps
from seewhy.runs.recipe_text import recipe_names, recipe_sentence, recipe_sizes, recipe_text
from seewhy.runs.structure import unstructure

USAGE = """usage: seewhy recipe list [--json]
       seewhy recipe show RECIPE [--json] [--size SIZE] [--seed N] [--STEP.FIELD VALUE ...]
       seewhy recipe check RECIPE [--json] [--size SIZE] [--seed N] [--STEP.FIELD VALUE ...]

RECIPE is a name, a YAML file, or a Python file with a function `recipe`. `show` prints its YAML, which `seewhy run`
takes back; `check` looks at the graph of its steps and at every setting, and runs nothing."""


def run(words: Sequence[str]) -> int:
    """Do what is said; 0 when it went well.

    Raises:
        ValueError: there is no such recipe, or something in it does not fit.
    """
    if shows_help(words or ["--help"], USAGE):
        return 0
    as_json, rest = take_flag(words, "--json")
    match rest:
        case ["list"] if as_json:
            told = [
                {"name": name, "does": recipe_sentence(name), "sizes": recipe_sizes(name)} for name in recipe_names()
            ]
            print(json.dumps(told, indent=1))
        case ["list"]:
            for name in recipe_names():
                sizes = f" [{', '.join(recipe_sizes(name))}]" if recipe_sizes(name) else ""
                print(f"{name:<22} {recipe_sentence(name)}{sizes}")
        case ["show", name, *rest] if not name.startswith("-"):
            recipe = recipe_of(name, rest)[0]
            print(json.dumps(unstructure(recipe), indent=1) if as_json else recipe_text(recipe).rstrip())
        case ["check", name, *rest] if not name.startswith("-"):
            _check(name, rest, as_json=as_json)
        case _:
            raise ValueError("about recipes there are list, show and check; `seewhy recipe --help` shows how")
    return 0


def _check(name: str, words: Sequence[str], *, as_json: bool) -> None:
    recipe, _ = recipe_of(name, words)
    check(recipe)
    require_steps(recipe)
    nodes = nodes_of(recipe)
    read = {ref: list(dict.fromkeys(source(recipe, nodes, need) for need in node.unit.needs()))
            for ref, node in nodes.items()}  # fmt: skip
    if as_json:
        units = [{"ref": ref, "makes": describe(node.makes), "reads": read[ref]} for ref, node in nodes.items()]
        print(json.dumps({"name": recipe.name, "units": units}, indent=1))
        return
    for ref, node in nodes.items():
        print(f"{ref}: {describe(node.makes)}{', from ' if read[ref] else ''}{', '.join(read[ref])}")

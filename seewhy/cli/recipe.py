"""`seewhy recipe list | show | check`: the recipes that come with seewhy, as YAML, and what is wrong with one."""

from collections.abc import Sequence

from seewhy.cli.run import recipe_of
from seewhy.runs.graph import check, describe, nodes_of, source
from seewhy.runs.open import require_steps
from seewhy.runs.recipe_text import recipe_names, recipe_sentence, recipe_sizes, recipe_text

USAGE = """usage: seewhy recipe list
       seewhy recipe show RECIPE [--size SIZE] [--seed N] [--STEP.FIELD VALUE ...]
       seewhy recipe check RECIPE [--size SIZE] [--seed N] [--STEP.FIELD VALUE ...]

RECIPE is a name, a YAML file, or a Python file with a function `recipe`. `show` prints its YAML, which `seewhy run`
takes back; `check` looks at the graph of its steps and at every setting, and runs nothing."""


def run(words: Sequence[str]) -> int:
    """Do what is said; 0 when it went well.

    Raises:
        ValueError: there is no such recipe, or something in it does not fit.
    """
    match list(words):
        case ["list"]:
            for name in recipe_names():
                sizes = f" [{', '.join(recipe_sizes(name))}]" if recipe_sizes(name) else ""
                print(f"{name:<22} {recipe_sentence(name)}{sizes}")
        case ["show", name, *rest] if not name.startswith("-"):
            print(recipe_text(recipe_of(name, rest)[0]), end="")
        case ["check", name, *rest] if not name.startswith("-"):
            _check(name, rest)
        case [] | ["-h" | "--help"]:
            print(USAGE)
        case _:
            raise ValueError("about recipes there are list, show and check; `seewhy recipe --help` shows how")
    return 0


def _check(name: str, words: Sequence[str]) -> None:
    recipe, _ = recipe_of(name, words)
    check(recipe)
    require_steps(recipe)
    nodes = nodes_of(recipe)
    for node in nodes.values():
        reads = ", ".join(dict.fromkeys(source(recipe, nodes, need) for need in node.unit.needs()))
        print(f"{node.ref}: {describe(node.makes)}{f', from {reads}' if reads else ''}")

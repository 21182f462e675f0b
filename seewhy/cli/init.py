"""`seewhy init FILE.yaml`: a recipe from a few questions, which are options too."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from seewhy.cli.help_text import field_docs
from seewhy.cli.naming import naming_options
from seewhy.cli.options import shows_help, take_flag, take_one
from seewhy.runs.open import write_if_changed
from seewhy.workbench.answers import Answers, ask_all
from seewhy.workbench.new_recipe import new_recipe, text_of

USAGE = """usage: seewhy init [FILE.yaml] [--yes] [--force] [--json] [--QUESTION ANSWER ...]

Ask a few questions and write a recipe that passes `seewhy recipe check` and runs; mine.yaml where no file is named.
Answers that options give are not asked for; --yes, or no terminal, takes the usual one of every other.
{questions}
  --yes      ask nothing
  --force    write over a file that is there
  --json     print what was written as one JSON object; asks nothing
Exit status: 0 when the recipe is written, 2 where an answer does not fit or the file is there."""
USUAL = "mine.yaml"


def run(words: Sequence[str]) -> int:
    """Write a recipe; nothing is written where an answer does not fit.

    Raises:
        ValueError: an answer does not fit, or the file is there.
    """
    docs = field_docs(Answers)
    if shows_help(words, USAGE.format(questions="\n".join(f"  --{name:<10}{text}" for name, text in docs.items()))):
        return 0
    yes, rest = take_flag(words, "--yes")
    force, rest = take_flag(rest, "--force")
    as_json, rest = take_flag(rest, "--json")
    given: dict[str, str] = {}
    for one in fields(Answers):
        value, rest = take_one(rest, f"--{one.name}")
        given |= {one.name: value} if value else {}
    if len(rest) > 1 or any(word.startswith("-") for word in rest):
        wrong = next((word for word in rest if word.startswith("-")), rest[-1])
        raise ValueError(f"{wrong!r} is no option of `seewhy init`; --help lists them")
    path = Path(rest[0] if rest else USUAL)
    if path.suffix not in (".yaml", ".yml"):
        raise ValueError(f"{path}: a recipe's file ends in .yaml; name it {path.stem}.yaml")
    if path.exists() and not force:
        raise ValueError(f"{path} is there, and nothing was changed; choose another file, or say --force")
    asks = not (yes or as_json) and sys.stdin.isatty()
    answers = ask_all(given, docs, _typed) if asks else Answers(**given)
    with naming_options():
        plain, recipe, whole = new_recipe(path.stem, answers)
    write_if_changed(path, text_of(plain, whole, path))
    after = [f"seewhy recipe check {path}", f"seewhy plan {path}", f"seewhy run {path} --run runs/{path.stem}"]
    if as_json:
        print(json.dumps({"path": str(path), "answers": asdict(whole), "steps": list(recipe.steps), "next": after}))
        return 0
    print(f"{path}: {', '.join(recipe.steps)}")
    print("\n".join(f"  {line}" for line in after))
    return 0


def _typed(question: str, usual: str) -> str:
    return input(f"{question.replace('`', '')}\n  [{usual or 'what fits'}] ")

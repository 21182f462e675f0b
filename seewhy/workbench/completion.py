"""Shell completion: commands, stages, recipes, steps of a run and options, without loading torch."""

from collections.abc import Sequence
from pathlib import Path

from seewhy.runs.discovery import kind_names
from seewhy.runs.yaml_text import RECIPE_FILE, read_yaml

BASH = """_seewhy() {
    local IFS=$'\\n'
    COMPREPLY=($(compgen -W "$(seewhy completion --words "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)" -- "$2"))
}
complete -o default -F _seewhy seewhy
"""
ZSH = """#compdef seewhy
_seewhy() {
    local -a found
    found=("${(@f)$(seewhy completion --words "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
    compadd -a found
    _files
}
compdef _seewhy seewhy
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH}
RECIPE_COMMANDS = ("run", "plan")
STEP_OPTIONS = ("--from", "--until", "--only")
SUBCOMMANDS = {
    "recipe": ("list", "show", "check"), "data": ("import", "check", "list", "convert", "stats", "push", "pull"),
    "oracle": ("serve",), "completion": tuple(SCRIPTS),
}  # fmt: skip


def words_after(before: Sequence[str], commands: Sequence[str]) -> list[str]:
    """What may be typed after some words.

    Args:
        before: the words behind `seewhy`, without the one that is being typed.
        commands: the commands of seewhy.
    """
    match list(before):
        case []:
            return sorted([*commands, *kind_names("stages")])
        case ["recipe", "show" | "check"]:
            return kind_names("recipes")
        case [command] if command in RECIPE_COMMANDS:
            return kind_names("recipes")
        case [command] if command in SUBCOMMANDS:
            return list(SUBCOMMANDS[command])
        case ["step", run]:
            return steps_of(Path(run) / RECIPE_FILE)
        case ["run", name, *_, last] if last in STEP_OPTIONS:
            return steps_of(Path(name))
        case ["judge" | "evaluate" | "sample" | "score", *_, "--judge"]:
            return kind_names("judging")
        case [*_, "--objective"]:
            return kind_names("objectives")
        case [*_, "--rule"]:
            return kind_names("pairs")
        case ["run", *_]:
            return ["--run", "--seed", "--from", "--until", "--only", "--reuse", "--remake", "--dry-run", "--help"]
        case _:
            return []


def steps_of(recipe: Path) -> list[str]:
    """Names of the steps of a recipe's file; none where it cannot be read."""
    try:
        plain = read_yaml(recipe)
    except (OSError, ValueError):
        return []
    steps = plain.get("steps") if isinstance(plain, dict) else None
    return [str(name) for name in steps] if isinstance(steps, dict) else []

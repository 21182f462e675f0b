"""Options of a recipe's fields, such as `--chains.per-question 64` or `--set sft.fit.epochs=2`."""

from collections.abc import Mapping, Sequence
from typing import cast

from seewhy.runs.discovery import nearest
from seewhy.runs.recipe_text import Plain, merge
from seewhy.runs.yaml_text import Scalar

SET = "--set"
NOT_STEPS = ("compute", "machine")
"""Groups of settings that a recipe has, written down in it or not."""
PORTS = 65536
"""Ports of a machine, from 0 on."""


def shows_help(words: Sequence[str], usage: str) -> bool:
    """Whether help was asked for, and is printed."""
    wants = not {"--help", "-h"}.isdisjoint(words)
    if wants:
        print(usage)
    return wants


def require_places(words: Sequence[str], command: str, *wanted: str) -> None:
    """Refuse words that are not as many places as are wanted, or an option that is left over."""
    options = [word for word in words if word.startswith("-")]
    if options:
        raise ValueError(f"{options[0]} is no option of `seewhy {command}`; `seewhy {command} --help` lists them")
    if len(words) != len(wanted):
        raise ValueError(f"seewhy {command} needs {' and '.join(wanted)}, and got {len(words)} words; name a folder "
                         "that `seewhy run` has written")  # fmt: skip


def take_flag(words: Sequence[str], name: str) -> tuple[bool, list[str]]:
    """Whether a flag is among the words, and the words without it.

    Example:
        >>> take_flag(["--json", "--run", "here"], "--json")
        (True, ['--run', 'here'])
    """
    return name in words, [word for word in words if word != name]


def take_option(words: Sequence[str], name: str) -> tuple[list[str], list[str]]:
    """The values of an option that may be given several times, and the words without them.

    Example:
        >>> take_option(["--seed=3", "--run", "here"], "--seed")
        (['3'], ['--run', 'here'])
    """
    values: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word.startswith(f"{name}="):
            values.append(word.partition("=")[2])
        elif word == name:
            value = next(left, None)
            if value is None:
                raise ValueError(f"{name} needs a value")
            values.append(value)
        else:
            rest.append(word)
    return values, rest


def take_one(words: Sequence[str], name: str) -> tuple[str, list[str]]:
    """As `take_option`, for an option that is given once at most; empty where it is not given."""
    values, rest = take_option(words, name)
    if len(values) > 1:
        raise ValueError(f"{name} is given {len(values)} times")
    return (values[0] if values else ""), rest


def take_whole(words: Sequence[str], name: str) -> tuple[int | None, list[str]]:
    """As `take_one`, for a whole number of 0 or above; None where it is not given."""
    value, rest = take_one(words, name)
    if len(rest) == len(words):
        return None, rest
    if not value.isdecimal():
        raise ValueError(f"{name} needs a whole number, 0 or above, and got {value!r}")
    return int(value), rest


def with_options(plain: Plain, words: Sequence[str], shortcuts: Mapping[str, str] | None = None) -> Plain:
    """A plain recipe with the fields that options set.

    Args:
        plain: the recipe, as it is read from its file.
        words: `--step.field value`, `--step.no-field`, `--set step.field=value`, in any order and mixed.
        shortcuts: options that stand for longer ones.

    Raises:
        ValueError: a word is no option, or its first part names nothing in the recipe.
    """
    # A choice's kind before its settings, in whatever order they are typed: another kind would take them away.
    for place, value in sorted(_assignments(words, shortcuts or {}), key=_depth):
        plain = merge(plain, _nested(plain, place, value))
    return plain


def _depth(assignment: tuple[list[str], object]) -> int:
    place = assignment[0]
    return len(place) - (place[-1] == "kind")


def _assignments(words: Sequence[str], shortcuts: Mapping[str, str]) -> list[tuple[list[str], object]]:
    found: list[tuple[list[str], object]] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == SET:
            name, mark, value = (words[at + 1] if at + 1 < len(words) else "").partition("=")
            if not mark:
                raise ValueError(f"{SET} needs step.field=value, such as {SET} sft.fit.epochs=2")
            found.append((name.split("."), _scalar(value)))
            at += 2
            continue
        if not word.startswith("--"):
            raise ValueError(f"{word!r} is no option; they are --step.field VALUE, and --help lists them")
        name, mark, value = word.removeprefix("--").partition("=")
        name = shortcuts.get(name, name)
        end = next((n for n in range(at + 1, len(words)) if words[n].startswith("--")), len(words))
        values = [value] if mark else list(words[at + 1 : end])
        found.append(_assignment(name, values))
        at = at + 1 if mark else end
    return found


def _assignment(name: str, values: Sequence[str]) -> tuple[list[str], object]:
    parts = name.split(".")
    if not values:
        is_off = parts[-1].startswith("no-")
        parts[-1] = parts[-1].removeprefix("no-")
        return parts, not is_off
    return parts, _scalar(values[0]) if len(values) == 1 else [_scalar(value) for value in values]


def _scalar(text: str) -> Scalar:
    return Scalar.at(text, 0, is_quoted=False)


def _nested(plain: Mapping[str, object], parts: Sequence[str], value: object) -> Plain:
    """The assignment as a recipe that holds nothing else; its first part is a step, a model or a field."""
    first = parts[0]
    for group in ("steps", "models"):
        names = cast(Mapping[str, object], plain.get(group) or {})
        if first in names:
            return {group: {first: _below(parts[1:], value, names[first])}}
    if first.replace("-", "_") in (*plain, *NOT_STEPS):
        key = first.replace("-", "_")
        return {key: _below(parts[1:], value, plain.get(key))}
    groups = [cast(Mapping[str, object], plain.get(group) or {}) for group in ("steps", "models")]
    known = [*(name for group in groups for name in group), *plain, *NOT_STEPS]
    raise ValueError(f"--{'.'.join(parts)}: there is no step {first!r}{nearest(first, known)}")


def _below(parts: Sequence[str], value: object, there: object) -> object:
    """Dashes become underscores but in keys that are there as they are spelt; a lone value for a choice is its kind."""
    if not parts:
        is_choice = isinstance(there, Mapping) and "kind" in there and not isinstance(value, Mapping)
        return {"kind": value} if is_choice else value
    known = cast(Mapping[str, object], there) if isinstance(there, Mapping) else {}
    key = parts[0] if parts[0] in known else parts[0].replace("-", "_")
    # A choice that is written as its kind alone.
    kind = {"kind": there} if isinstance(there, str) else {}
    return {**kind, key: _below(parts[1:], value, known.get(key))}

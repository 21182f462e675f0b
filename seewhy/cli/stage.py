"""One stage without a recipe, over files: `seewhy judge --chains chains --judge outcome --out verdicts`."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

from seewhy.cli.help_text import option_lines
from seewhy.cli.options import take_flag, take_one, take_whole, with_options
from seewhy.cli.processes import launched, take_processes
from seewhy.cli.screen import follow
from seewhy.model.plan import ComputePlan
from seewhy.model.prompt_plan import PromptPlan
from seewhy.runs.choice import Choice, names_what
from seewhy.runs.discovery import class_of, nearest
from seewhy.runs.drawing import engine_of_named
from seewhy.runs.hooks import Concludes
from seewhy.runs.machine import SHORTCUTS, spec_fields
from seewhy.runs.recipe_text import Plain, build_recipe, merge
from seewhy.runs.run import MODEL
from seewhy.runs.runner import run_step
from seewhy.runs.structure import unstructure

STEP = "step"
OF_RECIPES = ("set", "step", "name", "seed", "compute", "machine")
PROMPT = "--prompt."
"""Of options that say how models with weights are asked (`model/prompt_plan.py`)."""


def run(stage: str, words: Sequence[str]) -> int:
    """Run a stage over files; 0 when it is finished.

    Raises:
        ValueError: an option, a file or the stage does not fit.
    """
    kind = class_of("stages", stage)
    for flag in ("--help", "-h"):
        wants_help, words = take_flag(words, flag)
        if wants_help:
            print("\n".join(help_lines(stage, kind)))
            return 0
    as_json, rest = take_flag(words, "--json")
    place, rest = take_one(rest, "--out")
    place = place or usual_place(stage, kind, rest)
    processes, rest = take_processes(rest)
    seed, rest = take_whole(rest, "--seed")
    out = Path(place)
    recipe, machine = build_recipe(plain_step(stage, kind, rest, 0 if seed is None else seed), f"seewhy {stage}")
    if processes > 1:
        return launched([stage, *words], processes)
    command = shlex.join(["seewhy", stage, *words])
    follow(run_step(out, recipe, machine, out, command), out, as_json=as_json)
    return 0


def plain_step(stage: str, kind: type[Any], words: Sequence[str], seed: int) -> Plain:
    """A recipe of one step, whose references are files, folders and models that options name."""
    names = [one.name for one in fields(kind) if one.init]
    asking, words = _apart(words)
    _require_known(stage, words, names)
    prefixed = [_prefixed(word, names) for word in words]
    empty: Plain = {"name": stage, "seed": seed, "steps": {STEP: {"stage": stage, **_usual_choices(kind)}}}
    plain = with_options(empty, prefixed, SHORTCUTS)
    step = cast(dict[str, object], cast(dict[str, object], plain["steps"])[STEP])
    given = {name: value for name, value in step.items() if name != "stage"}
    models, inputs, renamed = _outside(kind, given)
    served = engine_of_named(models) if "engine" in names and "engine" not in given else {}
    whole = {**plain, "models": models, "inputs": inputs, "steps": {STEP: {"stage": stage, **served, **renamed}}}
    return _asked_so(whole, asking)


def _require_known(stage: str, words: Sequence[str], names: Sequence[str]) -> None:
    """Refuse an option that is neither a field of the stage nor one of every recipe."""
    known = {*names, *SHORTCUTS, *OF_RECIPES, *(["model"] if "models" in names else [])}
    for word in words:
        name = word.removeprefix("--").partition("=")[0].partition(".")[0].replace("-", "_")
        if word.startswith("--") and name.removeprefix("no_") not in known:
            near = nearest(name, list(names)).replace("_", "-")
            raise ValueError(f"{word}: stage {stage} has no such setting{near}")


def _apart(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words that say how models are asked, each `--prompt.FIELD` with its values, and the others."""
    asking: list[str] = []
    others: list[str] = []
    is_asking = False
    for word in words:
        if word.startswith("--"):
            is_asking = word.startswith(PROMPT)
        (asking if is_asking else others).append(word)
    return asking, others


def _asked_so(plain: Plain, asking: Sequence[str]) -> Plain:
    """The recipe with `--prompt.FIELD` for each of its models with weights."""
    models = cast(Mapping[str, Mapping[str, object]], plain["models"])
    local = [name for name, spec in models.items() if "path" in spec]
    if asking and not local:
        raise ValueError(f"{asking[0]}: no model with weights is asked here")
    for name in local:
        own = [f"--{name}.{word.removeprefix('--')}" if word.startswith(PROMPT) else word for word in asking]
        # By its group, for a model may have the name of a field.
        changed = with_options({"models": {name: models[name]}}, own)
        plain = merge(plain, changed)
    return plain


def _usual_choices(kind: type[Any]) -> dict[str, object]:
    """Choices that the stage has where none is named, so that an option can set a field of one."""
    made = {one.name: one.default_factory() for one in fields(kind) if one.default_factory is not MISSING}
    return {name: unstructure(value) for name, value in made.items() if isinstance(value, Choice)}


def usual_place(stage: str, kind: type[Any], words: Sequence[str]) -> str:
    """Where a stage with a result goes that names no folder: by its model and its questions.

    Raises:
        ValueError: it has no result but its rows, which need a folder by name.
    """
    if not issubclass(kind, Concludes):
        raise ValueError(f"seewhy {stage} needs --out DIR, where its rows or its model go")
    named = [Path(word).stem for flag, word in pairwise(words) if flag in ("--model", "--models", "--questions")]
    return f"runs/{'-'.join([stage, *named])}"


def _prefixed(word: str, names: Sequence[str]) -> str:
    """`--per-question` as `--step.per-question`."""
    word = "--models" if word == "--model" and "model" not in names and "models" in names else word
    first = word.removeprefix("--").partition("=")[0].partition(".")[0].replace("-", "_").removeprefix("no_")
    return f"--{STEP}.{word.removeprefix('--')}" if word.startswith("--") and first in names else word


def _outside(
    kind: type[Any], given: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Models and inputs by name, and the step's fields with these names in place of paths."""
    groups: dict[str, dict[str, object]] = {"model": {}, "rows": {}}
    hints = get_type_hints(kind, include_extras=True)
    renamed, known = dict(given), dict[str, str]()
    for field, value in given.items():
        what = names_what(hints[field]) if field in hints else ""
        if not what:
            continue
        if isinstance(value, bool):
            raise ValueError(f"--{field.replace('_', '-')} needs a value; name what it reads, or leave it away")
        if isinstance(value, Mapping):
            raise ValueError(f"--{field}.{[*value][-1]}: it has no settings here; write a recipe (`seewhy init`)")
        listed = list(value) if isinstance(value, list | tuple) else [value]
        names = [field if len(listed) == 1 else f"{field}-{number}" for number in range(1, len(listed) + 1)]
        if field == "models":
            names = _names_of([spec_fields(str(one)).get("model", str(one)) for one in listed], names)
        if what == "model":  # one place has one name, so that a model against itself is seen
            names = [known.setdefault(str(one), name) for name, one in zip(names, listed, strict=True)]
        for name, one in zip(names, listed, strict=True):
            groups[what][name] = spec_fields(str(one)) if what == "model" else str(one)
        is_weighted = get_origin(get_args(hints[field])[0]) is Mapping if get_args(hints[field]) else False
        is_several = len(listed) > 1 or _holds_several(hints[field])
        renamed[field] = dict.fromkeys(names, 1.0) if is_weighted else names if is_several else names[0]
    return groups["model"], groups["rows"], renamed


def _holds_several(hint: object) -> bool:
    return tuple in (get_origin(hint), *(get_origin(part) for part in get_args(hint)))


def _names_of(values: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Models by the last part of their place that tells, where these differ: what stands in the results."""
    shown = [
        place.parent.name if place.name == MODEL and place.parent.name else place.name for place in map(Path, values)
    ]
    found = ["".join(one if one.isalnum() or one in "-_" else "-" for one in name) for name in shown]
    return found if len(set(found)) == len(found) and STEP not in found else list(usual)


def help_lines(stage: str, kind: type[Any]) -> Iterator[str]:
    """Usage, and every field of the stage with its default and what it is for."""
    yield f"usage: seewhy {stage} --out DIR [--json] [--FIELD VALUE ...]\n\n{(kind.__doc__ or '').strip()}"
    yield "Fields that name rows take a folder of rows, a Parquet file or a JSON Lines file; those that name a model a "
    yield "folder, a name on the Hub, `tiny`, or NAME@URL for one behind a server.\n"
    if any(names_what(hint) == "model" for hint in get_type_hints(kind, include_extras=True).values()):
        yield "`--prompt.FIELD VALUE` says how models with weights are asked, such as `--prompt.system TEXT`; fields: "
        yield f"{', '.join(one.name for one in fields(PromptPlan))} (docs/your-questions.md)."
        yield "`--compute.FIELD VALUE` says where they are computed, and how precisely; fields: "
        yield f"{', '.join(one.name for one in fields(ComputePlan))}.\n"
    yield from option_lines("", kind, None)

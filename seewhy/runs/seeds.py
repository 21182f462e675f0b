"""The seed of a recipe in every field called `seed` that names none of its own."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from seewhy.runs.choice import Layer
from seewhy.runs.discovery import class_of

SEED = "seed"
SEEDED_LAYERS = ("pairs", "teachers", "benchmarks")
"""Layers whose kinds draw by chance; they are light, so that looking for their seed loads no torch."""


def with_seeds(plain: Mapping[str, object], *, is_forced: bool = False) -> dict[str, object]:
    """A plain recipe whose steps have its seed in every field called `seed`.

    Args:
        plain: of the recipe; without a `seed` it is left as it is.
        is_forced: replace seeds that steps name too.
    """
    steps = plain.get("steps")
    if SEED not in plain or not isinstance(steps, Mapping):
        return dict(plain)
    seeded = {str(name): _seed_step(step, plain[SEED], is_forced) for name, step in steps.items()}
    return {**plain, "steps": seeded}


def _seed_step(step: object, seed: object, is_forced: bool) -> object:
    if not isinstance(step, Mapping) or "stage" not in step:
        return step
    try:
        kind = class_of("stages", str(step["stage"]))
    except ValueError:
        return step  # named with its place when the recipe is built
    return _seed(step, kind, seed, is_forced)


def _seed(value: Mapping[Any, object], kind: type[Any], seed: object, is_forced: bool) -> dict[str, object]:
    """The fields of a plan, with its seed and those of the plans in it."""
    hints = get_type_hints(kind, include_extras=True)
    seeded = {str(name): one for name, one in value.items()}
    for one in fields(kind):
        if one.name == SEED:
            seeded[SEED] = seed if is_forced else seeded.get(SEED, seed)
            continue
        below = _below(seeded.get(one.name, {}), hints[one.name])
        if below is not None:
            inner = _seed(*below, seed, is_forced)
            if inner or one.name in seeded:
                seeded[one.name] = inner
    return seeded


def _below(value: object, hint: object) -> tuple[Mapping[Any, object], type[Any]] | None:
    """A plan or a choice in a field, with its class; None where there is nothing to seed."""
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, Mapping):
        return value, hint
    layer = next((one.name for one in get_args(hint) if isinstance(one, Layer)), "")
    if get_origin(hint) is not Annotated or layer not in SEEDED_LAYERS or not value:
        return None
    found = {"kind": value} if isinstance(value, str) else value
    if not isinstance(found, Mapping) or "kind" not in found:
        return None
    try:
        return found, class_of(layer, str(found["kind"]))
    except ValueError:
        return None  # named with its place when the recipe is built

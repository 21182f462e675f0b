"""One of several kinds with settings of its own, such as a judge or an objective: plain data until it is made."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from seewhy.runs.discovery import class_of, is_outside, nearest, source_hash, unplaced

PLAIN_TYPES = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}
"""Types of settings by name, in words."""
PLAIN = (str, int, float, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A kind, by its file's name or dotted path, and the settings that are not left at the kind's own defaults.

    Example:
        >>> choose("by_outcome", lowest=0.25).kind
        'by_outcome'
    """

    kind: str
    settings: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Layer:
    """Marks a field of type `Choice`: the layer whose files are its kinds."""

    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """Marks a field that names what the stage reads: rows, or a model."""

    what: str


Rows = Annotated[str, Names("rows")]
"""A reference to rows: a step, `step.part` or an input of the recipe."""
Model = Annotated[str, Names("model")]
"""A reference to a model: of the recipe, or a step that trains one."""


def names_what(hint: object) -> str:
    """What a field of this type names: "rows", "model", or nothing.

    Example:
        >>> names_what(Rows), names_what(tuple[Model, ...]), names_what(str)
        ('rows', 'model', '')
    """
    marks = [one.what for one in get_args(hint) if isinstance(one, Names)]
    inner = [names_what(one) for one in get_args(hint) if get_origin(hint) is not Annotated]
    return next(iter(marks or [one for one in inner if one]), "")


def layer_of(hint: object) -> str:
    """The layer of a field whose type is a `Choice`, an optional one or a mapping of some; TypeError of all others.

    Example:
        >>> layer_of(Annotated[Choice, Layer("objectives")] | None)
        'objectives'
    """
    marks = [one.name for one in get_args(hint) if isinstance(one, Layer)]
    if marks:
        return marks[0]
    for inner in get_args(hint):
        if get_args(inner):
            return layer_of(inner)
    raise TypeError(f"a field of type Choice has no layer: write it as Annotated[Choice, Layer(...)], not {hint}")


def choose(kind: str, **settings: object) -> Choice:
    """A choice in a recipe written in Python."""
    return Choice(kind=kind, settings=settings)


def settings_of(kind: type[Any]) -> list[str]:
    """Names of the settings of a class of this kind."""
    return [one.name for one in fields(kind) if one.init]


def class_chosen(choice: Choice, layer: str, place: str) -> type[Any]:
    """The class of a choice; ValueError, which begins with its place in the step, where there is none."""
    try:
        return class_of(layer, choice.kind)
    except ValueError as error:
        raise ValueError(f"{place}.kind: {error}") from error


def make(choice: Choice, layer: str, place: str, **given: object) -> Any:  # noqa: ANN401
    """The object of a choice.

    Args:
        choice: what is made.
        layer: where its kind is looked for.
        place: of the choice in the recipe, such as `dpo.objective`, for errors.
        given: values that no recipe sets, such as the model that a judge asks; passed where the kind has the field.

    Raises:
        ValueError: there is no such kind, it has no such setting, or it refuses a value.
    """
    kind = class_chosen(choice, layer, place)
    known = settings_of(kind)
    settable = [name for name in known if name not in given]
    for name, value in choice.settings.items():
        if name not in settable:
            raise ValueError(f"{place}.{name} is {value!r}: {choice.kind} has no such setting"
                             f"{nearest(name, settable)}")  # fmt: skip
    hints = _hints(kind)
    settings = {name: _typed(hints.get(name, Any), value, f"{place}.{name}") for name, value in choice.settings.items()}
    more = {name: value for name, value in given.items() if name in known}
    unset = [name for name in _required(kind) if name not in choice.settings and name not in more]
    if unset:
        how = "" if all(map(_is_plain, _types(kind, unset))) else ", which is made in Python alone"
        raise ValueError(f"{place}: {choice.kind} needs {', '.join(unset)}{how}")
    try:
        return kind(**{**settings, **more})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error


def _typed(wanted: Any, value: object, place: str) -> object:  # noqa: ANN401
    """The value of a setting as its type wants it: a member of an enum by its word, all else as it is.

    Raises:
        ValueError: it is text for a number and the like, or plain data for what only Python makes, such as a template.
    """
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        known = [str(one.value) for one in wanted]
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"{place} is {value!r}{nearest(str(value), known)}")
        return wanted(value)
    plain = [one for one in (wanted, *get_args(wanted)) if one in PLAIN]
    if get_origin(wanted) in (None, Union, UnionType) and plain:
        if value is not None or NoneType not in get_args(wanted):
            _require_plain(plain[0].__name__, value, place)
    elif _is_made(wanted) and (value is None or isinstance(value, str | int | float | tuple | Mapping)):
        raise ValueError(f"{place} is {value!r}: it is made in Python alone; leave it away")
    return value


def _is_made(wanted: Any) -> bool:  # noqa: ANN401
    """Whether a type is a class of ours or a function, which no plain data is."""
    return get_origin(wanted) is Callable or (
        isinstance(wanted, type) and wanted.__module__.partition(".")[0] == __name__.partition(".")[0]
    )


def _hints(kind: type[Any]) -> Mapping[str, Any]:
    """The types of a kind's settings; those of code from outside may name what only a type checker imports."""
    try:
        return get_type_hints(kind)
    except NameError:
        return {}


def _require_plain(name: str, value: object, place: str) -> None:
    fits = {
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "str": isinstance(value, str),
        "bool": isinstance(value, bool),
    }
    if not fits[name]:
        raise ValueError(f"{place} must be {PLAIN_TYPES[name]}, and is {value!r}")


def _required(kind: type[Any]) -> list[str]:
    """Settings without a default."""
    return [one.name for one in fields(kind) if one.init and one.default is MISSING and one.default_factory is MISSING]


def _types(kind: type[Any], names: list[str]) -> list[Any]:
    hints = get_type_hints(kind)
    return [hints[name] for name in names]


def _is_plain(hint: object) -> bool:
    return any(hint is plain for plain in PLAIN)


def plain_choice(choice: Choice, layer: str) -> dict[str, object]:
    """What stands for a choice in fingerprints: kind, settings, and the source of code from outside the package."""
    source = {"source": source_hash(choice.kind, layer)} if is_outside(choice.kind) else {}
    return {"kind": unplaced(choice.kind), **choice.settings, **source}

"""Plain values become frozen plans and stages through cattrs, each fault named by its place; and plans plain values."""

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import cattrs
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from seewhy.runs.api import Stage
from seewhy.runs.choice import PLAIN_TYPES, Choice, Layer, names_what
from seewhy.runs.discovery import class_of, nearest, require_name
from seewhy.runs.yaml_text import Scalar

T = TypeVar("T")

NONE_OF_SEVERAL = "write [] in a recipe, or --no- before the option's name, for none of them"
NOTHING = {"[]", "none", "null", "~", "no", "false"}
"""What is typed for an empty list and is no member of it."""
TRUTH = {"true": True, "false": False}


def structure(plain: object, wanted: type[T], where: str) -> T:
    """`plain` as a `wanted`.

    Raises:
        ValueError: a field is unknown, missing, of another type or refused by its class; every fault with its place.
    """
    try:
        return _value(plain, wanted)
    except (ClassValidationError, IterableValidationError) as error:
        faults = list(_faults(error, ""))
        raise ValueError("\n".join(f"{where}: {fault}" for fault in faults)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{where}: {error}") from error


def unstructure(value: object) -> object:
    """A plan or a recipe as plain values, fields in order; a choice as its kind beside its settings."""
    match value:
        case Choice():
            return {"kind": value.kind, **{name: unstructure(one) for name, one in value.settings.items()}}
        case Mapping():
            return {name: unstructure(one) for name, one in value.items()}
        case list() | tuple():
            return [unstructure(one) for one in value]
        case Enum():
            return value.value
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {one.name: unstructure(getattr(value, one.name)) for one in dataclasses.fields(value) if one.init}
        case _:
            return value


def _faults(error: BaseException, place: str) -> Any:  # noqa: ANN401
    """Each fault of a nested error, with the dotted place of the value."""
    if isinstance(error, ClassValidationError | IterableValidationError):
        for part in error.exceptions:
            yield from _faults(part, _join(place, _place_in_notes(part)))
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [one.name for one in dataclasses.fields(error.cl) if one.init]
        for name in sorted(error.extra_fields):
            yield f"{_join(place, name)}: unknown field {name!r}{nearest(name, known)}"
    elif isinstance(error, KeyError):
        yield f"{place}{': ' if place else ''}field {str(error.args[0])!r} is missing"
    else:
        yield f"{place}: {error}" if place else str(error)


class _Place(str):
    """A note of an error: the field or the key whose value it is about."""


def _place_in_notes(error: BaseException) -> str:
    notes = vars(error).get("__notes__", ())
    return next((str(note) for note in reversed(notes) if isinstance(note, _Place) and type(error) is not KeyError), "")


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place and name else place or name


def _at(value: object) -> str:
    return f" (line {value.line})" if isinstance(value, Scalar) and value.line else ""


def _refuse(wanted: type, value: object) -> ValueError:
    if isinstance(value, bool):  # an option that was typed without a value; what a file holds is a scalar
        return ValueError(f"needs a value; give {PLAIN_TYPES.get(wanted.__name__, wanted.__name__)}")
    shown = str(value) if isinstance(value, Scalar) and value.is_quoted else value
    text = f"{shown!r:.60}" if not isinstance(shown, Scalar) else f"{shown!s:.60}"
    return ValueError(f"must be {PLAIN_TYPES.get(wanted.__name__, wanted.__name__)}, and is {text}{_at(value)}")


def _text(value: object, _: type[str]) -> str:
    if isinstance(value, str):
        return str(value)
    raise _refuse(str, value)


def _truth(value: object, _: type[bool]) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Scalar) and not value.is_quoted and value in TRUTH:
        return TRUTH[value]
    raise _refuse(bool, value)


def _whole(value: object, _: type[int]) -> int:
    found = value.natural if isinstance(value, Scalar) else value
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    raise _refuse(int, value)


def _number(value: object, _: type[float]) -> float:
    found = value.natural if isinstance(value, Scalar) else value
    if isinstance(found, int | float) and not isinstance(found, bool):
        return float(found)
    raise _refuse(float, value)


def _value(value: object, wanted: Any) -> Any:  # noqa: ANN401
    """A value of a field; the converter's own rules for text and numbers would take one for the other."""
    if get_origin(wanted) is Annotated and not any(isinstance(one, Layer) for one in get_args(wanted)):
        return _value(value, get_args(wanted)[0])
    if wanted in _SCALARS:
        return _SCALARS[wanted](value, wanted)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        # The converter finds its own hook for an enum before ours.
        return _member(value, wanted)
    return _CONVERTER.structure(value, wanted)


_SCALARS: Mapping[Any, Callable[[object, Any], Any]] = {str: _text, bool: _truth, int: _whole, float: _number}


def _mapping(wanted: Any) -> Callable[[object, Any], dict[str, Any]]:  # noqa: ANN401
    inner = get_args(wanted)[1]

    def structure_each(value: object, _: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError(f"must be a mapping, and is {value!s}{_at(value)}")
        built: dict[str, Any] = {}
        errors: list[Exception] = []
        for name, one in value.items():
            try:
                built[str(name)] = _value(one, inner)
            except (ValueError, TypeError, KeyError, ClassValidationError, IterableValidationError) as error:
                error.add_note(_Place(str(name)))
                errors.append(error)
        if errors:
            raise IterableValidationError("", errors, dict)  # pyright: ignore[reportCallIssue]
        return built

    return structure_each


def _member(value: object, wanted: type[Enum]) -> Enum:
    known = [str(one.value) for one in wanted]
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"is {value!s}{nearest(str(value), known)}{_at(value)}")
    return wanted(str(value))


def _several(wanted: Any) -> Callable[[object, Any], tuple[Any, ...]]:  # noqa: ANN401
    inner = get_args(wanted)[0]

    def structure_each(value: object, _: object) -> tuple[Any, ...]:
        if value is False:  # an option that was typed with `no-`; what a file holds is a scalar
            return ()
        if value is True or value is None or (isinstance(value, Scalar) and not value):
            raise ValueError(f"names nothing{_at(value)}; {NONE_OF_SEVERAL}")
        if not isinstance(value, list | tuple | Scalar):
            raise ValueError(f"must be a list, and is {value!s}{_at(value)}")
        try:
            made = tuple(_value(one, inner) for one in ([value] if isinstance(value, Scalar) else value))
        except ValueError as error:
            hint = f" {NONE_OF_SEVERAL.capitalize()}" if isinstance(value, Scalar) and value in NOTHING else ""
            raise ValueError(f"{error}{hint}") from error
        twice = [one for number, one in enumerate(made) if names_what(inner) and one in made[:number]]
        if twice:
            raise ValueError(f"names {twice[0]!r} twice: leave one away")
        return made

    return structure_each


def _optional(wanted: Any) -> Callable[[object, Any], Any]:  # noqa: ANN401
    inner = next(one for one in get_args(wanted) if one is not type(None))
    return lambda value, _: None if value is None else _value(value, inner)


def _choice(value: object, wanted: Any) -> Choice:  # noqa: ANN401
    layer = next(one for one in get_args(wanted) if isinstance(one, Layer))
    if isinstance(value, Choice):
        return value
    found = {"kind": value} if isinstance(value, str) else value
    if not isinstance(found, Mapping) or "kind" not in found:
        raise ValueError(f"must be a kind with its settings, such as {{kind: NAME}}, and is {value!s}{_at(value)}")
    kind = str(found["kind"])
    if "." not in kind.partition(":")[0]:
        require_name(layer.name, kind, "kind: ")
    settings = {str(name): natural(one) for name, one in found.items() if name != "kind"}
    return Choice(kind=kind, settings=settings)


def _choice_of_nothing(value: object, _: object) -> Choice:
    if isinstance(value, Choice):
        return value
    raise ValueError(f"a field of type Choice has no layer{_at(value)}: write it as Annotated[Choice, Layer(...)]")


def natural(value: object) -> object:
    """Scalars of YAML as numbers, true, false or text, all the way down; lists as tuples."""
    match value:
        case Scalar():
            return value.natural
        case list():
            return tuple(natural(one) for one in value)
        case Mapping():
            return {name: natural(one) for name, one in value.items()}
        case _:
            return value


def _stage(value: object, _: object) -> Stage:
    if not isinstance(value, Mapping) or "stage" not in value:
        raise ValueError("must be a mapping with a field 'stage', which names what the step does")
    return _CONVERTER.structure({name: one for name, one in value.items() if name != "stage"},
                                class_of("stages", str(value["stage"])))  # fmt: skip


def _plan(wanted: Any) -> Callable[[object, Any], Any]:  # noqa: ANN401
    hints = get_type_hints(wanted, include_extras=True)
    known = [one for one in dataclasses.fields(wanted) if one.init]

    def build(value: object, _: object) -> Any:  # noqa: ANN401
        if not isinstance(value, Mapping):
            raise ValueError(f"must be a mapping of fields, and is {value!s}{_at(value)}")
        errors: list[Exception] = []
        extra = {str(name) for name in value} - {one.name for one in known}
        if extra:
            errors.append(ForbiddenExtraKeysError("", wanted, extra))
        built: dict[str, Any] = {}
        for one in known:
            if one.name in value:
                try:
                    built[one.name] = _value(value[one.name], hints[one.name])
                except (ValueError, TypeError, KeyError, ClassValidationError, IterableValidationError) as error:
                    error.add_note(_Place(one.name))
                    errors.append(error)
            elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
                errors.append(KeyError(one.name))
        if errors:
            raise ClassValidationError("", errors, wanted)  # pyright: ignore[reportCallIssue]
        return wanted(**built)

    return build


def _make_converter() -> cattrs.Converter:
    made = cattrs.Converter(forbid_extra_keys=True)
    made.register_structure_hook_factory(lambda kind: dataclasses.is_dataclass(kind) and kind is not Choice, _plan)
    made.register_structure_hook_factory(lambda kind: get_origin(kind) in (Union, UnionType), _optional)
    made.register_structure_hook_factory(lambda kind: get_origin(kind) is tuple, _several)
    made.register_structure_hook_func(
        lambda kind: get_origin(kind) is Annotated and any(isinstance(one, Layer) for one in get_args(kind)), _choice
    )
    made.register_structure_hook_func(lambda kind: kind is Choice, _choice_of_nothing)
    made.register_structure_hook_func(lambda kind: kind is Stage, _stage)
    made.register_structure_hook_factory(lambda kind: get_origin(kind) is Mapping, _mapping)
    return made


_CONVERTER = _make_converter()

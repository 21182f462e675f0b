"""How a field of a record is stored in an Arrow column: one small class for each kind of type, each way.

A column never meets None: its `Slot` takes the gaps out before and puts them back after.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, replace
from enum import StrEnum
from functools import cache
from itertools import accumulate, chain, pairwise, repeat
from math import isfinite
from numbers import Integral, Real
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, ClassVar, Protocol, Union, get_args, get_origin, get_type_hints, runtime_checkable

import pyarrow as pa

from seewhy.records.marks import IS_FINITE


@runtime_checkable
class Record(Protocol):
    """Any frozen dataclass of `records/types.py`."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@runtime_checkable
class Column(Protocol):
    """One kind of value, as Arrow keeps it."""

    @property
    def arrow(self) -> pa.DataType:
        """The type of the column."""
        ...

    def encode(self, values: Sequence[Any]) -> pa.Array:
        """Values, none of them None, to Arrow; a value of another type raises a ValueError or TypeError."""
        ...

    def decode(self, array: pa.Array) -> list[Any]:
        """Arrow, without nulls, to the values that were encoded."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place for values of one kind: a field of a record, an element of a list, a value of a mapping."""

    column: Column
    optional: bool
    finite: bool = False
    """Whether NaN and infinity are refused."""
    default: object = None
    """What rows hold that were written without the column, where that is allowed."""

    def encode(self, values: Sequence[Any]) -> pa.Array:
        """Values to Arrow, None as null where it is allowed."""
        present = [value for value in values if value is not None]
        if self.finite and not all(map(isfinite, present)):
            raise ValueError("not a finite number")
        if len(present) == len(values):
            return self.column.encode(values)
        if not self.optional:
            raise ValueError("None where a value must be")
        places = iter(range(len(present)))
        indices = [None if value is None else next(places) for value in values]
        return self.column.encode(present).take(pa.array(indices, pa.int64()))

    def absent(self, count: int) -> pa.Array:
        """The column of so many rows that were written without it."""
        return pa.nulls(count, self.column.arrow) if self.default is None else self.encode([self.default] * count)

    def decode(self, array: pa.Array) -> list[Any]:
        """Arrow to values, null as None where it is allowed."""
        decoded = self.column.decode(array.drop_null() if array.null_count else array)
        if self.finite and not all(map(isfinite, decoded)):
            raise ValueError("not a finite number")
        if not array.null_count:
            return decoded
        if not self.optional:
            raise ValueError("null where a value must be")
        present = iter(decoded)
        return [next(present) if valid else None for valid in array.is_valid().to_pylist()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """str, int, float or bool."""

    kind: type
    arrow: pa.DataType

    def encode(self, values: Sequence[Any]) -> pa.Array:
        """See `Column`."""
        # Arrow would cut 1.5 to 1, decode bytes as text and take True for 1.0.
        for other in set(map(type, values)) - {self.kind}:
            if not issubclass(other, _FITS[self.kind]) or (issubclass(other, bool) and self.kind is not bool):
                raise TypeError(f"{other.__name__} where {self.kind.__name__} is wanted")
        return pa.array(values, self.arrow)

    def decode(self, array: pa.Array) -> list[Any]:
        """See `Column`."""
        # Through numpy: ten times faster than `to_pylist`, which makes an Arrow scalar for each value.
        return array.to_numpy(zero_copy_only=False).tolist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A StrEnum, kept as its string."""

    enum: type[StrEnum]

    @property
    def arrow(self) -> pa.DataType:
        """See `Column`."""
        return pa.string()

    def encode(self, values: Sequence[Any]) -> pa.Array:
        """See `Column`."""
        return pa.array([self.enum(value).value for value in values], pa.string())

    def decode(self, array: pa.Array) -> list[Any]:
        """See `Column`."""
        encoded = array.dictionary_encode()
        members = list(map(self.enum, encoded.dictionary.to_pylist()))
        return [members[code] for code in encoded.indices.to_numpy().tolist()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A tuple of any length, kept as a list."""

    element: Slot

    @property
    def arrow(self) -> pa.DataType:
        """See `Column`."""
        return pa.list_(self.element.column.arrow)

    def encode(self, values: Sequence[Any]) -> pa.Array:
        """See `Column`."""
        if any(type(value) is not tuple for value in values):
            raise TypeError("not a tuple")
        return pa.ListArray.from_arrays(_offsets(values), self.element.encode(list(chain.from_iterable(values))))

    def decode(self, array: pa.Array) -> list[Any]:
        """See `Column`."""
        elements = self.element.decode(array.flatten())
        return [tuple(elements[start:end]) for start, end in _bounds(array)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A mapping from names to values, kept as a list of (key, value) structs in the mapping's own order."""

    value: Slot

    @property
    def arrow(self) -> pa.DataType:
        """See `Column`."""
        return pa.list_(pa.struct([("key", pa.string()), ("value", self.value.column.arrow)]))

    def encode(self, values: Sequence[Any]) -> pa.Array:
        """See `Column`."""
        keys = pa.array([key for mapping in values for key in mapping], pa.string())
        named = self.value.encode([value for mapping in values for value in mapping.values()])
        return pa.ListArray.from_arrays(_offsets(values), pa.StructArray.from_arrays([keys, named], ["key", "value"]))

    def decode(self, array: pa.Array) -> list[Any]:
        """See `Column`."""
        keys, named = array.flatten().flatten()
        items = list(zip(keys.to_pylist(), self.value.decode(named), strict=True))
        return [dict(items[start:end]) for start, end in _bounds(array)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """A record inside a record, kept as a struct."""

    record_type: type[Record]
    slots: Mapping[str, Slot]

    @property
    def arrow(self) -> pa.DataType:
        """See `Column`."""
        return pa.struct([(name, slot.column.arrow) for name, slot in self.slots.items()])

    def encode(self, values: Sequence[Any]) -> pa.Array:
        """See `Column`."""
        if any(type(value) is not self.record_type for value in values):
            raise TypeError(f"not a {self.record_type.__name__}")
        children = [slot.encode(list(map(attrgetter(name), values))) for name, slot in self.slots.items()]
        return pa.StructArray.from_arrays(children, list(self.slots))

    def decode(self, array: pa.Array) -> list[Any]:
        """See `Column`."""
        children = zip(self.slots.values(), array.flatten(), strict=True)
        return build_records(self.record_type, self.slots, [slot.decode(child) for slot, child in children])


@cache
def slots_of(record_type: type[Record]) -> Mapping[str, Slot]:
    """The slot of each field, by name, in the order of the dataclass.

    Raises:
        TypeError: a field has a type that has no column.
    """
    hints = get_type_hints(record_type)
    return {one.name: _slot_of_field(one, hints[one.name]) for one in fields(record_type)}


def build_records(record_type: type[Record], names: Iterable[str], columns: Sequence[list[Any]]) -> list[Any]:
    """Records from one list of values for each field; a field without a list takes its default.

    Raises:
        TypeError: a field without a list has no default.
    """
    order = tuple(names)
    if "__slots__" not in vars(record_type) or hasattr(record_type, "__post_init__"):
        return [record_type(**dict(zip(order, values, strict=True))) for values in zip(*columns, strict=True)]
    # Field by field into bare objects: ten times faster than a call of `__init__` for each row.
    counts = set(map(len, columns))
    if len(counts) != 1:
        raise ValueError(f"columns of {record_type.__name__} are of unequal length: {sorted(counts)}")
    records = list(map(object.__new__, repeat(record_type, counts.pop())))
    for name, values in zip(order, columns, strict=True):
        deque(map(vars(record_type)[name].__set__, records, values), maxlen=0)
    for name, default in _defaults(record_type).items():
        if name not in order:
            if default is MISSING:
                raise TypeError(f"{record_type.__name__} needs values of its field {name!r}, which has no default")
            deque(map(vars(record_type)[name].__set__, records, repeat(default, len(records))), maxlen=0)
    return records


@cache
def _defaults(record_type: type[Record]) -> Mapping[str, object]:
    """The default of each field; `MISSING` where it has none, or makes one for each record."""
    return {one.name: one.default for one in fields(record_type)}


MISFITS = (ValueError, TypeError, OverflowError, AttributeError)  # of encoding or decoding a value of another type


def first_misfit(count: int, attempt: Callable[[int], object]) -> int:
    """Which value is to blame, found by trying each alone; for use when all of them together failed."""
    for number in range(count):
        try:
            attempt(number)
        except MISFITS:
            return number
    raise ValueError("each row fits alone, and all of them together do not")


_PLAIN: Mapping[Any, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
_FITS: Mapping[type, type] = {str: str, int: Integral, float: Real, bool: bool}
"""What besides the type itself may be written, numbers of numpy among them."""


def _slot_of_field(field: Field[Any], hint: object) -> Slot:
    default = None if field.default is MISSING else field.default
    return replace(_slot_of(hint), finite=IS_FINITE in field.metadata, default=default)


def _slot_of(hint: object) -> Slot:
    if get_origin(hint) not in (UnionType, Union):
        return Slot(column=_column_of(hint), optional=False)
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"{hint} has no column: a field is of one type, or of one type or None")
    return Slot(column=_column_of(kinds[0]), optional=True)


def _column_of(hint: object) -> Column:
    match get_origin(hint), get_args(hint):
        case None, _ if isinstance(hint, type) and hint in _PLAIN:
            return Plain(kind=hint, arrow=_PLAIN[hint])
        case None, _ if isinstance(hint, type) and issubclass(hint, StrEnum):
            return Word(enum=hint)
        case None, _ if isinstance(hint, type):
            return Nested(record_type=hint, slots=slots_of(hint))
        case origin, (element, end) if origin is tuple and end is Ellipsis:
            return Many(element=_slot_of(element))
        case origin, (key, value) if origin is Mapping and key is str:
            return Named(value=_slot_of(value))
        case _:
            raise TypeError(f"{hint} has no column: see docs/decisions/0001-parquet-rows.md for the types that have")


def _offsets(values: Sequence[Any]) -> pa.Array:
    return pa.array(accumulate(map(len, values), initial=0), pa.int32())


def _bounds(array: pa.Array) -> Iterable[tuple[int, int]]:
    # A slice keeps its parent's offsets, while `flatten` holds the slice's own elements alone.
    offsets: list[int] = array.offsets.to_numpy().tolist()
    return pairwise(offset - offsets[0] for offset in offsets)

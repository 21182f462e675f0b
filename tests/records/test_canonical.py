"""Equal plans give equal text; different plans do not."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.records.canonical import as_plain, canonical_json, flatten_plain
from seewhy.records.types import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    style: Style = Style.REASON
    rate: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    inner: Inner = Inner()
    sizes: tuple[int, ...] = (3, 4)
    root: Path = Path("runs/a")
    limit: float = 2.0
    most: int | None = None
    label: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    style: Style = Style.REASON
    rate: float = 0.1


def test_a_nested_plan_is_written_as_by_hand():
    assert canonical_json(Outer()) == (
        '{"inner":{"rate":0.1,"style":"reason","type":"Inner"},"limit":2,"most":null,'
        '"root":"runs/a","sizes":[3,4],"type":"Outer"}'
    )


def test_plans_that_are_equal_in_python_are_written_alike():
    assert canonical_json(Outer(limit=2.0, label="a")) == canonical_json(Outer(limit=2, label="b"))
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1})
    assert canonical_json({3, 1, 2}) == canonical_json({2, 3, 1})


@pytest.mark.parametrize(
    "other",
    [Outer(limit=2.5), Outer(most=0), Outer(sizes=(4, 3)), Outer(inner=Inner(rate=0.2)), Outer(root=Path("runs/b"))],
)
def test_plans_that_differ_are_written_differently(other):
    assert canonical_json(other) != canonical_json(Outer())


def test_two_classes_with_the_same_fields_are_two_plans():
    assert canonical_json(Inner()) != canonical_json(Twin())


def test_an_infinite_number_is_written_as_a_word():
    assert canonical_json([math.inf, -math.inf, math.nan]) == '["inf","-inf","nan"]'


def test_a_float_too_large_to_count_by_ones_stays_a_float():
    assert canonical_json([2.0**52, 2.0**60]) == "[4503599627370496,1.152921504606847e+18]"


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"judge": {"call": print}}, r"plan\.judge\.call is a builtin_function_or_method"),
        ({"sizes": (1, b"2")}, r"plan\.sizes\.1 is a bytes"),
        ({"kinds": (Inner,)}, r"plan\.kinds\.0 is a type"),
        ({"weights": {1: 0.5}}, r"plan\.weights has the key 1, which is a int"),
    ],
)
def test_what_json_cannot_hold_is_named_by_its_field(value, complaint):
    with pytest.raises(TypeError, match=complaint):
        canonical_json(value)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_plain_values_stay_as_they_are(value):
    assert as_plain(value) == value


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), PLAIN, min_size=1, max_size=4), st.data())
def test_a_change_anywhere_changes_the_flat_fields(plan, data):
    name = data.draw(st.sampled_from(sorted(plan)))
    changed = {**plan, name: {"changed": plan[name]}}
    assert flatten_plain(changed) != flatten_plain(plan)

"""YAML as spelt: the field decides what a scalar is, errors name file and line, and what is written reads back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.runs.structure import natural
from seewhy.runs.yaml_text import MAX_BYTES, MAX_DEPTH, Scalar, dump_yaml, load_yaml, read_yaml

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.booleans() | st.integers(-(2**70), 2**70) | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def as_lists(value: object) -> object:
    match value:
        case tuple() | list():
            return [as_lists(one) for one in value]
        case dict():
            return {name: as_lists(one) for name, one in value.items()}
        case _:
            return value


@pytest.mark.parametrize(
    ("spelt", "natural_value"),
    [
        ("2e-5", 0.00002), ("1E6", 1e6), (".5", 0.5), ("5.", 5.0), ("-3.25e+2", -325.0), ("7", 7), ("-7", -7),
        ("0", 0), ("true", True), ("false", False), ("~", None), ("null", None),
        ("010", "010"), ("1_000", "1_000"), ("0x1F", "0x1F"), ("0o17", "0o17"), ("1:30", "1:30"), ("yes", "yes"),
        ("off", "off"), ("True", "True"), ("nan", "nan"), (".inf", ".inf"), ("2026-11-28", "2026-11-28"),
        ("'7'", "7"), ('"true"', "true"), ("'~'", "~"), ('""', ""),
    ],
)  # fmt: skip
def test_a_scalar_is_what_its_spelling_says_and_nothing_that_old_yaml_made_of_it(spelt, natural_value):
    (found,) = load_yaml(f"x: {spelt}", "mine.yaml").values()
    value = natural(found)
    assert value == natural_value
    assert type(value) is type(natural_value)


def test_each_scalar_knows_its_line_and_keeps_its_spelling():
    found = load_yaml("a: 2e-5\nb:\n  c: '010'\n  d:\n  - yes\n  - 1_000\n", "mine.yaml")
    scalars = [found["a"], found["b"]["c"], *found["b"]["d"]]
    assert [(str(one), one.line, one.is_quoted) for one in scalars] == [
        ("2e-5", 1, False), ("010", 3, True), ("yes", 5, False), ("1_000", 6, False),
    ]  # fmt: skip


@given(PLAIN)
def test_what_is_written_reads_back(plain):
    text = dump_yaml({"value": plain})
    back = as_lists(natural(load_yaml(text, "mine.yaml")))
    assert back == {"value": plain}
    assert dump_yaml(back) == text


@given(st.sampled_from(["", "~", "null", "true", "1e5", "7", "010", "yes", ".5", "1:30", "a\x85b", "a: b", "- a", "#"]))
def test_text_that_looks_like_something_else_reads_back_as_text(text):
    back = natural(load_yaml(dump_yaml({"value": text}), "mine.yaml"))
    assert back == {"value": text}
    assert type(back["value"]) is str


@given(NUMBERS)
def test_a_number_reads_back_to_the_last_digit_and_as_a_number(number):
    back = natural(load_yaml(dump_yaml({"value": number}), "mine.yaml"))["value"]
    assert type(back) is float
    assert math.copysign(1, back) == math.copysign(1, number)
    assert back == number


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_written(number):
    with pytest.raises(ValueError, match="no number that a recipe can hold"):
        dump_yaml({"value": number})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", r"mine\.yaml, line 3: 'a' is named twice"),
        ("a: 1\n[b, c]: 2\n", r"mine\.yaml, line 2: "),
        ("a: [1", r"(?s)mine\.yaml is not YAML \(.*line 1"),
        ("a: &x {b: 1}\nc: *x\n", r"mine\.yaml refers to a part of itself"),
        ("a: " + "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), rf"mine\.yaml, line 1: nested more than {MAX_DEPTH}"),
        ("a: " + "[" * 5000, r"mine\.yaml"),
        ("#" * (MAX_BYTES + 1), rf"mine\.yaml has {MAX_BYTES + 1:,} characters"),
        ("a: !!python/object/apply:os.system [ls]\nb: *x", r"mine\.yaml"),
    ],
    ids=["twice", "no name", "cut", "alias", "deep", "very deep", "large", "no anchor"],
)  # fmt: skip
def test_what_a_recipe_cannot_be_is_refused_with_file_and_line(text, told):
    with pytest.raises(ValueError, match=told):
        load_yaml(text, "mine.yaml")


def test_a_tag_makes_no_object():
    found = load_yaml("a: !!python/object/apply:os.getcwd []\nb: !!python/name:os.system x\n", "mine.yaml")
    assert found == {"a": [], "b": "x"}


def test_a_star_that_is_no_alias_is_text():
    assert natural(load_yaml("a: '*.png'\nb: 2 * 3\n", "mine.yaml")) == {"a": "*.png", "b": "2 * 3"}


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    missing = tmp_path / "mine.yaml"
    with pytest.raises(ValueError, match=r"mine\.yaml: no such file; .*recipe show inkgrid"):
        read_yaml(missing)
    missing.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"mine\.yaml is not UTF-8"):
        read_yaml(missing)
    with pytest.raises(ValueError, match=r"cannot be read \(Is a directory\)"):
        read_yaml(tmp_path)


def test_a_mark_at_the_begin_of_a_file_and_dos_line_ends_change_nothing(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes("\ufeffa: 1\r\nb: two\r\n".encode())
    assert natural(read_yaml(path)) == {"a": 1, "b": "two"}


def test_a_scalar_made_by_hand_is_natural_too():
    assert [Scalar.at(text, 1, True).natural for text in ("7", "~")] == ["7", "~"]

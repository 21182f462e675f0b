"""Plain values become plans by the types of their fields; every fault is told at once, with its place and line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.records.types import Style
from seewhy.runs.choice import Choice, Layer, choose
from seewhy.runs.structure import structure, unstructure
from seewhy.runs.yaml_text import dump_yaml, load_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    share: float = 0.5

    def __post_init__(self):
        if not 0 <= self.share <= 1:
            raise ValueError("share must be from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    rate: float
    count: int = 1
    name: str = ""
    flag: bool = False
    names: tuple[str, ...] = ()
    limit: int | None = None
    style: Style = Style.DIRECT
    weights: Mapping[str, float] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    rule: Annotated[Choice, Layer("pairs")] = field(default_factory=lambda: choose("by_outcome"))


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLANS = st.fixed_dictionaries({
    "rate": NUMBERS, "count": st.integers(), "name": TEXTS, "flag": st.booleans(), "names": st.lists(TEXTS, max_size=3),
    "limit": st.none() | st.integers(), "style": st.sampled_from(Style),
    "weights": st.dictionaries(TEXTS, NUMBERS, max_size=3), "share": st.floats(0, 1), "lowest": st.floats(0, 0.5),
})  # fmt: skip


def read(text: str) -> Plan:
    return structure(load_yaml(text, "mine.yaml"), Plan, "mine.yaml")


def complaint(text: str) -> list[str]:
    with pytest.raises(ValueError, match=r".") as caught:
        read(text)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("spelt", "number"),
    [("2e-5", 0.00002), ("1E6", 1e6), (".5", 0.5), ("3", 3.0), ("-0", 0.0), ("5.", 5.0), ("010", None),
     ("1_000", None), ("yes", None), ("off", None), ("~", None), ("1:30", None), ("true", None), ("'3'", None),
     (".inf", None), ("nan", None), ("0x10", None)],
)  # fmt: skip
def test_a_number_is_a_number_however_it_is_spelt_and_nothing_else_is(spelt, number):
    if number is None:
        (told,) = complaint(f"count: 2\nrate: {spelt}\n")
        assert told.startswith("mine.yaml: rate: must be a number, and is ")
        return
    found = read(f"rate: {spelt}").rate
    assert (found, type(found)) == (number, float)


@pytest.mark.parametrize(
    ("spelt", "number"),
    [("7", 7), ("-7", -7), ("0", 0), ("2e3", None), ("1E6", None), ("1.0", None), (".5", None), ("010", None),
     ("1_000", None), ("yes", None), ("true", None), ("1:30", None), ("'7'", None), ("many", None)],
)  # fmt: skip
def test_a_whole_number_is_spelt_as_one(spelt, number):
    text = f"rate: 1\ncount: {spelt}\n"
    if number is None:
        (told,) = complaint(text)
        assert told.startswith("mine.yaml: count: must be a whole number, and is ")
        assert "(line 2)" in told
        return
    found = read(text).count
    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize(
    ("spelt", "truth"),
    [("true", True), ("false", False), ("yes", None), ("off", None), ("on", None), ("1", None), ("0", None),
     ("True", None), ("'true'", None), ("y", None)],
)  # fmt: skip
def test_true_and_false_are_spelt_so(spelt, truth):
    text = f"rate: 1\nflag: {spelt}\n"
    if truth is None:
        (told,) = complaint(text)
        assert told.startswith("mine.yaml: flag: must be true or false, and is ")
        assert "(line 2)" in told
        return
    assert read(text).flag is truth


@pytest.mark.parametrize(
    "spelt", ["2e-5", "1E6", "1_000", ".5", "010", "yes", "off", "1:30", "true", "7", "3.0", "2026-11-28", "0x1F"]
)
def test_text_is_as_it_is_spelt(spelt):
    for form in (spelt, f"'{spelt}'"):
        found = read(f"rate: 1\nname: {form}\nnames: [{form}, b]\n")
        assert (found.name, type(found.name)) == (spelt, str)
        assert found.names == (spelt, "b")


def test_no_value_is_null_only_where_a_field_allows_it():
    assert read("rate: 1\nlimit: ~\n").limit is None
    assert read("rate: 1\nlimit: 4\n").limit == 4
    (told,) = complaint("rate: 1\nname: ~\n")
    assert told.startswith("mine.yaml: name: must be text")


@given(PLANS)
def test_a_plan_out_and_back_is_the_same(drawn):
    rest = {name: value for name, value in drawn.items() if name not in ("share", "lowest", "names")}
    plan = Plan(
        **rest, names=tuple(drawn["names"]), inner=Inner(share=drawn["share"]),
        rule=choose("by_outcome", lowest=drawn["lowest"], most=3),
    )  # fmt: skip
    text = dump_yaml(unstructure(plan))
    assert read(text) == plan
    assert dump_yaml(unstructure(read(text))) == text
    assert structure(unstructure(plan), Plan, "here") == plan


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("count: 1", ("rate", "missing")),
        ("rate: 1\ncuont: 2", ("cuont", "unknown field 'cuont'", "did you mean 'count'?")),
        ("rate: 1\ninner: {shrae: 0.1}", ("inner.shrae", "did you mean 'share'?")),
        ("rate: 1\ninner:\n  share: much", ("inner.share", "a number", "much", "(line 3)")),
        ("rate: 1\ninner: {share: 7}", ("inner", "share must be from 0 to 1")),
        ("rate: 1\ninner: 3", ("inner", "mapping of fields", "3")),
        ("rate: 1\nweights:\n  a: 1\n  b: two", ("weights.b", "a number", "two", "(line 4)")),
        ("rate: 1\nweights: 3", ("weights", "must be a mapping", "3")),
        ("rate: 1\nstyle: dirct", ("style", "dirct", "did you mean 'direct'?", "(line 2)")),
        ("rate: 1\nnames: {a: b}", ("names", "must be a list")),
        ("rate: 1\nnames: [a, [b]]", ("names", "must be text")),
        ("rate: 1\nrule: by_outcom", ("rule", "did you mean 'by_outcome'?")),
        ("rate: 1\nrule: {lowest: 3}", ("rule", "kind")),
        ("[1, 2]", ("mapping of fields",)),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_what_it_is_and_what_was_meant(text, facts):
    (told,) = complaint(text)
    assert told.startswith("mine.yaml: ")
    assert all(fact in told for fact in facts), told


def test_all_faults_are_told_at_once():
    told = complaint("rate: fast\ncount: 1.5\nnaem: x\ninner: {share: much}\n")
    assert len(told) == 4
    for place in ("rate", "count", "naem", "inner.share"):
        assert sum(line.startswith(f"mine.yaml: {place}: ") for line in told) == 1


def test_one_value_stands_for_a_list_of_one():
    assert read("rate: 1\nnames: dpo").names == ("dpo",)


def test_a_kind_alone_stands_for_a_choice_without_settings():
    assert read("rate: 1\nrule: by_outcome").rule == Choice(kind="by_outcome")
    assert read("rate: 1\nrule: {kind: by_outcome, most: 3, lowest: 2e-1}").rule == choose(
        "by_outcome", most=3, lowest=0.2
    )

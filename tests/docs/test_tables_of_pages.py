"""Tables of the pages have a row for each kind, rule, field and recipe of the code, with the settings that it has."""

import re
from dataclasses import fields

import pytest
from docs.page_code import DOCS
from docs.settings import tables

from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.model.prompt_plan import PromptPlan
from seewhy.pairs.ranked import Picking
from seewhy.records.types import MatchRule
from seewhy.runs.discovery import class_of, kind_names
from seewhy.runs.recipe_text import recipe_names


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def rows_of(page: str, *head: str) -> list[list[str]]:
    """Rows of the tables of a page whose head begins so."""
    found = [row for cells, rows in tables((DOCS / page).read_text(encoding="utf-8"))
             if tuple(cells[: len(head)]) == head for row in rows]  # fmt: skip
    assert found, f"{page}: no table with the head {head}"
    return found


def named_in(page: str, *head: str) -> list[str]:
    return [name for row in rows_of(page, *head) for name in codes(row[0])]


def settings_of(layer: str, kind: str) -> set[str]:
    return {one.name for one in fields(class_of(layer, kind)) if one.init and one.name != "name"}


@pytest.mark.parametrize(
    ("layer", "head"),
    [("pairs", ("rule", "the chosen side")), ("pairs.pictures", ("kind", "what stands in the place of a picture"))],
)
def test_kinds_of_preference_data_are_listed_with_all_of_their_settings(layer, head):
    shown = {codes(row[0])[0]: set(codes(row[-1])) for row in rows_of("preferences.md", *head)}
    assert shown == {kind: settings_of(layer, kind) for kind in kind_names(layer)}


def test_match_rules_are_those_of_both_pages():
    rules = {rule.value for rule in MatchRule}
    (row,) = [row for row in rows_of("your-questions.md", "field", "what it holds") if row[0] == "`rule`"]
    assert set(codes(row[1])) == rules
    assert set(named_in("grading.md", "rule", "right when")) == rules


@pytest.mark.parametrize(
    ("page", "head", "plan"),
    [
        ("your-questions.md", ("field", "what it is"), PromptPlan),
        ("engines.md", ("`engine`",), EnginePlan),
    ],
)
def test_fields_of_a_plan_are_all_in_its_table(page, head, plan):
    assert named_in(page, *head) == [one.name for one in fields(plan)]


def test_kinds_of_credit_are_all_in_the_table():
    assert sorted(named_in("reading-a-report.md", "kind")) == kind_names("evaluation.credits")


def test_settings_of_picking_have_their_defaults():
    for row in rows_of("preference-data.md", "setting of `rank`"):
        name = codes(row[0])[0].removeprefix("picking.")
        default = next(one.default for one in fields(Picking) if one.name == name)
        shown = row[2].strip("`").partition(":")[0]
        assert shown == (str(int(default)) if isinstance(default, float) else str(default)), name


def test_every_recipe_is_named_on_its_page():
    text = (DOCS / "recipes.md").read_text(encoding="utf-8")
    assert [name for name in recipe_names() if f"`{name}`" not in text] == []
    assert set(named_in("recipes.md", "recipe", "steps")) <= set(recipe_names())

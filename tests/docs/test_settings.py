"""Tables of settings in the pages of `docs`: each exists with the default that is said, and none is left out."""

import re
from dataclasses import MISSING, fields

import pytest
from docs.page_code import DOCS
from docs.settings import defaults_of, named, same, tables

from seewhy.runs.discovery import class_of, kind_names

PAGES = {str(page.relative_to(DOCS)): page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md"))}
PLAN = re.compile(r"(?:setting of )?`([\w.]+)`")
"""The head of a table of a plan's settings, whose second column holds their defaults."""


def plans():
    for page, text in PAGES.items():
        for head, rows in tables(text):
            if len(head) == 3 and PLAN.fullmatch(head[0]) and head[1] in ("", "default"):
                yield page, PLAN.fullmatch(head[0])[1], rows


def is_said(text, values):
    """Whether a cell says one of the defaults; words say what an empty one means."""
    plain = text.partition(" (")[0].strip("`")
    if MISSING in values:
        return plain == "needed"
    return any(same(plain, value) or value == (plain,) for value in values) or (
        "" in values and not re.match(r"[\d-]", plain)
    )


@pytest.mark.parametrize(("page", "plan", "rows"), list(plans()), ids=lambda one: one if isinstance(one, str) else "")
def test_a_plan_s_settings_have_the_defaults_that_the_page_says(page, plan, rows):
    for names, defaults, _ in rows:
        found = re.findall(r"`(\w+)`", names)
        said = defaults.split(", ") if len(found) > 1 else [defaults]
        assert len(said) == len(found) > 0, names
        for name, text in zip(found, said, strict=True):
            held = defaults_of(f"{plan}.{name}")
            assert held, f"{page}: there is no setting {plan}.{name}"
            assert is_said(text, held), f"{page}: {name} is {held}"


def test_the_pages_have_tables_of_plans():
    found = [(page, plan) for page, plan, _ in plans()]
    assert {("online.md", "rollouts"), ("online.md", "critic"), ("online.md", "pairs"), ("scale.md", "machine.runner"),
            ("methods/sft.md", "fit")} <= set(found)  # fmt: skip


def settings_of(layer, kind):
    """Settings of a kind that a recipe can set."""
    shown = [one for one in fields(class_of(layer, kind)) if one.name not in ("chat_model", "policy", "grader")]
    return {one.name: one.default for one in shown}


def kinds_of(layer, column, pages):
    for page in pages:
        for head, rows in tables(PAGES[page]):
            if head[0] == "`kind`" and column in head:
                yield from ((row[0].strip("`"), row[head.index(column)]) for row in rows)


def test_the_methods_have_all_settings_of_every_objective():
    found = dict(kinds_of("objectives", "settings (default)", [name for name in PAGES if name.startswith("methods/")]))
    assert sorted(found) == kind_names("objectives")
    for kind, cell in found.items():
        said, known = dict(named(cell)), settings_of("objectives", kind)
        assert said.keys() == known.keys(), kind
        assert all(same(text, known[name]) for name, text in said.items()), f"{kind}: {cell} and {known}"


def test_the_page_of_online_training_has_all_settings_of_every_reward():
    found = dict(kinds_of("rewards", "settings", ["online.md"]))
    assert sorted(found) == kind_names("rewards")
    for kind, cell in found.items():
        assert set(re.findall(r"`(\w+)`", cell)) == settings_of("rewards", kind).keys(), kind

"""docs/decisions has a reason for every library that the package asks for, and each page says whether it stands."""

import re
import tomllib

import pytest
from docs.page_code import DOCS, ROOT
from docs.settings import tables

PAGES = sorted((DOCS / "decisions").glob("*.md"))
LIBRARIES = (DOCS / "decisions" / "0002-libraries.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements):
    found = (re.match(r"[\w.-]+", one)[0] for one in requirements)
    return {name.lower() for name in found if name != "seewhy"}


def test_each_library_that_a_user_installs_has_its_row_with_use_licence_and_reason():
    extras = PROJECT["optional-dependencies"]
    asked = names(PROJECT["dependencies"]).union(*(names(group) for name, group in extras.items() if name != "dev"))
    ((_, rows),) = tables(LIBRARIES)
    assert all(cell for row in rows for cell in row[:4])
    told = {name.lower() for row in rows for name in row[0].split(", ")}
    assert asked - told == {"num2words", "torchvision"}
    assert told - asked == {"beartype"}


@pytest.mark.parametrize("name", sorted(names(PROJECT["optional-dependencies"]["dev"])))
def test_each_library_of_the_tests_is_named(name):
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", LIBRARIES.lower())


def test_the_range_of_transformers_is_that_of_the_package():
    (asked,) = [one for one in PROJECT["optional-dependencies"]["train"] if one.startswith("transformers")]
    least, below = re.fullmatch(r"transformers>=([\d.]+),<(\d+)", asked).groups()
    assert f"supports transformers {least} and newer, below {below}" in LIBRARIES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_decision_has_its_number_and_says_whether_it_stands(page):
    head, _, status = page.read_text(encoding="utf-8").partition("\n\n")
    assert head.startswith(f"# {page.stem[:4]}: ")
    assert re.match(r"Status: (accepted|overturned by \[\d{4}\])", status)

"""The options of the command line are a promise: none goes, and no default moves, unseen."""

import difflib
import re

import pytest
from frozen_options import FROZEN, RENEW, help_entries, option_lines

from seewhy.cli.recipes import recipe_names


@pytest.fixture(autouse=True)
def one_column_of_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_the_options_of_the_inkgrid_run_and_their_defaults_are_those_written_down():
    frozen, now = FROZEN.read_text(encoding="utf-8").splitlines(), option_lines()
    changes = "\n".join(difflib.unified_diff(frozen, now, "written down", "now", lineterm="", n=0))
    assert not changes, f"{changes}\nIf this is meant, renew the list: {RENEW}"


@pytest.mark.parametrize("recipe", recipe_names())
def test_every_option_is_explained_by_a_sentence(recipe: str):
    entries = help_entries(recipe)
    assert len(entries) > 20
    for entry in entries:
        words = re.sub(r" \((default: .*|required)\)$", "", entry)
        assert re.search(r" [`A-Z][a-z].*\.$", words), f"{recipe}: no sentence says what {entry} means"

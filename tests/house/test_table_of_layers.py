"""The table of layers in docs/architecture.md says what `MAY_IMPORT` allows, and `MAY_IMPORT` what the table says."""

import re
from collections.abc import Mapping

import pytest
from house_shape_rules import ALL, MAY_IMPORT
from house_sources import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
HEAD = "| layer | purpose | of ours | from outside |"


def table_of(page: str) -> Mapping[str, set[str]]:
    """Layer to what its row allows, as module names; `all` is the whole package, `–` nothing."""
    lines = page[page.index(HEAD) :].split("\n\n")[0].splitlines()[2:]
    found: dict[str, set[str]] = {}
    for line in lines:
        layer, _, ours, _ = (cell.strip() for cell in line.strip("| ").split(" | "))
        names = re.findall(r"`([\w.]+)`", ours)
        assert ours in ("all", "–") or ours == ", ".join(f"`{name}`" for name in names), f"row {layer}: {ours}"
        found[layer.strip("`")] = set(ALL) if ours == "all" else {f"seewhy.{name}" for name in names}
    return found


def differences(table: Mapping[str, set[str]], allowed: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Each layer whose row and rule are not the same set, in either direction."""
    return [layer for layer in sorted(table.keys() | allowed.keys())
            if layer not in table or layer not in allowed or table[layer] != set(allowed[layer])]  # fmt: skip


def test_table_and_rule_are_the_same():
    assert differences(table_of(PAGE), MAY_IMPORT) == []


def test_every_layer_of_the_table_is_a_folder_and_every_folder_a_layer():
    folders = {path.parent.name for path in (ROOT / "seewhy").glob("*/__init__.py")}
    assert set(table_of(PAGE)) == folders


@pytest.mark.parametrize(
    ("page", "layer"),
    [
        (PAGE.replace("| `records`, `model.prompts` |", "| `records` |"), "pairs"),
        (PAGE.replace("| `model.packed.logps` |", "| `model.packed.logps`, `records` |"), "objectives"),
        (re.sub(r"\| `teachers` \|.*\n", "", PAGE), "teachers"),
        (PAGE.replace("| `pairs` |", "| `runners` |"), "runners"),
    ],
)
def test_a_row_that_says_less_more_nothing_or_another_layer_is_found(page: str, layer: str):
    assert layer in differences(table_of(page), MAY_IMPORT)

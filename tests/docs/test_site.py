"""The documentation's site: it is built without network, and the reference is the code's."""

import json
import os
import re
import runpy
import subprocess
import sys
from dataclasses import fields
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from docs.page_code import DOCS, ROOT
from markdown import markdown

from seewhy.runs.discovery import class_of, kind_names

sys.path.insert(0, str(DOCS / "site"))
import hooks
import reference_pages


@pytest.mark.parametrize("layer", ["stages", *reference_pages.LAYERS])
def test_the_reference_has_every_kind_with_every_setting(layer):
    page = reference_pages.stages_page() if layer == "stages" else reference_pages.layer_page(layer)
    sections = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    assert list(sections) == kind_names(layer)
    for name, text in sections.items():
        shown = set(re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE))
        hints = reference_pages.get_type_hints(class_of(layer, name), include_extras=True)
        for one in fields(class_of(layer, name)):
            if one.init and not one.name.startswith("_") and not reference_pages.is_object(hints[one.name]):
                assert any(field.split(".")[0] == one.name for field in shown), f"{layer} {name}.{one.name}"


class Assets(HTMLParser):
    """What a page loads by itself."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        words = dict(attrs)
        if tag in ("script", "img", "iframe", "source") and words.get("src"):
            self.found.append(words["src"])
        if tag == "link" and words.get("rel") not in ("canonical", "prev", "next"):
            self.found.append(words["href"])


@pytest.mark.nightly
def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "true"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, check=False, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= 50
    for page in pages:
        assets = Assets()
        assets.feed(page.read_text(encoding="utf-8"))
        assert [one for one in assets.found if urlsplit(one).netloc] == []
    methods = (tmp_path / "site" / "methods" / "preferences.html").read_text(encoding="utf-8")
    assert "<math" in methods
    assert "$$" not in methods
    listed = re.findall(r"^- \[.+\]\((.+?)\):", (tmp_path / "site" / "llms.txt").read_text(), re.MULTILINE)
    assert sorted(place for place in listed if not place.startswith("reference/")) == sorted([*PROSE, "notebook.md"])
    assert len([place for place in listed if place.startswith("reference/")]) == len(reference_pages.pages())
    assert all((tmp_path / "site" / place).is_file() for place in listed)


PROSE = sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", PROSE)
def test_the_first_sentence_of_a_page_says_what_it_is_about_in_llms_txt(page):
    said = hooks.first_sentence((DOCS / page).read_text(encoding="utf-8"))
    assert re.match(r"[A-Z`]|(?:seewhy|ms-swift)\b", said), said
    assert said.endswith((".", "?")), said
    assert 20 <= len(said) <= 300, said


def test_a_formula_at_the_start_of_a_line_ends_no_paragraph():
    html = markdown(hooks.on_page_markdown("With\n$`z = 1`$, and\n$`y`$\nand more."), extensions=["tables"])
    assert html.count("<p>") == 1
    assert html.endswith("and more.</p>")
    assert html.count("<math") == 2


def test_a_formula_in_a_line_of_its_own_scrolls_where_it_is_wider_than_the_page():
    assert 'style="overflow-x: auto" tabindex="0"' in hooks.on_page_markdown("$$\nz = 1\n$$")


def test_no_setting_and_no_column_of_the_reference_is_without_a_sentence():
    pages = [reference_pages.stages_page(), reference_pages.recipes_page(), reference_pages.rows_page()]
    pages += [reference_pages.layer_page(layer) for layer in reference_pages.LAYERS]
    rows = [
        row for page in pages for row in re.findall(r"^\| `([\w.]+)` \| (.*) \| (.*) \| (.*) \|$", page, re.MULTILINE)
    ]
    assert len(rows) > 400
    assert [name for name, kind, default, text in rows if not (kind and default and text.strip())] == []
    assert [name for name, _, default, _ in rows if len(default) > 90] == []


def test_the_notebook_holds_no_outputs():
    cells = json.loads((DOCS / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    assert all(not one["outputs"] and one["execution_count"] is None for one in cells if one["cell_type"] == "code")


@pytest.mark.nightly
def test_the_notebook_runs(tmp_path):
    cells = json.loads((DOCS / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    script = tmp_path / "notebook.py"
    script.write_text(
        "\n".join("".join(one["source"]) for one in cells if one["cell_type"] == "code"), encoding="utf-8"
    )
    names = runpy.run_path(str(script))
    assert len(names["chains"]) == 96
    assert names["pairs"]

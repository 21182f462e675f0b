"""Code of the documentation runs: every block of bash and Python of every page, in order, as a reader would."""

import runpy

import pytest
from docs.page_code import DOCS, LONG, NOT_RUN, ROOT, fences_of, pages_with_code, run_page

PAGES = [str(page.relative_to(DOCS)) for page in pages_with_code()]
SMALL: dict[str, str] = {}
"""Options that make a command small, by how it begins."""
LONG_PAGES = [name for name in PAGES if any(fence.mark == LONG for fence in fences_of(DOCS / name))]
FIRST = "tutorial.md"
"""The page whose code runs every time; the other ones are nightly."""


def test_the_code_of_the_tutorial_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page(DOCS / FIRST, tmp_path, SMALL, long=False) > 3


@pytest.mark.nightly
@pytest.mark.parametrize("name", PAGES)
def test_the_code_of_a_page_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page(DOCS / name, tmp_path, SMALL, long=True) > 0 or name not in LONG_PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_block_that_is_not_run_says_why(name):
    marks = [fence.mark for fence in fences_of(DOCS / name) if fence.language in ("bash", "python")]
    assert all(mark in ("", LONG) or len(mark) > len(NOT_RUN) for mark in marks), marks


def readme_python():
    return next(fence.body for fence in fences_of(ROOT / "README.md") if fence.language == "python")


def test_the_example_of_the_readme_has_one_import_and_at_most_ten_lines():
    lines = readme_python().splitlines()
    assert len(lines) <= 10
    assert [line for line in lines if "import" in line] == ["import seewhy"]


@pytest.mark.nightly
def test_the_example_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.py").write_text(readme_python(), encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "example.py"))
    assert len(names["verdicts"]) == 160
    assert names["pairs"]

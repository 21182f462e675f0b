"""Commands, options, extras, targets, files and settings that the pages, help and errors name are those of the tree.

Rename an option, a file or a stage, and a test here fails with the page.
"""

import re
import tomllib

import pytest
from docs.page_code import DOCS, ROOT, fences_of
from docs.shown_words import (
    OPTION,
    PAGES,
    PARTS,
    SPAN,
    commands_in_code,
    commands_of,
    help_of,
    option_exists,
    options_of,
    recipes_of,
    usage_of,
    wrong_with,
)

from seewhy.runs.recipe_text import build_recipe, merge, plain_recipe

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
THEIRS = {
    "--answer-fix", "--api-key", "--cpu", "--enable-lora", "--limit-mm-per-prompt", "--logprobs-mode",
    "--lora-target-modules", "--max-lora-rank", "--mmproj", "--multi_gpu", "--parallel",
}  # fmt: skip
"""Options of vLLM, SGLang, llama.cpp, accelerate and MMPR's scripts."""


def texts():
    return {name: page.read_text(encoding="utf-8") for name, page in zip(NAMES, PAGES, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_a_page_shows_is_one_of_the_program_with_these_options(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(DOCS)
    for fence in fences_of(ROOT / name):
        if fence.title:
            (tmp_path / fence.title).write_text(fence.body, encoding="utf-8")
    faults = {command: wrong_with(command, tmp_path) for command in commands_of(ROOT / name)}
    assert {command: fault for command, fault in faults.items() if fault} == {}


def test_every_command_that_help_and_errors_name_is_one_of_the_program(tmp_path):
    shown = [(place, command) for place, command in commands_in_code() if "{command}" not in command]
    faults = [f"{place}: {command}: {fault}" for place, command in shown if (fault := wrong_with(command, tmp_path))]
    assert len(shown) > 50
    assert faults == []


@pytest.mark.parametrize("name", PARTS)
def test_the_usage_of_a_command_with_parts_names_options_of_these(name):
    options = OPTION.findall(usage_of(name).replace("--STEP.FIELD", ""))
    assert options
    assert set(options) - set(OPTION.findall(help_of(name))) <= {"--help"}


def test_every_option_that_a_page_names_is_one_of_a_command_a_stage_or_a_script_of_ours():
    scripts = "\n".join(path.read_text() for path in (ROOT / "bench").glob("*.py"))
    pages = [page for page in PAGES if page.parent.name not in ("migration", "decisions")]
    named = {(page.name, option) for page in pages for option in options_of(page)}
    assert len(named) > 100
    wrong = [(page, one) for page, one in named if one not in THEIRS and f'add_argument("{one}"' not in scripts]
    assert sorted((page, one) for page, one in wrong if not option_exists(one)) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_in_yaml_has_steps_and_settings_that_exist(name):
    for shown in recipes_of(ROOT / name):
        size = shown.pop("size", "")
        is_part = not any("stage" in step for step in shown.get("steps", {}).values())
        base = plain_recipe(shown.pop("base", "inkgrid"), size=size) if is_part else {}
        assert build_recipe(merge({"name": "shown", **base}, shown), name)


def test_every_extra_and_every_target_of_make_exists():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    sources = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "seewhy").rglob("*.py")} | texts()
    listed = re.compile(r"(?:\.|seewhy)\[([a-z,]+)\]['\"`]")
    found = [(name, extra) for name, text in sources.items()
             for names in listed.findall(text) for extra in names.split(",")]  # fmt: skip
    made = [(name, target) for name, text in texts().items()
            for target in re.findall(r"(?:^|`)make ([a-z]+)\b(?! sure)", text, re.MULTILINE)]  # fmt: skip
    assert len(found) > 10
    assert [one for one in found if one[1] not in extras] == []
    assert len(made) > 10
    assert [one for one in made if one[1] not in targets] == []


def test_every_file_of_the_tree_that_a_page_names_is_there():
    missing, count = [], 0
    for name, text in texts().items():
        for span in SPAN.findall(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)):
            for place in re.findall(r"(?<![\w/.~-])(?:seewhy|tests|bench|docs|requirements)/[\w./*{},-]*\w/?", span):
                count += 1
                if not list(ROOT.glob(place)):
                    missing.append(f"{name}: {place}")
    assert count > 100
    assert missing == []

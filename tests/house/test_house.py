"""The source itself is tested: that it is still our house."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence

import pytest
from house_shape_rules import (
    dead_plan_fields,
    fat_plans,
    gold_readers,
    heavy_libraries,
    heirs,
    rings,
    trespasses,
)
from house_sources import ROOT, Source, python_files, read_sources, text_files
from house_style_rules import (
    broad_excepts,
    guessed_attributes,
    late_imports,
    long_command_line,
    long_files,
    long_functions,
    loose_records,
    machine_paths,
    patches,
    prompts_in_code,
    silent_modules,
    type_checking,
    unsafe_code,
    vague_names,
)

PACKAGE = read_sources(ROOT, "seewhy")
BENCH = read_sources(ROOT, "bench")
TESTS = read_sources(ROOT, "tests")

EVERYWHERE = [
    long_files,
    long_functions,
    silent_modules,
    vague_names,
    late_imports,
    type_checking,
    guessed_attributes,
    unsafe_code,
    broad_excepts,
    patches,
]
IN_THE_PACKAGE = [
    long_command_line,
    loose_records,
    prompts_in_code,
    rings,
    trespasses,
    heavy_libraries,
    heirs,
    dead_plan_fields,
    fat_plans,
    gold_readers,
]
LIGHT = ("records", "benchmarks", "sampling", "judging", "pairs", "report", "testing")
LIGHT_OF_MODEL = ("seewhy.model.api", "seewhy.model.prompts", "seewhy.endpoints.chat", "seewhy.endpoints.client")
IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    heavy = {"torch", "transformers", "peft", "accelerate"} & set(sys.modules)
    if heavy:
        sys.exit(f"importing {name} loads {sorted(heavy)}")
"""


@pytest.mark.parametrize("rule", EVERYWHERE)
def test_every_file_keeps_the_rule_against(rule: Callable[[Iterable[Source]], Iterable[str]]):
    found = list(rule((*PACKAGE, *BENCH, *TESTS)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", IN_THE_PACKAGE)
def test_the_package_keeps_the_rule_against(rule: Callable[[Sequence[Source]], Iterable[str]]):
    found = list(rule(PACKAGE))
    assert not found, "\n".join(found)


def test_no_file_holds_a_path_of_one_machine():
    found = list(machine_paths(text_files(ROOT)))
    assert not found, "\n".join(found)


def test_every_layer_is_read_by_these_tests():
    assert {"records", "model", "judging"} <= {source.layer for source in PACKAGE}


def test_importing_a_light_layer_loads_no_torch_and_prints_nothing():
    modules = [source.module for source in PACKAGE if source.layer in LIGHT]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, "seewhy", *LIGHT_OF_MODEL, *modules],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_two_test_files_share_a_name():
    names = [path.name for path in python_files(ROOT, ["tests"]) if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))

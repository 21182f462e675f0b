"""Figures in the pages of `docs` are those of the pages that hold measurements; files that a page names exist."""

import os
import re
import subprocess
import sys

import pytest
from docs.page_code import DOCS, ROOT

SOURCES = ("evidence.md", "log.md", "numerics.md", "scenes.md")
"""Pages that hold what was measured, each row with its script or recipe."""
TEXTS = {str(page.relative_to(DOCS)): page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md"))}
MEASURED = " ".join(TEXTS[name] for name in SOURCES)
QUOTING = [name for name in TEXTS if name not in SOURCES]
NUMBER = r"[-+]?\d+\.\d+"
WITH_INTERVAL = re.compile(rf"({NUMBER})(?: %)?(?: [A-Za-z ]{{0,30}}?)?[ ,]{{1,2}}\(?({NUMBER} to {NUMBER})")
"""An estimate with its interval: `+8.3 (6.6 to 10.0)`, and in the log also `+5.4, 2.9 to 7.9`."""
SHARE = re.compile(r"(?<![\d.,])\d+\.\d+(?= %)")
FILE = re.compile(r"(?:seewhy|tests|bench|docs)/[\w/]*\w+\.(?:py|md|jsonl?)\b")


def bare(text):
    """Without code that is shown."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def estimates(text):
    """Estimates of a text with their intervals, as numbers without a plus."""
    return [(found[1].lstrip("+"), found[2].replace("+", "")) for found in WITH_INTERVAL.finditer(bare(text))]


def turned(estimate):
    """The same estimate seen from the other side: a loss of 3.2 is a gain of -3.2."""
    value, (low, high) = estimate[0], estimate[1].split(" to ")
    return opposite(value), f"{opposite(high)} to {opposite(low)}"


def opposite(number):
    return number[1:] if number.startswith("-") else f"-{number}"


@pytest.mark.parametrize("page", [name for name in QUOTING if estimates(TEXTS[name])])
def test_each_estimate_with_an_interval_is_one_that_was_measured(page):
    known = set(estimates(MEASURED))
    assert [one for one in estimates(TEXTS[page]) if one not in known and turned(one) not in known] == []


def test_pages_of_methods_and_of_the_default_run_quote_estimates():
    counts = {name: len(estimates(TEXTS[name])) for name in QUOTING}
    assert counts["methods/preferences.md"] >= 6
    assert counts["methods/online.md"] >= 5
    assert counts["methods/sft.md"] >= 3
    assert counts["inkgrid.md"] >= 15


@pytest.mark.parametrize("page", [name for name in QUOTING if SHARE.findall(bare(TEXTS[name]))])
def test_each_share_with_a_decimal_is_one_that_was_measured(page):
    shares = set(SHARE.findall(bare(TEXTS[page])))
    assert [one for one in shares if not re.search(rf"(?<![\d.]){re.escape(one)}(?!\d)", MEASURED)] == []


@pytest.mark.parametrize("page", [name for name in TEXTS if FILE.search(TEXTS[name])])
def test_each_file_of_the_package_that_a_page_names_exists(page):
    named = {found for found in FILE.findall(TEXTS[page]) if "*" not in found}
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def whole_source(script):
    """The source of a script with that of the files of `bench` that it imports."""
    text = (ROOT / script).read_text(encoding="utf-8")
    imported = [ROOT / "bench" / f"{name}.py" for name in re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)]
    return text + "".join(one.read_text(encoding="utf-8") for one in imported if one.is_file())


def test_each_script_of_bench_that_measured_something_is_there_and_takes_the_options_that_are_named():
    named = re.findall(r"`(?:python )?(bench/\w+\.py)([^`]*)`", MEASURED)
    assert len(named) > 30
    for script, options in named:
        source = whole_source(script)
        for option in re.findall(r"--([\w-]+)", options):
            assert f'"--{option}"' in source, f"{script} takes no --{option}"


def test_the_costs_of_large_runs_are_what_the_simulation_prints():
    command = [sys.executable, str(ROOT / "bench" / "simulate_cluster.py")]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    page = TEXTS["scale.md"]
    hours = re.findall(r"([\d,]+) GPU hours", done.stdout)
    assert len(hours) == 8
    assert [one for one in hours if f"{one} GPU h" not in page] == []
    for figure in re.findall(r"[\d,]+ M tokens read|[\d,]+(?= dollars, 0\.12)|[\d.]+(?= TB)", done.stdout):
        assert figure.removesuffix(" tokens read") in page, figure

"""Figures of the README are those of the tables that they are taken from, and its links lead to files."""

import re
from pathlib import Path

import pytest
from docs.page_code import DOCS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EVIDENCE, INKGRID, NUMERICS = (
    (DOCS / name).read_text(encoding="utf-8") for name in ("evidence.md", "inkgrid.md", "numerics.md")
)
INTERVAL = re.compile(r"[+-]\d+\.\d \(-?\d+\.\d to -?\d+\.\d\)")
CELLS = re.compile(r"\s*\|\s*")
VERDICTS = ("held", "not held", "cannot tell")


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """Cells of the rows of a section's table, without its head."""
    found = [CELLS.split(line.strip("| ")) for line in section(title).splitlines() if line.startswith("|")]
    assert len(found) > 4, title
    return found[2:]


def verdict_of(figure: str) -> str:
    """What the table of contrasts says of a figure."""
    found = [CELLS.split(line.strip("| "))[-1] for line in EVIDENCE.splitlines() if f"| {figure} |" in line]
    assert found, f"{figure} is no contrast of docs/evidence.md"
    return found[0]


@pytest.mark.parametrize("row", rows("Evidence"), ids=lambda row: row[0][:40])
def test_a_row_of_evidence_has_intervals_of_the_evidence_page_and_the_verdict_of_its_first(row):
    figures = INTERVAL.findall(row[1])
    verdicts = [verdict_of(figure) for figure in figures]
    assert row[2].split("; ")[0] == verdicts[0]
    assert set(row[2].split("; ")) <= set(VERDICTS)
    for area in re.findall(r"\b0\.\d{3}\b", row[1]):
        assert re.search(rf"^\| .* \| {re.escape(area)} \(", EVIDENCE, re.MULTILINE), area
    assert len(re.sub(INTERVAL, "", row[1]).replace("3,840", "")) < 70, "a figure without its interval"


def test_accuracies_of_the_default_run_are_those_of_its_page():
    table = [line for line in INKGRID.splitlines() if line.startswith(("| as shipped", "| after"))]
    accuracies = re.search(r"`make run`: ([\d.]+), ([\d.]+) and ([\d.]+) % of 1,000", section("Evidence")).groups()
    assert [re.search(r"\| ([\d.]+) %", line)[1] for line in table] == list(accuracies)
    blind = [float(re.search(r"([\d.]+) % \|$", line)[1]) for line in table]
    assert all(17.5 <= share <= 18.5 for share in blind)


def measured_by(script: str) -> list[float]:
    """All figures with two decimals in rows of docs/numerics.md that name a script, and in sections that do."""
    found: list[str] = []
    for part in NUMERICS.split("\n## "):
        lines = part.splitlines()
        rowed = [line for line in lines if line.startswith("|") and script in line]
        found += rowed or (lines if script in part else [])
    return [float(one) for line in found for one in re.findall(r"(?<![\d.,])\d\.\d\d(?!\d)", line)]


@pytest.mark.parametrize("row", rows("Speed"), ids=lambda row: row[0][:40])
def test_a_row_of_speed_has_figures_that_its_scripts_have_measured(row):
    speed, memory = (re.findall(r"`(bench/[a-z_]*memory\.py|bench/(?!\w*memory)\w+\.py)`", row[4]) * 2)[:2]
    for place in (speed, memory):
        assert (ROOT / place).is_file()
    times, shares = measured_by(speed), measured_by(memory)
    for cell in (row[1], row[2]):
        for figure in re.findall(r"\d+\.\d", cell):
            assert any(abs(float(figure) - one) < 0.0501 for one in times), f"{figure}: not measured by {speed}"
    for figure in re.findall(r"\d+\.\d\d", row[3]):
        assert float(figure) in shares, f"{figure}: not measured by {memory}"


def test_the_range_at_the_head_is_that_of_the_table_of_speed():
    times = [float(one) for row in rows("Speed") for cell in row[1:3] for one in re.findall(r"\d+\.\d", cell)]
    low, high = re.search(r"([\d.]+) to ([\d.]+) times as fast as TRL", README).groups()
    assert (float(low), float(high)) == (min(times), max(times))


def test_links_lead_to_files_and_the_head_has_at_most_ten_lines():
    links = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", README)
    assert links
    assert [link for link in links if not (ROOT / Path(link)).exists()] == []
    head = README.partition("# seewhy\n")[2].partition("\n![")[0].strip().splitlines()
    assert len([line for line in head if line]) <= 10

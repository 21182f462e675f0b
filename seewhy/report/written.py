"""A report beside its page: as Markdown, and each figure as SVG with its numbers as CSV."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seewhy.records.files import write_text_atomically
from seewhy.report.inputs import ReportInput
from seewhy.report.page import fill
from seewhy.report.plots import Panel
from seewhy.report.tables import Table
from seewhy.report.words import say_marked

COLOURS = Path(__file__).parent / "colours.css"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
FONT = "system-ui, sans-serif"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def write_markdown(path: Path, report: ReportInput) -> None:
    """Write what the page says in words and tables; figures are named where `write_figures` puts them."""
    write_text_atomically(path, markdown(report))


def markdown(report: ReportInput) -> str:
    """The report as Markdown: its head, what to distrust, then every table."""
    filled = fill(report)
    lines = [f"# {say_marked(report.header.recipe)}", "", f"{report.header.date}, seed {report.header.seed}", ""]
    for title, sentences in (("What happened", filled["lead"]), ("What to distrust", filled["doubts"])):
        if sentences:
            lines += [f"## {title}", "", *(f"- {say_marked(sentence)}" for sentence in sentences), ""]
    for title, table in tables_of(filled):
        lines += [f"## {say_marked(title)}", "", *_rows(table), ""]
    names = [name for name, _ in figures_of(filled)]
    if names:
        lines += [
            "## Figures",
            "",
            *(f"- [{name}](figures/{name}.svg), [numbers](figures/{name}.csv)" for name in names),
        ]
    return "\n".join(lines).rstrip() + "\n"


def _rows(table: Table) -> Iterator[str]:
    if table.caption:
        yield from (say_marked(table.caption), "")
    yield "| " + " | ".join(say_marked(column.head) or " " for column in table.columns) + " |"
    yield "|" + "|".join("--:" if column.is_number else ":--" for column in table.columns) + "|"
    for row in table.rows:
        yield "| " + " | ".join(say_marked(f"{cell.text} {cell.aside}".strip()) or " " for cell in row) + " |"


def tables_of(filled: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """The tables of a page under the titles of their sections."""
    for title, table in (("Results", filled["scores"]), ("Before and after", filled["steps"])):
        if table:
            yield title, table
    yield from ((panel.title, table) for panel, table in filled["facets"])
    yield from ((f"All measurements: {name}", table) for name, table in filled["measured"])
    if filled["settings"]:
        yield "Shift and blindness", filled["settings"][1]
    yield from (("Distillation", table) for table in filled["distillation"] or ())
    yield from (("Choosing among chains", one.table) for one in filled["choices"] or ())
    if filled["stages"]:
        yield "Stages", filled["stages"]


def figures_of(filled: Mapping[str, Any]) -> list[tuple[str, Panel]]:
    """The figures of a page, each under a name that a file may have."""
    found = [("headline", panel) for panel in filled["headline"]]
    found += [("facet", panel) for panel, _ in filled["facets"]]
    found += [("settings", filled["settings"][0])] if filled["settings"] else []
    found += [("sampling", one[1]) for one in filled["sampling"]]
    found += [(run.name, panel) for run in filled["training"] or () for panel in run.panels]
    found += [("choices", one.panel) for one in filled["choices"] or ()]
    names: dict[str, Panel] = {}
    for section, panel in found:
        name = re.sub(r"[^a-z0-9]+", "-", f"{section} {panel.title}".lower()).strip("-")
        number = next(n for n in range(1, len(found) + 2) if (f"{name}-{n}" if n > 1 else name) not in names)
        names[f"{name}-{number}" if number > 1 else name] = panel
    return list(names.items())


def plain_cell(value: object) -> object:
    """A cell of a CSV file: before a text that a spreadsheet would compute as a formula there is an apostrophe.

    Example:
        >>> plain_cell("=1+1"), plain_cell("dpo"), plain_cell(-0.5)
        ("'=1+1", 'dpo', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def write_figures(folder: Path, report: ReportInput) -> list[Path]:
    """Write each figure as an SVG that stands alone, light and dark, and its numbers as CSV under the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    style = COLOURS.read_text(encoding="utf-8") + f":root {{ --sans: {FONT}; background: var(--paper); }}"
    written: list[Path] = []
    for name, panel in figures_of(fill(report)):
        head, _, body = str(panel.drawing).partition(">")
        drawing = f"{head.replace('<svg', SVG, 1)}><style>{style}</style>{body}"
        write_text_atomically(folder / f"{name}.svg", drawing)
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows([plain_cell(cell) for cell in row] for row in panel.numbers)
        write_text_atomically(folder / f"{name}.csv", lines.getvalue())
        written += [folder / f"{name}.svg", folder / f"{name}.csv"]
    return written

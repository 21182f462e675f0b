"""`seewhy report RUN`: the report of a run, as one page, with its figures as files, as Markdown and as PDF."""

import json
from collections.abc import Sequence
from pathlib import Path

from seewhy.cli.options import require_places, shows_help, take_flag, take_one
from seewhy.runs.changes import readable_steps, sections_of
from seewhy.runs.open import open_run
from seewhy.stages.report import write_beside

USAGE = """usage: seewhy report RUN [--out DIR] [--md] [--pdf] [--json]

The report of a run's finished steps: index.html, which needs nothing beside it, summary.json, and figures/ with each
figure as SVG and its numbers as CSV.

  --out DIR  where to; RUN/report is the default
  --md       report.md too
  --pdf      report.pdf too, printed by the Chromium of this machine
  --json     print the places of the files as one JSON object"""


def run(words: Sequence[str]) -> int:
    """Write the files, and print the places of those that people read."""
    if shows_help(words, USAGE):
        return 0
    md, rest = take_flag(words, "--md")
    pdf, rest = take_flag(rest, "--pdf")
    out, rest = take_one(rest, "--out")
    as_json, rest = take_flag(rest, "--json")
    require_places(rest, "report", "a run")
    opened = open_run(Path(rest[0]))
    sections = sections_of(opened, readable_steps(opened))
    if not sections:
        raise ValueError(f"{rest[0]}: no finished step of this run has anything to report: `seewhy status {rest[0]}`")
    written = write_beside(opened, Path(out) if out else opened.root / "report", sections, md=md, pdf=pdf)
    print(json.dumps({"files": list(map(str, written))}) if as_json else "\n".join(map(str, written)))
    return 0

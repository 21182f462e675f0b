"""`seewhy data`: a published data set's own files become questions, or are searched for what is wrong with them."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from seewhy.benchmarks.lines.writing import line_of
from seewhy.benchmarks.release.reading import Benchmark, read_questions, release_of
from seewhy.cli.data_convert import convert_words, pull_words, stats_words
from seewhy.cli.parsing import parsed
from seewhy.grading.inspection import Finding, inspect
from seewhy.records.files import write_text_atomically
from seewhy.records.shards import write_shard
from seewhy.records.types import Question, Split
from seewhy.runs.discovery import call_part, find_module, kind_names, names_in

SHOWN = 10
"""Findings of a kind that the table tells; `--json` tells all."""
PER_SHARD = 500
ALL = sys.maxsize
USAGE = """usage: seewhy data COMMAND ...

  seewhy data import NAME --root DIR --split S [--out FILE.jsonl]
      read a split of a published data set, check every row, and write its questions.
  seewhy data check NAME --root DIR [--json]
      look for broken rows, unreadable pictures, golds that fail their own rule, duplicates, and leaks between splits.
  seewhy data list [--json]
      the data sets, one a line: {names}
  seewhy data convert IN OUT --to FORMAT [--from FORMAT] [--pictures DIR] [--skip-bad]
      write rows of one format in another; formats are {formats}.
  seewhy data stats IN [--json]
      count what is in rows of any format, and what is wrong with them.
  seewhy data push DIR REPO [--public] [--license L] | seewhy data pull REPO OUT
      send rows to the Hub with a card, or fetch them.

  `seewhy data import NAME --help` and the like list every option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWords:
    """Read a split of a published data set, check every row, and write its questions."""

    root: Path
    """Folder of the release, or one of its files."""
    split: Split
    """Part of the data set, by seewhy's name: docs/benchmarks.md tells which of the release's that is."""
    out: Path | None = None
    """A file, `NAME.jsonl`, or a folder for Parquet. Pictures inside tables are written beside it, in `images`."""
    count: int = ALL
    """Questions at most, from the first."""
    json: bool = False
    """Print one JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckWords:
    """Look for broken rows, unreadable pictures, golds that fail their own rule, duplicates, and leaks between splits.

    The exit status is 1 where something is found.
    """

    root: Path
    """Folder of the release, or one of its files."""
    split: tuple[Split, ...] = ()
    """Splits to look at; all that are there, if none is named."""
    json: bool = False
    """Tell everything as JSON."""


def run(words: Sequence[str]) -> None:
    """One of the commands; the usage where none is given.

    Raises:
        ValueError: there is no such command or benchmark, or the rows are not as they must be.
        SystemExit: `check` found something: status 1.
    """
    match list(words):
        case ["import", name, *rest] if not name.startswith("-"):
            said = parsed(ImportWords, rest, f"seewhy data import {name}")
            _import(name, said)
        case ["check", name, *rest] if not name.startswith("-"):
            said = parsed(CheckWords, rest, f"seewhy data check {name}")
            if _check(name, said):
                raise SystemExit(1)
        case ["convert", place, out, *rest] if not (place.startswith("-") or out.startswith("-")):
            convert_words(place, out, rest)
        case ["stats", place, *rest] if not place.startswith("-"):
            if stats_words(place, rest):
                raise SystemExit(1)
        case ["push", place, repo, *rest] if not (place.startswith("-") or repo.startswith("-")):
            call_part("cli", "push", "run", [place, repo, *rest], "seewhy data push")
        case ["pull", repo, out, *rest] if not (repo.startswith("-") or out.startswith("-")):
            pull_words(repo, out, rest)
        case ["list"]:
            print("\n".join(_known()))
        case ["list", "--json"]:
            print(json.dumps(_known()))
        case [] | ["-h" | "--help", *_]:
            print(_usage())
        case ["convert", "-h" | "--help", *_]:
            convert_words("IN", "OUT", ["--help"])
        case ["stats", "-h" | "--help", *_]:
            stats_words("IN", ["--help"])
        case ["push", "-h" | "--help", *_]:
            call_part("cli", "push", "run", ["--help"], "seewhy data push")
        case ["pull", "-h" | "--help", *_]:
            pull_words("REPO", "OUT", ["--help"])
        case ["import" | "check" | "list", "-h" | "--help", *_]:
            print(_usage())
        case _:
            known = ", ".join(_known())
            raise ValueError("about data there are `seewhy data import NAME --root DIR --split S`, `seewhy data check "
                             "NAME --root DIR`, `seewhy data list`, `seewhy data convert IN OUT --to FORMAT`, "
                             f"`stats IN`, `push DIR REPO` and `pull REPO OUT`; NAME is one of {known}")  # fmt: skip


def _usage() -> str:
    return USAGE.format(names=", ".join(_known()), formats=", ".join(kind_names("formats")))


def _known() -> list[str]:
    return [name for name in names_in("benchmarks") if name != "inkgrid"]


def _reader(name: str) -> Benchmark:
    module = find_module("benchmarks", name)
    if "files" not in vars(module):
        raise ValueError(f"{name} draws its own questions and reads no files")
    return cast(Benchmark, module)


def _import(name: str, said: ImportWords) -> None:
    benchmark = _reader(name)
    out = said.out or Path(f"{name}-{said.split.value}.jsonl")
    if out.suffix not in ("", ".jsonl"):
        raise ValueError(f"--out {out}: give a file that ends in .jsonl, or a folder for Parquet")
    folder = out.parent if out.suffix else out
    questions = read_questions(benchmark, said.root, said.split, said.count, folder)
    if out.suffix == ".jsonl":
        write_text_atomically(out, "".join(line_of(question, folder) for question in questions))
    else:
        for number, start in enumerate(range(0, len(questions), PER_SHARD)):
            write_shard(out, number, questions[start : start + PER_SHARD], Question)
    if said.json:
        print(json.dumps({"name": name, "split": said.split.value, "questions": len(questions), "out": str(out)}))
        return
    pictures = len({image.sha256 for question in questions for image in question.images})
    use = f"; read them with --questions.benchmark jsonl --questions.source {out}" if out.suffix else ""
    print(f"{name}: {len(questions):,} questions of {said.split.value} with {pictures:,} pictures in {out}{use}")


def _check(name: str, said: CheckWords) -> bool:
    """Whether anything is found."""
    benchmark = _reader(name)
    report = inspect(benchmark, release_of(benchmark), said.root, said.split)
    if said.json:
        print(json.dumps(report.as_json(name), indent=1, ensure_ascii=False))
    else:
        _show(report.counts, report.ungraded, report.findings)
    return bool(report.findings)


def _show(counts: Mapping[Split, int], ungraded: int, findings: Sequence[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    counted = ", ".join(f"{count:,} of {split.value}" for split, count in counts.items())
    console.print(f"questions: {counted}; {ungraded:,} without a gold answer that a rule could grade")
    if not findings:
        console.print("nothing found")
        return
    for kind in dict.fromkeys(finding.kind for finding in findings):
        mine = [finding for finding in findings if finding.kind == kind]
        console.print(_table(kind, mine))
        if len(mine) > SHOWN:
            console.print(f"... and {len(mine) - SHOWN:,} more; --json tells all")


def _table(kind: str, findings: Iterable[Finding]) -> Table:
    rows = list(findings)
    table = Table(title=f"{kind}: {len(rows):,}", title_justify="left")
    table.add_column("where", overflow="fold")
    table.add_column("what", overflow="fold")
    for finding in rows[:SHOWN]:
        table.add_row(finding.where, finding.what)
    return table

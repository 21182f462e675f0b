"""`seewhy grade`: the scorecard of anyone's predictions file."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seewhy.cli.naming import naming_options
from seewhy.cli.parsing import parsed
from seewhy.cli.server import ServerWords
from seewhy.evaluation.suites import suite_of
from seewhy.evaluation.tables import Table
from seewhy.grading.card import print_card
from seewhy.grading.figures import Graded, card_json
from seewhy.grading.graded import Conditions, grade
from seewhy.grading.inputs import holds_pairs, open_table, questions_of_file, questions_of_table, stem_of
from seewhy.grading.judges import OpenJudge, judge_for
from seewhy.grading.names import require_benchmark
from seewhy.grading.replies import Reading, join
from seewhy.grading.suite_files import require_suites
from seewhy.judging.api import Judge
from seewhy.records.types import Split, Style
from seewhy.runs.discovery import load_part, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeWords:
    """Which model rates replies to open questions; none where no server is named."""

    server: Annotated[ServerWords, tyro.conf.arg(name="")] = field(default_factory=ServerWords)
    blind: bool = False
    """Rate without pictures, by the reference alone, as MM-Vet and MMHal-Bench do."""
    replies: Path | None = None
    """File of replies that a judge model gave already, id and text a row; nothing is asked."""

    def chosen(self) -> OpenJudge:
        """Who rates; ValueError where a server is named in half, or beside recorded replies."""
        return OpenJudge(server=self.server.endpoint("judge"), dollars=self.server.dollars, blind=self.blind,
                         replies=self.replies)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeWords:
    """Grade a file of predictions and print its scorecard."""

    predictions: tyro.conf.Positional[tuple[Path, ...]]
    """The file: .jsonl, .json, .csv, .tsv (.gz after these) or .xlsx. Several are several samples of one model."""
    questions: Path | None = None
    """Questions file (docs/your-questions.md)."""
    benchmark: str = ""
    """Name of a benchmark, read from --root; without it only the name, for --compat."""
    root: Path | None = None
    """Directory of the benchmark's release."""
    split: str = ""
    """Split of the questions: train, validation, test or shifted."""
    rule: str = ""
    """How answers are compared, where the file holds its own questions: letter, yes_no, exact and so on; or several,
    such as letter,math: letter for questions with options, math for the others."""
    options: int = 0
    """How many letters each question has, where the file holds questions whose options are in their text."""
    facets: Annotated[str, tyro.conf.arg(metavar="A,B")] = ""
    """Fields to break the file's own questions down by, commas between."""
    id_field: str = ""
    """Field that names a row's question; a dotted name goes into objects."""
    text_field: str = ""
    """Field that holds the reply."""
    rows_at: str = ""
    """Part of a .json file that holds the rows."""
    in_order: bool = False
    """The rows have no ids and stand in the order of the questions."""
    repeats: bool = False
    """Several rows of one id are samples of one model: their mean, pass@k and majority of k."""
    missing: str = ""
    """What a question without a reply is: wrong (NO_ANSWER) or leave-out. Without this it is an error."""
    style: str = "direct"
    """What the model was asked for: direct (a short reply is its own answer) or reason (it must state one)."""
    compat: str = ""
    """Suite whose published numbers are to be matched, such as vlmevalkit, lmms-eval, internvl or official."""
    compare: Path | None = None
    """Another file of predictions, compared question by question."""
    model: str = ""
    """Name on the scorecard; the file's own is taken where there is none."""
    out: Path | None = None
    """Directory for the verdicts, row by row, and scorecard.json."""
    also: Annotated[str, tyro.conf.arg(metavar="SUITE,SUITE")] = ""
    """Write the results in these suites' forms too, into --out: lmms-eval, vlmevalkit."""
    json: bool = False
    """Print the scorecard as JSON."""
    judge: JudgeWords = field(default_factory=JudgeWords)
    """The model that rates open questions."""


@naming_options()
def run(rest: Sequence[str]) -> None:
    """Grade what the words name and print the scorecard."""
    words = parsed(GradeWords, rest, "seewhy grade")
    reading = _check(words)
    suites = require_suites([name.strip() for name in words.also.split(",") if name.strip()], "`also`")
    tables = [open_table(path, words.rows_at) for path in words.predictions]
    if holds_pairs(tables[0]):
        print(load_part("grading", "open_judges").pairs_card(tables[0], words.judge.chosen(), as_json=words.json))
        return
    with judge_for(words.compat, words.judge.chosen(), words.benchmark) as (judge, at_once):
        graded = _grade(words, tables, reading, judge, at_once)
    if words.out is not None:
        load_part("grading", "written").write_rows(words.out, graded, suites)
    if words.json:
        print(card_json(graded))
    else:
        print_card(graded, Console() if sys.stdout.isatty() else Console(width=160))


def _check(words: GradeWords) -> Reading:
    """How files are read; an error for words that contradict each other, before anything is read."""
    if not words.predictions:
        raise ValueError("`seewhy grade` needs a file of predictions, such as `seewhy grade replies.jsonl --questions "
                         "questions.jsonl`; `seewhy grade --help` lists every option")  # fmt: skip
    if words.root and words.questions:
        raise ValueError("--root (of --benchmark) and --questions are two sources of questions; choose one")
    if words.benchmark and not words.root and "." not in words.benchmark:
        require_benchmark(words.benchmark)
    if words.also and words.out is None:
        raise ValueError("--also writes files: name their directory with --out")
    for option, value, known in (("--split", words.split, Split), ("--style", words.style, Style)):
        names = [one.value for one in known]
        if value and value not in names:
            raise ValueError(f"{option} {value!r}{nearest(value, names)}")
    if (words.questions or words.root) and (words.rule or words.options or words.facets):
        raise ValueError("--rule, --options and --facets are for a file that holds its own questions; leave them out")
    if words.compare and (words.repeats or len(words.predictions) > 1):
        raise ValueError("--compare takes one reply a question on each side; leave --repeats and further files out")
    return Reading(id_field=words.id_field, text_field=words.text_field, rows_at=words.rows_at,
                   in_order=words.in_order, repeats=words.repeats, missing=words.missing)  # fmt: skip


def _grade(words: GradeWords, tables: Sequence[Table], reading: Reading, judge: Judge, at_once: int) -> Graded:
    split = Split(words.split) if words.split else None
    if words.questions is not None:
        shown = words.judge.chosen().sees_pictures
        asked = questions_of_file(words.questions, split, benchmark=words.benchmark, are_shown=shown)
    elif words.benchmark and (words.root or suite_of(tables[0]) is None):
        asked = load_part("grading", "release_inputs").questions_of_benchmark(words.benchmark, words.root, split)
    else:
        asked = questions_of_table(tables[0], words.rule, [name for name in words.facets.split(",") if name],
                                   words.options, benchmark=words.benchmark)  # fmt: skip
    joined = [join(table, asked, reading) for table in tables]
    others = [join(open_table(words.compare, words.rows_at), asked, reading)] if words.compare else []
    under = Conditions(model=words.model or stem_of(words.predictions[0]), style=Style(words.style),
                       compat=words.compat, missing=reading.missing)  # fmt: skip
    return grade(asked, joined, others, judge, at_once, under)

"""`seewhy grade`: the scorecard of anyone's predictions file."""

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seewhy.cli.grade.card import print_card
from seewhy.cli.grade.figures import Graded, card_json
from seewhy.cli.grade.inputs import (
    Asked,
    open_table,
    questions_of_benchmark,
    questions_of_file,
    questions_of_table,
    stem_of,
)
from seewhy.cli.grade.judge import JudgeWords, judging, rate_file
from seewhy.cli.grade.names import require_benchmark, require_compat
from seewhy.cli.grade.pairs import holds_pairs, pair_json, pair_lines
from seewhy.cli.grade.replies import Joined, Reading, join
from seewhy.cli.grade.rows import gold_text, read_also, write_rows
from seewhy.evaluation.polar import NO, YES, PolarRow, polar_scores
from seewhy.evaluation.repeats import summarise_repeats
from seewhy.evaluation.scorecard import scorecard_of
from seewhy.evaluation.suites import suite_of
from seewhy.evaluation.tables import Table
from seewhy.judging.answers.decoration import normalise
from seewhy.judging.api import Judge, judge_chains
from seewhy.records.measures import Comparison, PolarScore
from seewhy.records.types import Chain, FinishReason, MatchRule, Outcome, Question, Split, Style, Verdict
from seewhy.runs.discovery import load_part, nearest

POLAR = (YES, NO)


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


def run(rest: Sequence[str]) -> None:
    """Grade what the words name and print the scorecard."""
    words = tyro.cli(GradeWords, args=rest, prog="seewhy grade")
    reading = _check(words)
    suites = read_also(words.also)
    tables = [open_table(path, words.rows_at) for path in words.predictions]
    if holds_pairs(tables[0]):
        rate, source = rate_file(tables[0], words.judge), str(tables[0].path)
        print(pair_json(rate, source) if words.json else "\n".join(pair_lines(rate, source)))
        return
    with judging(words.compat, words.judge, words.benchmark) as (judge, at_once):
        graded = _grade(words, tables, reading, judge, at_once)
    if words.out is not None:
        write_rows(words.out, graded, suites)
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
        asked = questions_of_file(words.questions, split, benchmark=words.benchmark, are_shown=words.judge.sees)
    elif words.benchmark and (words.root or suite_of(tables[0]) is None):
        asked = questions_of_benchmark(words.benchmark, words.root, split)
    else:
        asked = questions_of_table(tables[0], words.rule, [name for name in words.facets.split(",") if name],
                                   words.options, benchmark=words.benchmark)  # fmt: skip
    require_compat(words.compat, asked.questions)
    joined = [join(table, asked, reading) for table in tables]
    others = [join(open_table(words.compare, words.rows_at), asked, reading)] if words.compare else []
    left = {name for one in [*joined, *others] for name in one.missing} if reading.missing == "leave-out" else set()
    questions = tuple(question for question in asked.questions if question.id not in left)
    model, style = words.model or stem_of(words.predictions[0]), Style(words.style)
    chains = chains_of(joined, model, style, left)
    verdicts = verdicts_of(judge, questions, chains, joined, style, at_once)
    _require_judged(verdicts, questions)
    repeated, clusters = max(verdict.index for verdict in verdicts) > 0, asked.clusters
    return Graded(
        model=model, asked=asked, questions=questions, chains=chains, verdicts=verdicts, joined=tuple(joined),
        compat=words.compat, missing=reading.missing, style=style,
        card=None if repeated else scorecard_of(questions, verdicts, model=model, clusters=clusters),
        repeats=summarise_repeats(
            verdicts, normalise=normalise, clusters=clusters, facets={one.id: one.facets for one in questions}
        ) if repeated else None,
        polar=() if repeated else polar_of(questions, verdicts, asked),
        comparison=_compare(judge, asked, questions, verdicts, others, style, left) if others else None,
    )  # fmt: skip


def chains_of(joined: Sequence[Joined], sampler: str, style: Style, left: set[str]) -> tuple[Chain, ...]:
    """The replies as chains; those of a later file count on from where the earlier one's end."""
    return tuple(
        Chain(question_id=row.question_id, index=first + row.index, style=style, text=row.text, stop=FinishReason.END,
              sampler=sampler, seed=first + row.index)
        for one, first in zip(joined, _firsts(joined), strict=True)
        for row in one.replies if row.question_id not in left
    )  # fmt: skip


def verdicts_of(
    judge: Judge, questions: Sequence[Question], chains: Sequence[Chain], joined: Sequence[Joined], style: Style,
    at_once: int = 1,
) -> tuple[Verdict, ...]:  # fmt: skip
    """A verdict of each chain, and NO_ANSWER for each reply that is not there."""
    verdicts = list(judge_chains(judge, questions, chains, at_once))
    asked = {question.id for question in questions}
    for one, first in zip(joined, _firsts(joined), strict=True):
        verdicts += [
            Verdict(question_id=name, index=first + sample, style=style, judge=judge.name,
                    outcome=Outcome.NO_ANSWER, why="no reply in the file")
            for name in one.missing if name in asked for sample in range(_samples(one))
        ]  # fmt: skip
    return tuple(verdicts)


def _samples(one: Joined) -> int:
    return max(row.index for row in one.replies) + 1


def _firsts(joined: Sequence[Joined]) -> list[int]:
    """The number of each file's first sample."""
    return [0, *itertools.accumulate(_samples(one) for one in joined[:-1])]


def polar_of(questions: Sequence[Question], verdicts: Sequence[Verdict], asked: Asked) -> tuple[PolarScore, ...]:
    """F1 and its kin where every question is answered by yes or no; without those that are UNJUDGED or have no gold."""
    if any(question.gold.rule is not MatchRule.YES_NO for question in questions):
        return ()
    by_id = {question.id: question for question in questions}
    rows = [
        PolarRow(question_id=verdict.question_id, gold=normalise(gold_text(by_id[verdict.question_id])),
                 said=verdict.answer if verdict.answer in POLAR else None, facets=by_id[verdict.question_id].facets)
        for verdict in verdicts if verdict.outcome is not Outcome.UNJUDGED
    ]  # fmt: skip
    known = [row for row in rows if row.gold in POLAR]
    return polar_scores(known, clusters=asked.clusters) if known else ()


def _require_judged(verdicts: Sequence[Verdict], questions: Sequence[Question]) -> None:
    unjudged = [verdict for verdict in verdicts if verdict.outcome is Outcome.UNJUDGED]
    if len(unjudged) < len(verdicts):
        return
    is_open = all(question.gold.rule is MatchRule.OPEN for question in questions)
    remedy = "; a model can rate open questions: name it with --judge.url and --judge.model" if is_open else ""
    raise ValueError(f"all {len(verdicts)} replies are UNJUDGED, and none is graded: {unjudged[0].why}{remedy}")


def _compare(
    judge: Judge, asked: Asked, questions: Sequence[Question], verdicts: Sequence[Verdict],
    others: Sequence[Joined], style: Style, left: set[str],
) -> tuple[str, Comparison]:  # fmt: skip
    """The other file's name, and what changed from it to this one."""
    chains = chains_of(others, others[0].path.stem, style, left)
    before = verdicts_of(judge, questions, chains, others, style)
    compare = load_part("evaluation", "compare").paired_difference
    return others[0].path.stem, compare(before, verdicts, clusters=asked.clusters)

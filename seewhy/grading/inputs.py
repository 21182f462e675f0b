"""The questions of `seewhy grade`: of a questions file, or of the result file itself."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from seewhy.benchmarks.lines.fields import names_text, numbered_rows, pictures_of, question_of
from seewhy.benchmarks.lines.turns import unfold
from seewhy.benchmarks.release.metrics import Metric
from seewhy.evaluation.pictures import shared_pictures
from seewhy.evaluation.suites import carried_questions, suite_of
from seewhy.evaluation.tables import Sheet, Table, read_table, suffix_of
from seewhy.grading.names import benchmark_of
from seewhy.records.files import hash_file
from seewhy.records.foreign import require_file, require_text
from seewhy.records.types import ImageRef, MatchRule, Question, Split
from seewhy.runs.discovery import load_part, nearest

LINES = ".jsonl"
PAIR_FIELDS = frozenset(("response", "human_ranking"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The questions that replies are graded by."""

    questions: tuple[Question, ...]
    clusters: Mapping[str, str] | None
    """Question id to its picture; None where no two questions share one."""
    source: str
    """Where they come from, as the user named it."""
    metric: Metric = Metric.ACCURACY
    """What the benchmark's paper reports."""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Other names of questions, such as a picture's, to the ids that they may stand for."""


def open_table(path: Path, rows_at: str = "") -> Table:
    """The rows of a file; openpyxl is loaded for XLSX alone."""
    sheet = cast(Sheet, load_part("evaluation", "sheets").read_sheet) if suffix_of(path) == ".xlsx" else None
    return read_table(path, rows_at=rows_at, sheet=sheet)


def holds_pairs(table: Table) -> bool:
    """Whether a file is of VL-RewardBench's form."""
    return PAIR_FIELDS.issubset(table.fields)


def questions_of_file(path: Path, split: Split | None, *, benchmark: str = "", are_shown: bool = False) -> Asked:
    """The questions of a file as in docs/your-questions.md; `split` may be left out, and so may the benchmark's name.

    Pictures are not opened, unless they are to be shown to a judge.

    Raises:
        ValueError: a row is not as it must be, an id stands there twice, or the file has several splits or not this; a
            picture that is to be shown is not there.
    """
    require_file(path, "`questions`")
    lines = list(_own_rows(path))
    by_letter = not any(names_text(fields) for _, fields in lines)
    rows: dict[str, tuple[Question, tuple[str, ...]]] = {}
    for place, fields in lines:
        try:
            given = None if fields.get("split") is not None else split or Split.TEST
            question = question_of(fields, given, by_letter=by_letter)
            pictures = pictures_of(fields)
            images = tuple(_picture(path.parent / name) for name in pictures) if are_shown else ()
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
        if question.id in rows:
            raise ValueError(f"{place}: field 'id': {question.id!r} is there twice; keep one")
        rows[question.id] = replace(question, benchmark=benchmark or path.stem, images=images), pictures
    asked = _of_split([question for question, _ in rows.values()], split, str(path))
    pictures = {question.id: "\n".join(rows[question.id][1]) for question in asked}
    return Asked(questions=asked, clusters=shared_pictures(pictures), source=str(path))


def _own_rows(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The rows of a file of questions, in any of its formats, with their places; pyarrow is loaded for tables alone."""
    if path.suffix == LINES:
        for place, fields in placed_rows(path):
            try:
                yield place, unfold(fields)
            except ValueError as error:
                raise ValueError(f"{place}: {error}") from error
        return
    part = load_part("benchmarks", "release.own_files")
    for line in part.numbered(part.OwnFiles(path).lines()):
        if line.fault:
            raise ValueError(f"{path}:{line.place[1]}: {line.fault}")
        yield f"{path}:{line.place[1]}", line.fields


def placed_rows(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows of a JSON Lines file, each with its place; ValueError at one that is no object."""
    require_text(path)
    for number, found in numbered_rows(path):
        if isinstance(found, str):
            raise ValueError(f"{path}:{number}: {found}")
        yield f"{path}:{number}", found


def _picture(path: Path) -> ImageRef:
    if not path.is_file():
        raise ValueError(f"picture {path} is not there, and the judge is to see it; bring it, or say `judge.blind`")
    return ImageRef(sha256=hash_file(path), path=str(path))


def questions_of_table(table: Table, rule: str, facets: Sequence[str], letters: int, *, benchmark: str = "") -> Asked:
    """The questions that a suite's result file holds itself; `rule` is one, or several with commas between."""
    suite = suite_of(table)
    if suite is None:
        raise ValueError(
            f"{table.path} holds no questions: name them with `questions` FILE or `benchmark` NAME `root` DIR "
            "`split` S. (The result files of lmms-eval and VLMEvalKit, which hold their own, have the fields "
            "doc_id, doc, target, filtered_resps, and index, question, answer, prediction.)"
        )
    names = [one.value for one in MatchRule]
    said = [one.strip() for one in rule.split(",")]
    unknown = [one for one in said if one not in names]
    if unknown:
        hint = nearest(unknown[0], names) if rule else f"; say how answers are compared, one of {', '.join(names)}"
        raise ValueError(f"`rule` {unknown[0]!r} and no `questions` or `benchmark`{hint}")
    found = carried_questions(
        table, suite, [MatchRule(one) for one in said], facets=facets, letters=letters,
        benchmark=benchmark or benchmark_of(stem_of(table.path)),
    )  # fmt: skip
    return Asked(questions=found.questions, clusters=shared_pictures(found.pictures or {}), source=str(table.path))


def stem_of(path: Path) -> str:
    """The name of a file without the suffixes of its form."""
    return path.name.removesuffix(".gz").removesuffix(suffix_of(path))


def _of_split(questions: Sequence[Question], split: Split | None, source: str) -> tuple[Question, ...]:
    counts = Counter(question.split for question in questions)
    there = ", ".join(f"{count} of {name.value}" for name, count in counts.items()) or "none at all"
    if split is None and len(counts) == 1:
        return tuple(questions)
    if split is None or not counts[split]:
        wanted = "choose one with `split`" if split is None else f"none is of `split` {split.value}"
        raise ValueError(f"{source} has questions of these splits: {there}; {wanted}")
    return tuple(question for question in questions if question.split is split)

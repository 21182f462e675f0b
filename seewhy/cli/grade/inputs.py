"""What `seewhy grade` reads: the questions, and a file's replies joined to them by id; what is left out is counted."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from seewhy.benchmarks.lines.fields import fields_of, pictures_of, question_of
from seewhy.benchmarks.release.declared import Metric, Release
from seewhy.cli.find import find_module, load_part, nearest
from seewhy.evaluation.intervals import name_ids
from seewhy.evaluation.pictures import picture_clusters, shared_pictures
from seewhy.evaluation.predictions import Prediction, find_columns, read_predictions
from seewhy.evaluation.suites import carried_questions, columns_of, suite_of
from seewhy.evaluation.tables import Sheet, Table, read_table
from seewhy.records.files import hash_file
from seewhy.records.types import ImageRef, MatchRule, Question, Split

MISSING = ("wrong", "leave-out")


class Loads(Protocol):
    """A file of `seewhy/benchmarks` that reads a directory."""

    def load(self, root: Path, split: Split, *, count: int) -> Iterator[Question]:
        """At most `count` questions of a split."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a predictions file is read."""

    id_field: str = ""
    text_field: str = ""
    rows_at: str = ""
    in_order: bool = False
    repeats: bool = False
    missing: str = ""

    def __post_init__(self) -> None:
        if self.missing not in ("", *MISSING):
            raise ValueError(f"--missing {self.missing!r}{nearest(self.missing, MISSING)}")
        if self.in_order and self.id_field:
            raise ValueError("--in-order and --id-field are two ways to find a row's question; choose one")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The replies of one file to the questions, and who has no partner."""

    path: Path
    replies: tuple[Prediction, ...]
    unasked: tuple[str, ...]
    """Ids of rows that name no question; they are not graded."""
    missing: tuple[str, ...]
    """Ids of questions without a reply."""


def open_table(path: Path, rows_at: str = "") -> Table:
    """The rows of a file; openpyxl is loaded for XLSX alone."""
    sheet = cast(Sheet, load_part("evaluation", "sheets").read_sheet) if path.suffix.lower() == ".xlsx" else None
    return read_table(path, rows_at=rows_at, sheet=sheet)


def questions_of_file(path: Path, split: Split | None, *, are_shown: bool = False) -> Asked:
    """The questions of a file as in docs/your-questions.md; `split` may be left out.

    Pictures are not opened, unless they are to be shown to a judge.

    Raises:
        ValueError: a row is not as it must be, an id stands there twice, or the file has several splits or not this; a
            picture that is to be shown is not there.
    """
    if not path.is_file():
        raise ValueError(f"--questions {path}: no such file")
    rows: dict[str, tuple[Question, tuple[str, ...]]] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip(b"\xef\xbb\xbf \t\r"):
            continue
        try:
            fields = fields_of(line)
            question = question_of(fields, None if "split" in fields else split or Split.TEST)
            pictures = pictures_of(fields)
            images = tuple(_picture(path.parent / name) for name in pictures) if are_shown else ()
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from error
        if question.id in rows:
            raise ValueError(f"{path}:{number}: field 'id': {question.id!r} stands there twice")
        rows[question.id] = replace(question, benchmark=path.stem, images=images), pictures
    asked = _of_split([question for question, _ in rows.values()], split, str(path))
    pictures = {question.id: "\n".join(rows[question.id][1]) for question in asked}
    return Asked(questions=asked, clusters=shared_pictures(pictures), source=str(path))


def _picture(path: Path) -> ImageRef:
    if not path.is_file():
        raise ValueError(f"picture {path} is not there, and the judge is to see it; bring it, or say --judge.blind")
    return ImageRef(sha256=hash_file(path), path=str(path))


def questions_of_benchmark(name: str, root: Path | None, split: Split | None) -> Asked:
    """The questions of a benchmark's own release files."""
    if root is None or split is None:
        raise ValueError(f"--benchmark {name} needs --root, its directory, and --split, such as --split test")
    module = find_module("benchmarks", name)
    if "files" not in vars(module):
        raise ValueError(f"--benchmark {name} draws its questions and reads no directory; grade with --questions")
    questions = tuple(cast(Loads, module).load(root, split, count=sys.maxsize))
    if not questions:
        raise ValueError(f"--benchmark {name}: {root} has no question in its {split.value} split")
    return Asked(
        questions=questions, clusters=picture_clusters(questions), source=f"{name} in {root}", metric=metric_of(module)
    )


def metric_of(module: ModuleType) -> Metric:
    """What the paper of a benchmark reports: accuracy, where its file declares nothing else."""
    release = vars(module).get("RELEASE")
    return release.metric if isinstance(release, Release) else Metric.ACCURACY


def questions_of_table(table: Table, rule: str, facets: Sequence[str], letters: int) -> Asked:
    """The questions that a suite's result file holds itself."""
    suite = suite_of(table)
    if suite is None:
        raise ValueError(
            f"{table.path} holds no questions: name them with --questions FILE or --benchmark NAME --root DIR "
            "--split S. (The result files of lmms-eval and VLMEvalKit, which hold their own, have the fields "
            "doc_id, doc, target, filtered_resps, and index, question, answer, prediction.)"
        )
    names = [one.value for one in MatchRule]
    if rule not in names:
        hint = nearest(rule, names) if rule else f"; say how answers are compared, one of {', '.join(names)}"
        raise ValueError(f"--rule {rule!r} and no --questions or --benchmark{hint}")
    found = carried_questions(table, suite, MatchRule(rule), facets=facets, letters=letters)
    return Asked(questions=found.questions, clusters=shared_pictures(found.pictures or {}), source=str(table.path))


def join(table: Table, asked: Asked, reading: Reading) -> Joined:
    """The replies of a file by question id.

    A benchmark's question `name/split/7` is also known by its release id, `7`, where no row has the long one.

    Raises:
        ValueError: as `find_columns` and `read_predictions`; no row names a question; or questions have no reply and
            nothing says what they count as.
    """
    suite = suite_of(table)
    ids = [question.id for question in asked.questions]
    plain = suite is None or reading.in_order or bool(reading.id_field or reading.text_field)
    columns = (
        find_columns(table, id_field=reading.id_field, text_field=reading.text_field, in_order=reading.in_order)
        if plain or suite is None
        else columns_of(suite, table)
    )
    found = _by_long_id(read_predictions(table, columns, ids=ids, repeats=reading.repeats), asked.questions)
    known = set(ids)
    replies = tuple(row for row in found if row.question_id in known)
    unasked = tuple(dict.fromkeys(row.question_id for row in found if row.question_id not in known))
    if not replies:
        raise ValueError(f"{table.path}: none of its {len(unasked)} ids ({name_ids(unasked)}) is among the {len(ids)} "
                         f"questions of {asked.source} ({name_ids(ids)}); is it of another split, or --id-field of "
                         "another field?")  # fmt: skip
    answered = {row.question_id for row in replies}
    missing = tuple(name for name in ids if name not in answered)
    if missing and not reading.missing:
        raise ValueError(
            f"{table.path}: {len(missing)} of {len(ids)} questions have no reply: {name_ids(missing)}; say --missing "
            "wrong to count them as without an answer, or --missing leave-out to grade the others alone"
        )
    return Joined(path=table.path, replies=replies, unasked=unasked, missing=missing)


def _by_long_id(rows: Iterable[Prediction], questions: Sequence[Question]) -> list[Prediction]:
    """The rows with the ids of the questions, where each is known without its `benchmark/split/`."""
    found = list(rows)
    long = {question.id for question in questions}
    if any(row.question_id in long for row in found):
        return found
    names = {name.removeprefix(f"{one.benchmark}/{one.split.value}/"): name for one in questions for name in [one.id]}
    if len(names) < len(long):
        return found
    return [replace(row, question_id=names.get(row.question_id, row.question_id)) for row in found]


def _of_split(questions: Sequence[Question], split: Split | None, source: str) -> tuple[Question, ...]:
    counts = Counter(question.split for question in questions)
    there = ", ".join(f"{count} of {name.value}" for name, count in counts.items()) or "none at all"
    if split is None and len(counts) == 1:
        return tuple(questions)
    if split is None or not counts[split]:
        wanted = "choose one with --split" if split is None else f"none is of --split {split.value}"
        raise ValueError(f"{source} has questions of these splits: {there}; {wanted}")
    return tuple(question for question in questions if question.split is split)

"""The result files of lmms-eval and VLMEvalKit: known by their fields, with questions of their own, and written.

lmms-eval writes `*_samples_TASK.jsonl`, one row a question, whose `doc` is the data set's row. VLMEvalKit writes an
XLSX (or TSV, or JSON) of the data set's columns with a column `prediction`.
"""

import ast
import json
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seewhy.evaluation.predictions import Columns, find_value, id_text, is_empty
from seewhy.evaluation.tables import Table
from seewhy.records.types import Gold, MatchRule, Outcome, Question, Split, Verdict

LETTERS = string.ascii_uppercase
OPTION_FIELDS = ("options", "choices")
FACET_FIELDS = ("category", "l2_category", "l2-category", "type", "subject", "subfield", "topic", "level", "grade")
PICTURE_FIELDS = ("image_path", "image_source", "image_id", "imgname", "image_name", "img_id")
"""Fields that name a picture in the data sets of both suites; questions of one picture go together."""


class Suite(StrEnum):
    """Whose result files are read and written."""

    LMMS_EVAL = "lmms-eval"
    VLMEVALKIT = "vlmevalkit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Questions that a result file holds in addition to the replies, and the picture of each where it is named.

    Example:
        >>> Carried(questions=(), pictures=None).pictures is None
        True
    """

    questions: tuple[Question, ...]
    pictures: Mapping[str, str] | None


def suite_of(table: Table) -> Suite | None:
    """Whose form a table has, by the fields that every row of that form has; None for neither."""
    fields = set(table.fields)
    if {"doc_id", "target"} <= fields and fields & {"filtered_resps", "resps"}:
        return Suite.LMMS_EVAL
    if {"index", "question", "answer", "prediction"} <= fields:
        return Suite.VLMEVALKIT
    return None


def columns_of(suite: Suite, table: Table) -> Columns:
    """The fields of the id and the reply in a suite's form."""
    match suite:
        case Suite.LMMS_EVAL:
            return Columns(id="doc_id", text="filtered_resps" if "filtered_resps" in table.fields else "resps")
        case Suite.VLMEVALKIT:
            return Columns(id="index", text="prediction")


def carried_questions(
    table: Table, suite: Suite, rules: Sequence[MatchRule], *, facets: Sequence[str] = (), letters: int = 0,
    benchmark: str = "",
) -> Carried:  # fmt: skip
    """The questions of a result file, each once.

    Args:
        table: the rows.
        suite: whose form they have.
        rules: how answers are compared; of several LETTER is for rows with options, YES_NO for those whose gold is
            yes or no, and the last of the others for the rest.
        facets: fields to break down by; where there are none, those that are known to hold a kind of question.
        letters: how many options each question has, where their texts are in the question and in no field.
        benchmark: its name; where there is none, the file's.

    Raises:
        ValueError: a row has no question or gold answer, or LETTER is the rule and there are no options.
    """
    benchmark = benchmark or table.path.stem.partition("_samples_")[2] or table.path.stem
    found: dict[str, Question] = {}
    pictures: dict[str, str] = {}
    for row, place in zip(table.rows, table.places, strict=True):
        at = f"{table.path}, {place}"
        doc = _doc(row, suite)
        name = id_text(row.get("doc_id" if suite is Suite.LMMS_EVAL else "index"), f"{at}: the id")
        options = _options(doc, at) or tuple(LETTERS[:letters])
        golds = _golds(row, doc, suite, at)
        rule = _rule(rules, options, golds)
        if rule is MatchRule.LETTER and not options:
            raise ValueError(f"{at}: no options in fields A, B, C..., options or choices; say how many letters there "
                             "are, such as --options 4, or grade with --questions")  # fmt: skip
        found[name] = Question(
            id=name, benchmark=benchmark, split=Split.TEST, text=str(doc.get("question", "")), options=options,
            context="" if is_empty(doc.get("hint")) else str(doc["hint"]), facets=_facets(doc, facets),
            gold=Gold(answers=golds, rule=rule),
        )  # fmt: skip
        if picture := _named(doc, PICTURE_FIELDS):
            pictures[name] = picture
    return Carried(questions=tuple(found.values()), pictures=pictures if len(pictures) == len(found) else None)


def _rule(rules: Sequence[MatchRule], options: Sequence[str], golds: Sequence[str]) -> MatchRule:
    """The rule of one row."""
    if len(rules) == 1:
        return rules[0]
    if options and MatchRule.LETTER in rules:
        return MatchRule.LETTER
    if MatchRule.YES_NO in rules and all(gold.lower() in ("yes", "no") for gold in golds):
        return MatchRule.YES_NO
    others = [rule for rule in rules if rule not in (MatchRule.LETTER, MatchRule.YES_NO)]
    return (others or list(rules))[-1]


def lmms_eval_rows(
    questions: Sequence[Question],
    replies: Mapping[str, str],
    verdicts: Mapping[str, Verdict],
    target: Callable[[Question], str],
) -> list[Mapping[str, object]]:
    """Rows of lmms-eval's samples file, without its `arguments`; `doc_id` counts the questions.

    Args:
        questions: in order.
        replies: question id to the reply; a question without one is written with an empty one.
        verdicts: question id to the verdict, written as `seewhy_outcome` and, 1.0 or 0.0, `accuracy`.
        target: the gold answer as it is shown.
    """
    return [
        {
            "doc_id": number,
            "doc": {**question.facets, "id": question.id, "question": question.text, **_shown_options(question)},
            "target": target(question),
            "resps": [[replies.get(question.id, "")]],
            "filtered_resps": [replies.get(question.id, "")],
            "accuracy": float(verdicts[question.id].outcome is Outcome.CORRECT),
            "seewhy_outcome": verdicts[question.id].outcome.value,
        }
        for number, question in enumerate(questions)
    ]


def vlmevalkit_rows(
    questions: Sequence[Question],
    replies: Mapping[str, str],
    verdicts: Mapping[str, Verdict],
    target: Callable[[Question], str],
) -> list[Mapping[str, object]]:
    """Rows of VLMEvalKit's result sheet after its evaluation: `hit` is 1 or 0; arguments as in `lmms_eval_rows`."""
    return [
        {
            **dict.fromkeys(["index", "question"], ""),
            **question.facets,
            "index": question.id,
            "question": question.text,
            **({"hint": question.context} if question.context else {}),
            **dict(zip(LETTERS, question.options, strict=False)),
            "answer": target(question),
            "split": question.split.value,
            "prediction": replies.get(question.id, ""),
            "hit": int(verdicts[question.id].outcome is Outcome.CORRECT),
            "log": f"seewhy: {verdicts[question.id].outcome.value}; {verdicts[question.id].why}",
        }
        for question in questions
    ]


def _shown_options(question: Question) -> dict[str, object]:
    return {"options": list(question.options)} if question.options else {}


def _doc(row: Mapping[str, object], suite: Suite) -> Mapping[str, object]:
    doc = row.get("doc") if suite is Suite.LMMS_EVAL else row
    return {str(name): value for name, value in doc.items()} if isinstance(doc, Mapping) else {}


def _golds(row: Mapping[str, object], doc: Mapping[str, object], suite: Suite, place: str) -> tuple[str, ...]:
    """All gold answers: the annotators' list where there is one."""
    value = doc.get("answers") or row.get("target") if suite is Suite.LMMS_EVAL else row.get("answer")
    if value == "None" and suite is Suite.LMMS_EVAL:
        value = None
    if is_empty(value):
        raise ValueError(f"{place}: no gold answer; grade with --questions or --benchmark")
    values = _list(value)
    filled = [one for one in ([value] if values is None else values) if not is_empty(one)]
    return tuple(id_text(one, f"{place}: the gold answer") for one in filled)


def _list(value: object) -> list[object] | None:
    """A list, also where it is the text of a Python or JSON list; None for anything else."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        for read in (json.loads, ast.literal_eval):
            try:
                found: object = read(value)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
            return _list(found)
        return None
    return list(value) if isinstance(value, list) and value else None


def _options(doc: Mapping[str, object], place: str) -> tuple[str, ...]:
    by_letter = [doc.get(letter) for letter in LETTERS]
    filled = next((number for number, value in enumerate(by_letter) if is_empty(value)), len(LETTERS))
    if filled > 1:
        return tuple(id_text(value, f"{place}: an option") for value in by_letter[:filled])
    for field in OPTION_FIELDS:
        value = doc.get(field)
        if (texts := _list(find_value(value, "text") if isinstance(value, Mapping) else value)) is not None:
            return tuple(id_text(text, f"{place}: field {field!r}") for text in texts)
    return ()


def _facets(doc: Mapping[str, object], wanted: Sequence[str]) -> dict[str, str]:
    names = wanted or [name for name in FACET_FIELDS if name in doc]
    values = {name: find_value(doc, name) for name in names}
    return {name: str(value) for name, value in values.items() if isinstance(value, str | int) and value != ""}


def _named(doc: Mapping[str, object], fields: Sequence[str]) -> str:
    return next((str(doc[name]) for name in fields if not is_empty(doc.get(name))), "")

"""Results as files of other evaluation suites: lmms-eval's samples and VLMEvalKit's sheet."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from seewhy.evaluation.suites import Suite, lmms_eval_rows, vlmevalkit_rows
from seewhy.pairs.lessons import gold_reply, has_gold
from seewhy.records.files import write_bytes_atomically, write_text_atomically
from seewhy.records.types import Chain, Question, Verdict
from seewhy.runs.discovery import load_part, nearest


def require_suites(names: Sequence[str], option: str) -> tuple[Suite, ...]:
    """The suites of these names.

    Raises:
        ValueError: one is unknown, or openpyxl is not installed and VLMEvalKit's sheet is wanted.
    """
    known = [suite.value for suite in Suite]
    for name in names:
        if name not in known:
            raise ValueError(f"{option} {name!r}{nearest(name, known)}")
    if Suite.VLMEVALKIT in names:
        load_part("evaluation", "sheets")
    return tuple(dict.fromkeys(Suite(name) for name in names))


def write_suites(
    place: Path, suites: Sequence[Suite], questions: Sequence[Question], chains: Sequence[Chain],
    verdicts: Sequence[Verdict], *, model: str,
) -> list[Path]:  # fmt: skip
    """The first reply to each question and its verdict in the forms of these suites; the files that were written.

    `samples_BENCHMARK.jsonl` is lmms-eval's, `MODEL_BENCHMARK.xlsx` is VLMEvalKit's.
    """
    replies = {chain.question_id: chain.text for chain in chains if chain.index == 0}
    judged = {verdict.question_id: verdict for verdict in verdicts}
    benchmark, written = _file_name(questions[0].benchmark), list[Path]()
    for suite in suites:
        match suite:
            case Suite.LMMS_EVAL:
                rows = lmms_eval_rows(questions, replies, judged, gold_text)
                written.append(place / f"samples_{benchmark}.jsonl")
                write_text_atomically(written[-1], json_lines(rows))
            case Suite.VLMEVALKIT:
                payload: bytes = load_part("evaluation", "sheets").sheet_bytes(
                    vlmevalkit_rows(questions, replies, judged, gold_text)
                )
                written.append(place / f"{_file_name(model)}_{benchmark}.xlsx")
                write_bytes_atomically(written[-1], payload)
    return written


def gold_text(question: Question) -> str:
    """The gold answer as one text; empty for an open question without one."""
    return gold_reply(question) if has_gold(question) else ""


def json_lines(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in name)

"""What `seewhy grade --out DIR` writes: verdicts, one readable row a reply, the scorecard, and suites' own forms."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from seewhy.cli.grade.figures import Graded, card_data
from seewhy.evaluation.suites import Suite, lmms_eval_rows, vlmevalkit_rows
from seewhy.pairs.lessons import gold_reply, has_gold
from seewhy.records.files import hash_file, write_bytes_atomically, write_text_atomically
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, Question, Verdict
from seewhy.runs.discovery import load_part, nearest

CARD = "scorecard.json"


def read_also(words: str) -> tuple[Suite, ...]:
    """The suites of `--also lmms-eval,vlmevalkit`; errors as in `require_suites`."""
    return require_suites([name.strip() for name in words.split(",") if name.strip()], "--also")


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


def write_rows(place: Path, graded: Graded, suites: Sequence[Suite]) -> None:
    """`verdicts/`, `rows.jsonl`, `scorecard.json` and the suites' files.

    Raises:
        ValueError: the directory holds anything else than an earlier grading of the same files.
    """
    hashes = {str(one.path): hash_file(one.path) for one in graded.joined}
    _require_ours(place, hashes)
    write_shard(place / "verdicts", 0, graded.verdicts, Verdict)
    replies = {(chain.question_id, chain.index): chain.text for chain in graded.chains}
    questions = {question.id: question for question in graded.questions}
    rows = [_row(questions[verdict.question_id], verdict, replies) for verdict in graded.verdicts]
    write_text_atomically(place / "rows.jsonl", _json_lines(rows))
    if suites:
        firsts = [verdict for verdict in graded.verdicts if verdict.index == 0]
        write_suites(place, suites, graded.questions, graded.chains, firsts, model=graded.model)
    card = {**card_data(graded), "hashes": hashes}
    write_text_atomically(place / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def write_suites(
    place: Path, suites: Sequence[Suite], questions: Sequence[Question], chains: Sequence[Chain],
    verdicts: Sequence[Verdict], *, model: str,
) -> None:  # fmt: skip
    """The first reply to each question and its verdict in the forms of these suites.

    `samples_BENCHMARK.jsonl` is lmms-eval's, `MODEL_BENCHMARK.xlsx` is VLMEvalKit's.
    """
    replies = {chain.question_id: chain.text for chain in chains if chain.index == 0}
    judged = {verdict.question_id: verdict for verdict in verdicts}
    benchmark = _file_name(questions[0].benchmark)
    for suite in suites:
        match suite:
            case Suite.LMMS_EVAL:
                rows = lmms_eval_rows(questions, replies, judged, gold_text)
                write_text_atomically(place / f"samples_{benchmark}.jsonl", _json_lines(rows))
            case Suite.VLMEVALKIT:
                payload: bytes = load_part("evaluation", "sheets").sheet_bytes(
                    vlmevalkit_rows(questions, replies, judged, gold_text)
                )
                write_bytes_atomically(place / f"{_file_name(model)}_{benchmark}.xlsx", payload)


def gold_text(question: Question) -> str:
    """The gold answer as one text; empty for an open question without one."""
    return gold_reply(question) if has_gold(question) else ""


def _row(question: Question, verdict: Verdict, replies: Mapping[tuple[str, int], str]) -> dict[str, object]:
    return {
        "id": question.id,
        "index": verdict.index,
        "outcome": verdict.outcome.value,
        "score": verdict.score,
        "answer": verdict.answer,
        "gold": gold_text(question),
        "rule": verdict.rule,
        "why": verdict.why,
        "reply": replies.get((question.id, verdict.index)),
    }


def _json_lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in name)


def _require_ours(place: Path, hashes: Mapping[str, str]) -> None:
    """Nothing of anyone else is written over."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    card = place / CARD
    try:
        earlier: object = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"--out {place} is there and holds no earlier grading; choose another") from error
    if not isinstance(earlier, dict) or earlier.get("hashes") != hashes:
        raise ValueError(f"--out {place} holds the grading of other predictions; choose another")

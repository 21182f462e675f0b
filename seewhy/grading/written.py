"""A graded file in a folder: verdicts, one readable row a reply, the score card, and suites' own forms."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from seewhy.evaluation.suites import Suite
from seewhy.grading.figures import Graded, card_data
from seewhy.grading.suite_files import gold_text, json_lines, write_suites
from seewhy.records.files import hash_file, write_text_atomically
from seewhy.records.shards import write_shard
from seewhy.records.types import Question, Verdict

CARD = "scorecard.json"


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
    write_text_atomically(place / "rows.jsonl", json_lines(rows))
    if suites:
        firsts = [verdict for verdict in graded.verdicts if verdict.index == 0]
        write_suites(place, suites, graded.questions, graded.chains, firsts, model=graded.model)
    card = {**card_data(graded), "hashes": hashes}
    write_text_atomically(place / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


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


def _require_ours(place: Path, hashes: Mapping[str, str]) -> None:
    """Nothing of anyone else is written over."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    card = place / CARD
    try:
        earlier: object = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"`out` {place} is there and holds no earlier grading; choose another") from error
    if not isinstance(earlier, dict) or earlier.get("hashes") != hashes:
        raise ValueError(f"`out` {place} holds the grading of other predictions; choose another")

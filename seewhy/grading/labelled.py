"""Chains whose truth is known, on which a judge is measured: labelled by people, or drawn about inkgrid."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from seewhy.benchmarks import inkgrid
from seewhy.benchmarks.lines.fields import word_of
from seewhy.benchmarks.release.reading import Benchmark
from seewhy.evaluation.calibration import Key, key_of
from seewhy.grading.inputs import placed_rows
from seewhy.judging.api import GivesConfidence, Judge, judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.cells import mend_halves
from seewhy.records.foreign import require_file
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, FinishReason, Outcome, Question, Split, Style, Verdict
from seewhy.runs.discovery import find_module
from seewhy.testing.oracle import Oracle

HALF_WRONG = Oracle(error_rate=0.5, seed=1)
"""Who writes the chains about inkgrid: one in two goes wrong."""
SEEN = "-seen"
"""What the folder of chains ends with that is beside a person's verdicts from the viewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Chains with their questions and their truth."""

    questions: tuple[Question, ...]
    chains: tuple[Chain, ...]
    truth: Mapping[Key, bool]


def confidences_of(judge: Judge, verdicts: Sequence[Verdict]) -> dict[Key, float]:
    """The confidence that a judge gives in each of its verdicts; empty for a judge that gives none."""
    if not isinstance(judge, GivesConfidence):
        return {}
    confidences = ((key_of(verdict), judge.confidence(verdict)) for verdict in verdicts)
    return {key: confidence for key, confidence in confidences if confidence is not None}


def draw_labelled(folder: Path, split: Split, count: int, seed: int) -> Labelled:
    """Chains about inkgrid of which about half are wrong; the truth is their answer's. Pictures go to `folder`."""
    if count < 1:
        raise ValueError(f"`count` {count}: a calibration needs chains")
    questions = tuple(inkgrid.load(folder, split, count=count))
    asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
    chains = tuple(chain for (chain,) in HALF_WRONG.generate(asks, SamplingParams(seed=seed)))
    graded = judge_chains(OutcomeJudge(), questions, chains)
    truth = {key_of(verdict): verdict.outcome is Outcome.CORRECT for verdict in graded}
    return Labelled(questions=questions, chains=chains, truth=truth)


def read_labelled(labels: Path, questions_file: Path, split: Split) -> Labelled:
    """The user's chains; ValueError names file, line and remedy.

    `labels` may be a folder of verdicts that a person gave in the viewer, and `questions_file` one of questions.
    """
    if labels.is_dir():
        return read_marked(labels, questions_file)
    require_file(labels, "`labels`")
    module = cast(Benchmark, find_module("benchmarks", "jsonl"))
    by_id = {question.id: question for question in module.load(questions_file, split, count=2**31)}
    chains: list[Chain] = []
    truth: dict[Key, bool] = {}
    seen: Counter[str] = Counter()
    for place, found in placed_rows(labels):
        name, reply, is_right = label_of(found, place)
        if name not in by_id:
            raise ValueError(f"{place}: field 'id': {name!r} is no question of {questions_file}, split {split}")
        chain = Chain(question_id=name, index=seen[name], style=Style.REASON, text=reply, stop=FinishReason.END,
                      sampler="labelled", seed=0)  # fmt: skip
        seen[name] += 1
        chains.append(chain)
        truth[name, chain.style, chain.index] = is_right
    if not chains:
        raise ValueError(f"{labels} holds no labelled chain")
    questions = tuple(by_id[name] for name in seen)
    return Labelled(questions=questions, chains=tuple(chains), truth=truth)


def read_marked(labels: Path, questions: Path) -> Labelled:
    """Chains that a person called right or wrong in the viewer; those they were unsure of are left out.

    Args:
        labels: a folder of verdicts; the chains are in the folder beside it whose name ends with `SEEN`.
        questions: the folder of their questions.

    Raises:
        ValueError: a folder is missing, nothing is called, or a question is not there.
    """
    seen = labels.with_name(labels.name + SEEN)
    for place in (seen, questions):
        if not place.is_dir():
            raise ValueError(f"`labels` {labels}: {place} holds no rows: name a folder of the viewer's annotations, "
                             "with their chains beside it, and as `questions` that of their questions")  # fmt: skip
    called = {key_of(row): row.outcome is Outcome.CORRECT for row in read_rows(labels, Verdict)
              if row.outcome in (Outcome.CORRECT, Outcome.INCORRECT)}  # fmt: skip
    chains = tuple(row for row in read_rows(seen, Chain) if (row.question_id, row.style, row.index) in called)
    wanted = {chain.question_id for chain in chains}
    if not chains:
        raise ValueError(f"`labels` {labels} calls no chain right or wrong: mark some as one of them")
    known = {row.id: _with_places(row, questions) for row in read_rows(questions, Question) if row.id in wanted}
    if missing := wanted - known.keys():
        raise ValueError(f"`labels` {labels}: {min(missing)!r} is no question of {questions}: name the folder of its "
                         "chains' questions as `questions`")  # fmt: skip
    return Labelled(questions=tuple(known.values()), chains=chains, truth=called)


def _with_places(question: Question, folder: Path) -> Question:
    """With pictures at their places on this machine: those of rows are relative to their folder."""
    return replace(question, images=tuple(replace(one, path=str(folder / one.path)) for one in question.images))


def label_of(fields: Mapping[str, object], place: str) -> tuple[str, str, bool]:
    """Id, reply and truth of one line; half a character in a reply is replaced.

    Example:
        >>> label_of({"id": 7.0, "reply": "12", "is_right": True}, "mine.jsonl:1")
        ('7', '12', True)

    Raises:
        ValueError: a field is missing or of another type; the message names place and field.
    """
    try:
        name = word_of("id", fields.get("id"))
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    reply, is_right = mend_halves(fields.get("reply")), fields.get("is_right")
    if not isinstance(reply, str):
        raise ValueError(f"{place}: field 'reply' must be text, and is {json.dumps(reply)[:40]}")
    if not isinstance(is_right, bool):
        raise ValueError(f"{place}: field 'is_right' must be true or false, and is {json.dumps(is_right)[:40]}")
    return name, reply, is_right

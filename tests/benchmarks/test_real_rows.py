"""Real rows: each is read, and its gold answer passes its own rule when it is given as the answer."""

import importlib
import os
from collections import Counter
from pathlib import Path

import pytest

from seewhy.judging.answers.self_check import grade_gold
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import MatchRule, Outcome, Question, Split

AT_HAND = [
    ("tabmwp", "tabmwp", Split.VALIDATION, 1000),
    ("nlvr", "nlvr", Split.VALIDATION, 3 * 989),
    ("nlvr", "nlvr", Split.TEST, 990),
    ("scienceqa", "scienceqa_test_mini", Split.TEST, 450),
    ("mathvision", "mathvision_testmini", Split.VALIDATION, 304),
]
UNGRADABLE: dict[str, str] = {}
"""Ids of real rows whose gold no rule can read, with the reason."""


@pytest.fixture(scope="module")
def judge() -> OutcomeJudge:
    return OutcomeJudge()


def load(name: str, root: Path, split: Split) -> list[Question]:
    """All questions, every picture decoded; a row that is not as it must be fails here."""
    questions, faults = importlib.import_module(f"seewhy.benchmarks.{name}").RELEASE.inspect(root, split)
    assert faults == []
    return questions


def ungraded(questions: list[Question], judge: OutcomeJudge) -> dict[str, str]:
    """Why a question's gold answer does not pass."""
    verdicts = [grade_gold(question, judge) for question in questions]
    return {verdict.question_id: verdict.why for verdict in verdicts if verdict.outcome is not Outcome.CORRECT}


@pytest.mark.parametrize(("name", "folder", "split", "count"), AT_HAND)
def test_the_gold_of_every_real_row_passes_its_rule(data_root, judge, name, folder, split, count):
    questions = load(name, data_root / folder, split)
    assert len(questions) == count
    assert ungraded(questions, judge).keys() == {key for key in UNGRADABLE if key.startswith(f"{name}/{split.value}/")}


def test_real_rows_have_the_kinds_that_their_readme_counts(data_root):
    nlvr = load("nlvr", data_root / "nlvr", Split.TEST)
    assert sum(question.gold.answers == ("yes",) for question in nlvr) / 990 == pytest.approx(0.562, abs=5e-4)
    science = load("scienceqa", data_root / "scienceqa_test_mini", Split.TEST)
    assert sum(bool(question.images) for question in science) == 300
    tables = load("tabmwp", data_root / "tabmwp", Split.VALIDATION)
    assert Counter(question.gold.rule for question in tables)[MatchRule.LETTER] == 275
    assert all(question.rationale for question in tables)
    figures = load("mathvision", data_root / "mathvision_testmini", Split.VALIDATION)
    assert len({question.facets["subject"] for question in figures}) == 16


def test_the_gold_of_every_row_of_easy_vqa_passes_its_rule(judge):
    """`pip download easy-vqa==1.0 --no-deps`, unpacked; SEEWHY_EASY_VQA names the folder."""
    place = os.environ.get("SEEWHY_EASY_VQA", "")
    if not place or not Path(place).is_dir():
        pytest.skip("SEEWHY_EASY_VQA names no folder: easy-VQA's real rows are not read")
    for split, count in ((Split.TRAIN, 38575), (Split.TEST, 9673)):
        questions = load("easyvqa", Path(place), split)
        assert len(questions) == count
        assert ungraded(questions, judge) == {}

"""Judges' scores of two answers: real GPT-4 replies, and the forms that they take."""

import json
import time

import pytest

from seewhy.judging.answers.findings import Abstention
from seewhy.judging.asking.pair_scores import PairScores, read_pair_scores


def test_every_gpt4_review_parses_and_agrees_with_the_recorded_scores_but_for_one_misrecorded(data_root):
    """Of 160 reviews one gives "Assistant 2: 4" in words, and its file records 2."""
    rows = [
        json.loads(line)
        for path in sorted((data_root / "llava_gpt4_reviews").glob("review_*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    read = [(row, read_pair_scores(row["text"])) for row in rows]
    assert len(rows) == 160
    assert all(isinstance(scores, PairScores) for _, scores in read)
    differing = [
        (tuple(map(float, row["score"])), (scores.first, scores.second))
        for row, scores in read
        if tuple(map(float, row["score"])) != (scores.first, scores.second)
    ]
    assert differing == [((10.0, 2.0), (10.0, 4.0))]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("9 8.5\nBoth were helpful.", 9, 8.5),
        ("\n 8, 9 \nBoth", 8, 9),
        ("8/10 9/10", 8, 9),
        ("Scores: 7; 6\nwhy", 7, 6),
        ("**7 | 10**", 7, 10),
        ("0 10", 0, 10),
        ("I solve it: 3 + 4 = 7.\n\nAssistant 1: 1 (wrong)\nAssistant 2: 8 (right)", 1, 8),
        ("Assistant 1's score: 6/10, as it is short.\nAssistant 2's score: 7/10.", 6, 7),
        ("Assistant 1: 10 = 2x is wrong.\nScores:\nAssistant 1: 3\nAssistant 2: 4", 3, 4),
        ("Assistant 1: 2\nAssistant 2: 2\nOn second thoughts:\nAssistant 1: 5\nAssistant 2: 6", 5, 6),
        ("Assistant 1: it is wrong. So the score is 1.\nAssistant 2: it is right. So the score is 5.", 1, 5),
        ("All in all, the scores are (1, 5) for the two.", 1, 5),
    ],
)
def test_the_forms_of_two_scores_are_read(text, first, second):
    assert read_pair_scores(text) == PairScores(first=first, second=second)


@pytest.mark.parametrize(
    "text", ["", "Both were helpful.", "Assistant 1: 5", "9", "I like 1 and 2 most of all", "11 3"]
)
def test_a_reply_without_two_scores_is_missing_and_never_a_middle_score(text):
    assert isinstance(read_pair_scores(text), Abstention)


def test_scores_out_of_range_are_named():
    found = read_pair_scores("11 3")
    assert isinstance(found, Abstention)
    assert found.why == "the scores 11 and 3 are not between 0 and 10"


@pytest.mark.parametrize("hostile", ["assistant 1 " * 8_000, "score " * 16_000, "1 " * 50_000, "(" * 100_000])
def test_a_hostile_reply_is_read_at_once(hostile):
    start = time.process_time()
    read_pair_scores(hostile)
    assert time.process_time() - start < 0.5

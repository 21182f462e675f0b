"""Open answers are rated on their benchmark's scale; only ratings of the scale are read."""

import json

import pytest
from asked_judges import RIGHT, SUM, chain_of, id_in

from seewhy.grading.open_judges import ByRule
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.rating import MMHAL, OPEN, RatingJudge, rating_judge
from seewhy.records.types import Gold, MatchRule, Outcome, Question, Split
from seewhy.testing.scripted import ScriptedChat

VET = Question(
    id="mmvet/test/1", benchmark="mmvet", split=Split.TEST, text="What is x?",
    gold=Gold(answers=("-1 <AND> -5",), rule=MatchRule.OPEN), facets={},
)  # fmt: skip


def rated(rating: object, benchmark: str = "mmvet"):
    chat_model = ScriptedChat(says=lambda request, _: json.dumps(
        {"id": id_in(request), "explanation": "so", "rating": rating}))  # fmt: skip
    judge = rating_judge(chat_model, benchmark)
    (verdict,) = judge.judge(VET, (chain_of("x is -1", question=VET),))
    return verdict, chat_model


@pytest.mark.parametrize(
    ("benchmark", "rating", "outcome", "score"),
    [
        ("mmvet", 0.5, Outcome.CORRECT, 0.5),
        ("mmvet", 0.4, Outcome.INCORRECT, 0.4),
        ("mmvet", 1, Outcome.CORRECT, 1.0),
        ("mmhal", 3, Outcome.CORRECT, 0.5),
        ("mmhal", 2, Outcome.INCORRECT, 2 / 6),
        ("llavabench", 0.7, Outcome.CORRECT, 0.7),
        ("mmvet", 0.45, Outcome.UNJUDGED, None),
        ("mmvet", 2, Outcome.UNJUDGED, None),
        ("mmhal", 0.5, Outcome.UNJUDGED, None),
        ("mmhal", 7, Outcome.UNJUDGED, None),
        ("mmvet", "0.5", Outcome.UNJUDGED, None),
        ("mmvet", True, Outcome.UNJUDGED, None),
    ],
)
def test_a_rating_of_the_scale_is_a_share_of_its_highest_and_no_other_is_one(benchmark, rating, outcome, score):
    verdict, _ = rated(rating, benchmark)
    assert verdict.outcome is outcome
    assert verdict.score == (None if score is None else pytest.approx(score))


def test_the_prompt_shows_the_whole_reference_and_each_scale_has_its_own():
    _, chat_model = rated(0.5)
    assert "-1 <AND> -5" in chat_model.recorded[0].messages[0].text
    names = {rating_judge(chat_model, name).name for name in ("mmvet", "mmhal")}
    assert len(names) == 2
    assert (OPEN.highest, MMHAL.highest) == (1.0, 6)


def test_an_open_question_without_a_reference_is_unjudged_and_nobody_is_asked():
    chat_model = ScriptedChat(says=lambda *_: "")
    bare = Question(id="q", benchmark="objecthal", split=Split.TEST, text="?", facets={},
                    gold=Gold(answers=(), rule=MatchRule.OPEN))  # fmt: skip
    (verdict,) = RatingJudge(chat_model=chat_model).judge(bare, (chain_of("a bus", question=bare),))
    assert (verdict.outcome, chat_model.recorded) == (Outcome.UNJUDGED, [])
    assert "no reference answer" in verdict.why


def test_each_question_goes_to_the_judge_of_its_rule():
    chat_model = ScriptedChat(says=lambda request, _: json.dumps(
        {"id": id_in(request), "explanation": "so", "rating": 1.0}))  # fmt: skip
    judge = ByRule(matched=OutcomeJudge(), open=RatingJudge(chat_model=chat_model))
    matched, opened = (judge.judge(question, (chain_of(RIGHT, question=question),))[0] for question in (SUM, VET))
    assert (matched.judge, matched.outcome) == ("outcome", Outcome.CORRECT)
    assert opened.judge.startswith("rating by scripted-1")
    assert len(chat_model.recorded) == 1

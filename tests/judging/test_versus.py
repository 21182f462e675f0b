"""Two chains against each other: both orders are asked, and the place is seen where it decides."""

import json

import pytest
from asked_judges import RIGHT, SUM, WRONG, chain_of, id_in

from seewhy.judging.versus import VersusJudge
from seewhy.records.measures import Preferred
from seewhy.records.types import Outcome
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel
from seewhy.testing.scripted import ScriptedChat

FIRST, SECOND, TIE = Preferred.FIRST, Preferred.SECOND, Preferred.TIE


def preferring(ahead: str, behind: str) -> VersusJudge:
    """A judge that prefers one place where the chain stands first, and one where its rival does."""

    def says(request, number):
        text = request.messages[0].text
        is_ahead = text.index(RIGHT) < text.index(WRONG)
        return json.dumps({"id": id_in(request), "explanation": "so", "better": ahead if is_ahead else behind})

    return VersusJudge(chat_model=ScriptedChat(says=says), rivals={SUM.id: chain_of(WRONG)})


@pytest.mark.parametrize(
    ("ahead", "behind", "score", "outcome"),
    [
        ("first", "second", 1.0, Outcome.CORRECT), ("second", "first", 0.0, Outcome.INCORRECT),
        ("first", "first", 0.5, Outcome.INCORRECT), ("second", "second", 0.5, Outcome.INCORRECT),
        ("tie", "tie", 0.5, Outcome.INCORRECT), ("first", "tie", 0.75, Outcome.CORRECT),
        ("tie", "first", 0.25, Outcome.INCORRECT), ("neither", "first", None, Outcome.UNJUDGED),
        ("first", "", None, Outcome.UNJUDGED),
    ],
)  # fmt: skip
def test_the_score_is_the_mean_over_both_orders(ahead, behind, score, outcome):
    (verdict,) = preferring(ahead, behind).judge(SUM, (chain_of(RIGHT),))
    assert (verdict.score, verdict.outcome) == (score, outcome)
    assert verdict.usage.calls == 2


def test_a_contest_keeps_what_each_order_prefers():
    (contest,) = preferring("first", "tie").compare(SUM, (chain_of(RIGHT, 3),))
    assert (contest.ahead, contest.behind, contest.index, contest.why) == (FIRST, TIE, 3, "")
    (contest,) = preferring("first", "neither").compare(SUM, (chain_of(RIGHT),))
    assert (contest.ahead, contest.behind) == (FIRST, None)
    assert "not among first, second, tie" in contest.why


def test_a_chain_without_a_rival_is_unjudged_and_nobody_is_asked():
    judge = VersusJudge(chat_model=ScriptedChat(says=lambda *_: ""), rivals={})
    (verdict,) = judge.judge(SUM, (chain_of(RIGHT),))
    assert verdict.outcome is Outcome.UNJUDGED
    assert judge.chat_model.recorded == []


def test_the_oracle_prefers_the_right_chain_from_both_places():
    judge = VersusJudge(chat_model=OracleChatModel([SUM], Oracle()), rivals={SUM.id: chain_of(WRONG)})
    better, same = judge.compare(SUM, (chain_of(RIGHT), chain_of(WRONG, 1)))
    assert (better.ahead, better.behind) == (FIRST, SECOND)
    assert (same.ahead, same.behind) == (TIE, TIE)


def test_the_name_tells_whose_chains_the_rivals_are():
    assert preferring("tie", "tie").name.endswith(", against pupil")

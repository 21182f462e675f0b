"""Facts: each is asked about by itself, probabilities come before words, and a doubt is no rejection."""

import json
import re
from math import log

import pytest
from asked_judges import RIGHT, SUM, WRONG, chain_of, id_in

from seewhy.endpoints.chat import Reply
from seewhy.judging.facts import FactsJudge, trust_in
from seewhy.records.types import Outcome
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel
from seewhy.testing.scripted import ScriptedChat

FACTS = {"The bus is red.": "Is the bus red?", "It has two doors.": "Has the bus two doors?"}


def checking(said: dict[str, Reply | str]) -> FactsJudge:
    """A judge that finds FACTS in every chain and answers each question as said."""

    def says(request, number):
        text = request.messages[0].text
        if "<text_to_split" in text:
            facts = [{"fact": fact, "question": question} for fact, question in FACTS.items()]
            return json.dumps({"id": id_in(request), "facts": facts})
        return next(reply for fact, reply in said.items() if f"<fact>\n{fact}\n</fact>" in text)

    return FactsJudge(chat_model=ScriptedChat(says=says))


def verdict_of(judge, text="The bus is red and has two doors."):
    (verdict,) = judge.judge(SUM, (chain_of(text),))
    return verdict


@pytest.mark.parametrize(
    ("red", "doors", "score", "outcome"),
    [
        ("yes", "yes", 0.0, Outcome.CORRECT), ("yes", "no", -1.0, Outcome.INCORRECT),
        ("no", "No.", -2.0, Outcome.INCORRECT), ("yes", "perhaps", None, Outcome.UNJUDGED),
        ("no", "", None, Outcome.UNJUDGED),
    ],
)  # fmt: skip
def test_the_score_is_minus_the_facts_that_are_rejected(red, doors, score, outcome):
    verdict = verdict_of(checking({"The bus is red.": red, "It has two doors.": doors}))
    assert (verdict.score, verdict.outcome) == (score, outcome)
    assert verdict.usage.calls == 3


def test_a_rejected_fact_is_named_with_the_trust_in_it():
    verdict = verdict_of(checking({"The bus is red.": "yes", "It has two doors.": "no"}))
    assert verdict.why == "1 of 2 facts are rejected: It has two doors. (0.00)"


@pytest.mark.parametrize(
    ("first_token", "text", "trust"),
    [
        ({"yes": log(0.3), "Yes": log(0.3), "no": log(0.1), "No": log(0.1)}, "no", 0.75),
        ({" Yes": log(0.2), "▁no": log(0.6)}, "yes", 0.25),
        ({"Yes": log(0.5)}, "no", 1.0),
        ({"I": log(0.9), "The": log(0.1)}, "yes", 1.0),
        ({}, "No, it is not.", 0.0),
        ({"Yesterday": log(0.9), "nothing": log(0.1)}, "yes", 1.0),
    ],
)
def test_trust_is_the_probability_of_yes_against_no_in_all_spellings_else_the_word(first_token, text, trust):
    assert trust_in(Reply(text=text, first_token=first_token)) == pytest.approx(trust)


def test_probabilities_come_before_the_word():
    unsure = Reply(text="yes", first_token={"yes": log(0.4), "no": log(0.35), "No": log(0.25)})
    assert verdict_of(checking({"The bus is red.": unsure, "It has two doors.": "yes"})).score == -1.0


def test_the_picture_goes_with_the_questions_and_not_with_the_splitting():
    judge = checking({"The bus is red.": "yes", "It has two doors.": "yes"})
    verdict_of(judge)
    split, *checks = judge.chat_model.recorded
    assert split.messages[0].images == ()
    assert [check.messages[0].images for check in checks] == [SUM.images] * 2
    assert {check.top_logprobs for check in checks} == {20}
    assert all("5" not in check.messages[0].text.split() for check in checks), "the gold is not told"


def test_facts_of_several_chains_are_not_mixed():
    def says(request, number):
        text = request.messages[0].text
        if "<text_to_split" in text:
            (count,) = map(int, re.findall(r"I claim (\d)", text))
            facts = [{"fact": f"{at} of {count}", "question": "?"} for at in range(count)]
            return json.dumps({"id": id_in(request), "facts": facts})
        return "no" if "of 2\n" in text else "yes"

    judge = FactsJudge(chat_model=ScriptedChat(says=says))
    chains = tuple(chain_of(f"I claim {count} facts.", count) for count in (1, 2, 0, 3))
    assert [verdict.score for verdict in judge.judge(SUM, chains)] == [0.0, -2.0, None, 0.0]


def test_the_oracle_rejects_the_facts_that_the_page_refutes():
    judge = FactsJudge(chat_model=OracleChatModel([SUM], Oracle()))
    right, wrong = judge.judge(SUM, (chain_of(RIGHT), chain_of(WRONG, 1)))
    assert right.score == 0.0
    assert wrong.score == -3.0, "the reading, the sum and the answer"

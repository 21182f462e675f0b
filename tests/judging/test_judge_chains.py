"""Judging several questions at once: the same verdicts in the same order, and a clean stop."""

import threading
import time
from dataclasses import dataclass, field, replace

import pytest
from asked_judges import RIGHT, SUM, chain_of, grades_for

from seewhy.endpoints.chat import BudgetSpentError
from seewhy.judging.api import judge_chains, judge_groups
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.rubric import RubricJudge
from seewhy.records.types import Outcome, Verdict
from seewhy.testing.scripted import ScriptedChat

QUESTIONS = [replace(SUM, id=f"q{number}") for number in range(12)]
CHAINS = [chain_of(RIGHT, index, question) for index in range(2) for question in QUESTIONS]


@dataclass
class Tracing:
    """Calls every chain right after a while of its question's own; a question may fail or wait for others."""

    name: str = "tracing"
    fails: frozenset[str] = frozenset()
    meet: threading.Barrier | None = None
    begun: list[str] = field(default_factory=list)

    def judge(self, question, chains):
        self.begun.append(question.id)
        if self.meet:
            self.meet.wait(timeout=20)
        time.sleep(0.002 * (int(question.id[1:]) % 3))
        if question.id in self.fails:
            raise BudgetSpentError(f"nothing left for {question.id}")
        return tuple(
            Verdict(question_id=question.id, index=chain.index, style=chain.style, judge=self.name,
                    outcome=Outcome.CORRECT)
            for chain in chains
        )  # fmt: skip


def ids(verdicts):
    return [(verdict.question_id, verdict.index) for verdict in verdicts]


@pytest.mark.parametrize("at_once", [2, 3, 50])
def test_the_verdicts_come_in_the_order_of_one_at_a_time(at_once):
    assert list(judge_chains(Tracing(), QUESTIONS, CHAINS, at_once)) == list(judge_chains(Tracing(), QUESTIONS, CHAINS))


def test_as_many_questions_are_judged_at_the_same_time_as_asked_for():
    """Four must meet at the barrier: with fewer at once none would pass it."""
    judge = Tracing(meet=threading.Barrier(4))
    assert len(list(judge_chains(judge, QUESTIONS, CHAINS, at_once=4))) == len(CHAINS)


def test_a_real_judge_says_the_same_at_any_number_at_once():
    chat_model = ScriptedChat(says=lambda request, _: grades_for(request))
    assert set(judge_chains(RubricJudge(chat_model=chat_model), QUESTIONS, CHAINS, 5)) == set(
        judge_chains(RubricJudge(chat_model=chat_model), QUESTIONS, CHAINS)
    )
    assert ids(judge_chains(OutcomeJudge(), QUESTIONS, CHAINS, 5)) == ids(
        judge_chains(OutcomeJudge(), QUESTIONS, CHAINS)
    )


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_a_spent_budget_passes_through_after_all_that_was_judged(at_once):
    judge = Tracing(fails=frozenset({"q5"}))
    said = []
    with pytest.raises(BudgetSpentError, match="nothing left for q5"):
        said.extend(judge_chains(judge, QUESTIONS, CHAINS, at_once))
    judged = [question for question in sorted(judge.begun, key=lambda name: int(name[1:])) if question != "q5"]
    assert ids(said) == [(question, index) for question in judged for index in range(2)]
    assert {"q0", "q1", "q2", "q3", "q4"} <= set(judged)
    assert at_once > 1 or judge.begun[-1] == "q5"


def test_every_judged_and_paid_question_is_yielded_when_the_budget_ends_in_a_real_judge():
    chat_model = ScriptedChat(says=lambda request, _: grades_for(request), max_calls=9)
    said = []
    with pytest.raises(BudgetSpentError):
        said.extend(judge_chains(RubricJudge(chat_model=chat_model), QUESTIONS, CHAINS, 3))
    assert sum(verdict.usage.calls for verdict in said) == len(chat_model.recorded) == 8


def test_whoever_stops_listening_stops_the_judging():
    judge = Tracing()
    verdicts = judge_chains(judge, QUESTIONS * 1, CHAINS, 2)
    next(verdicts)
    verdicts.close()
    begun = len(judge.begun)
    time.sleep(0.05)
    assert len(judge.begun) == begun <= 9
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("judge")]


def test_a_chain_without_its_question_is_refused_before_anything_is_judged():
    judge = Tracing()
    for at_once in (1, 3):
        with pytest.raises(ValueError, match="'q11', which is not among the 11 questions"):
            next(judge_chains(judge, QUESTIONS[:-1], CHAINS, at_once))
    assert judge.begun == []
    with pytest.raises(ValueError, match="at least one"):
        next(judge_chains(judge, QUESTIONS, CHAINS, 0))


def test_a_judge_that_mixes_up_its_verdicts_is_named():
    class Mixing(Tracing):
        def judge(self, question, chains):
            return super().judge(question, chains)[::-1]

    with pytest.raises(ValueError, match="'tracing' did not return one verdict for each chain of 'q0'"):
        list(judge_chains(Mixing(), QUESTIONS, CHAINS, 2))


@pytest.mark.parametrize(("at_once", "ahead"), [(1, 1), (2, 9), (4, 17)])
def test_groups_are_read_no_further_ahead_than_the_threads_need(at_once, ahead):
    read = []

    def groups():
        for question in QUESTIONS * 4:
            read.append(question.id)
            yield question, (chain_of(RIGHT, 0, question),)

    verdicts = judge_groups(Tracing().judge, "tracing", groups(), at_once)
    next(verdicts)
    assert 1 <= len(read) <= ahead
    verdicts.close()


@pytest.mark.parametrize("group", [[CHAINS[0], CHAINS[0]], [CHAINS[0], CHAINS[1]]])
def test_a_group_with_a_chain_twice_or_of_another_question_is_refused_before_it_is_judged(group):
    judge = Tracing()
    with pytest.raises(ValueError, match="'q0' are of another question, or one occurs twice"):
        list(judge_groups(judge.judge, judge.name, [(QUESTIONS[0], tuple(group))]))
    assert judge.begun == []

"""What rewards say of rollouts, each by its file."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import pytest

from seewhy.endpoints.chat import BudgetSpentError
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style
from seewhy.rewards.api import Earned, Reward
from seewhy.rewards.facts import FactsReward
from seewhy.rewards.format import FormatReward
from seewhy.rewards.length import LengthReward
from seewhy.rewards.outcome import OutcomeReward
from seewhy.rewards.overlong import OverlongReward
from seewhy.rewards.parts.scoring import earn_all, end_token
from seewhy.rewards.repetition import RepetitionReward
from seewhy.rewards.rubric import RubricReward
from seewhy.rewards.sentences import SentencesReward
from seewhy.rewards.steps import StepsReward
from seewhy.runs.choice import choose, make
from seewhy.runs.discovery import kind_names
from seewhy.testing.oracle_chat import OracleChatModel

ASKED = Question(id="q", benchmark="b", split=Split.TRAIN, text="What is 2 + 3?", facets={},
                 gold=Gold(answers=("5",), rule=MatchRule.EXACT))  # fmt: skip
SUM = Question(
    id="inkgrid/test/0/7", benchmark="inkgrid", split=Split.TEST, text="What is the sum of row 2?",
    gold=Gold(answers=("5",), rule=MatchRule.EXACT),
    facets={"kind": "row_sum", "noise": "low", "page": "357/104/288"},
)  # fmt: skip
SUM_RIGHT = "Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 5. The sum is 5. ### Answer: 5"
SUM_WRONG = "Row 2 reads 1, 0, 7. 1 plus 0 is 1. 1 plus 7 is 8. The sum is 8. ### Answer: 8"
RIGHT, WRONG, NONE = "2 and 3 are 5. ### Answer: 5", "2 and 3 are 6. ### Answer: 6", "I cannot say."


def chain(text: str, index: int = 0, **others: object) -> Chain:
    return Chain(question_id="q", index=index, text=text,
                 **{"style": Style.REASON, "stop": FinishReason.END, "sampler": "s", "seed": 0} | others)  # fmt: skip


def values(reward: Reward, *chains: Chain, question: Question = ASKED) -> list[float | None]:
    return [earned.value for earned in reward.reward(question, chains)]


def test_every_reward_of_the_issue_is_a_file_found_by_its_name():
    assert {"outcome", "format", "length", "sentences", "rubric", "facts", "steps", "repetition", "overlong"} == set(
        kind_names("rewards")
    )
    assert isinstance(make(choose("length", tokens=9), "rewards", "reward"), LengthReward)
    with pytest.raises(ValueError, match="no such setting"):
        make(choose("length", most=9), "rewards", "reward")


def test_an_outcome_is_right_wrong_or_without_an_answer_and_an_open_question_earns_nothing():
    reward = OutcomeReward(right=2.0, wrong=-1.0, no_answer=-3.0)
    told = [chain(RIGHT), chain(WRONG, 1), chain(NONE, 2)]
    assert values(reward, *told) == [2.0, -1.0, -3.0]
    open_question = replace(ASKED, gold=Gold(answers=("5",), rule=MatchRule.OPEN))
    earned = reward.reward(open_question, (chain(RIGHT),))[0]
    assert earned.value is None
    assert "open question" in earned.why


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        (RIGHT, FinishReason.END, 1.0), (RIGHT, FinishReason.LENGTH, 0.0), ("### Answer: 5", FinishReason.END, 0.0),
        (f"{RIGHT} ### Answer: 6", FinishReason.END, 0.0), (f"{RIGHT}\nand on", FinishReason.END, 0.0),
        ("2 and 3 are 5. ### Answer:", FinishReason.END, 0.0),
    ],
)  # fmt: skip
def test_a_form_is_a_reason_one_mark_and_an_answer_of_a_line_that_ended(text, stop, expected):
    assert values(FormatReward(), chain(text, stop=stop)) == [expected]


def test_a_form_by_pattern_is_of_the_whole_response_and_a_direct_answer_has_none_of_its_own():
    tags = FormatReward(pattern=r"<think>.+</think>\s*<answer>.+</answer>")
    fitting = "<think>so\nit is</think> <answer>5</answer>"
    assert values(tags, chain(fitting), chain(f"well: {fitting}")) == [1.0, 0.0]
    assert values(FormatReward(), chain("5", style=Style.DIRECT)) == [None]
    with pytest.raises(ValueError, match=r"pattern '\('"):
        FormatReward(pattern="(")


def test_length_pays_by_the_token_up_to_its_bound_or_for_being_short():
    rows = [chain("", token_ids=tuple(range(n))) for n in (5, 10, 40)]
    assert values(LengthReward(tokens=10), *rows) == [0.5, 1.0, 1.0]
    assert values(LengthReward(tokens=10, shorter=True), *rows) == [0.5, 0.0, 0.0]


def test_overlong_falls_from_the_buffers_start_to_minus_one_at_the_limit():
    rows = [chain("", token_ids=tuple(range(n))) for n in (60, 80, 90, 100, 120)]
    assert values(OverlongReward(tokens=100, buffer=20), *rows) == [0.0, 0.0, -0.5, -1.0, -1.0]
    with pytest.raises(ValueError, match="buffer"):
        OverlongReward(tokens=10, buffer=20)


def test_repetition_is_minus_the_share_of_runs_that_were_said_before():
    assert values(RepetitionReward(size=2), chain("", token_ids=(1, 2, 1, 2, 1))) == [-0.5]
    assert values(RepetitionReward(), chain("", token_ids=(1, 2, 3))) == [0.0]


def on_page(text: str, **others: object) -> Chain:
    return replace(chain(text, **others), question_id=SUM.id)


def test_each_sentence_earns_its_score_less_a_half_where_it_ends():
    """The oracle scores true sentences 1 and wrong ones less; ARES's reward is the score less 0.5, in its place."""
    reward = SentencesReward(chat_model=OracleChatModel([SUM]))
    good, bad = reward.reward(SUM, (on_page(SUM_RIGHT), on_page(SUM_WRONG, index=1)))
    texts = [SUM_RIGHT[span.start : span.end] for span in good.spans]
    assert texts[0] == "Row 2 reads 1, 0, 4."
    assert [span.score for span in good.spans] == [0.5] * len(texts)
    assert good.value == pytest.approx(0.5 * len(texts))
    assert bad.value is not None
    assert bad.value < good.value
    assert min(span.score for span in bad.spans) == pytest.approx(-0.5)


def test_half_a_sentence_at_the_limit_earns_nothing():
    reward = SentencesReward(chat_model=OracleChatModel([SUM]))
    whole, cut = reward.reward(SUM, (on_page(SUM_RIGHT), on_page(SUM_RIGHT, index=1, stop=FinishReason.LENGTH)))
    assert cut.spans == whole.spans[:-1]


def test_a_grade_of_one_to_five_is_a_reward_of_nought_to_one():
    reward = RubricReward(chat_model=OracleChatModel([SUM]))
    right, wrong = values(reward, on_page(SUM_RIGHT), on_page(SUM_WRONG, index=1), question=SUM)
    assert right is not None
    assert wrong is not None
    assert 0.0 <= wrong < right <= 1.0


@dataclass(frozen=True)
class Failing:
    error: type[Exception]

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        raise self.error("out of order")


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, KeyError, TimeoutError, RuntimeError])
def test_a_reward_that_fails_is_none_for_its_rollouts_with_the_reason_and_the_others_stand(error):
    told = earn_all({"mine": Failing(error), "outcome": OutcomeReward()}, ASKED, (chain(RIGHT), chain(WRONG, 1)))
    assert [one.value for one in told["mine"]] == [None, None]
    assert error.__name__ in told["mine"][0].why
    assert [one.value for one in told["outcome"]] == [1.0, 0.0]


def test_a_spent_budget_stops_and_is_no_reward():
    with pytest.raises(BudgetSpentError):
        earn_all({"mine": Failing(BudgetSpentError)}, ASKED, (chain(RIGHT),))


def test_a_reward_that_is_no_number_or_of_another_count_is_refused():
    with pytest.raises(ValueError, match="finite"):
        Earned(value=float("nan"))

    class Short:
        def reward(self, question, chains):
            return (Earned(value=1.0),)

    with pytest.raises(ValueError, match="1 answers to 2 rollouts of q"):
        earn_all({"mine": Short()}, ASKED, (chain(RIGHT), chain(WRONG, 1)))


FORMULAS = [(rf"So it is \(\frac{{{n}}}{{2}}\). ### Answer: \(\frac{{{n}}}{{2}}\)", n) for n in range(1, 26)]


def grade(_: int = 0) -> list[float | None]:
    asked = replace(ASKED, gold=Gold(answers=("2.5",), rule=MatchRule.MATH))
    return values(OutcomeReward(), *(chain(text, n) for text, n in FORMULAS), question=asked)


def test_the_same_rewards_in_the_main_thread_in_a_thread_and_in_another_process():
    here = grade()
    assert here.count(1.0) == 1
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(grade, range(2))) == [here, here]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert processes.submit(grade).result(timeout=120) == here


@pytest.mark.parametrize(
    ("pieces", "end", "expected"),
    [
        ([" A", ".\n", " B", "."], 2, 1), (["A", ". B", "."], 2, 1), (["A", ". B", "."], 4, 1),
        (["\n", "A", "."], 2, 2), (["caf", "", "é", "."], 4, 2), (["A.", ""], 2, 0),
    ],
)  # fmt: skip
def test_a_sentence_ends_in_the_token_that_holds_its_last_character(pieces, end, expected):
    assert end_token(pieces, end) == expected


def test_a_place_behind_the_text_is_refused():
    with pytest.raises(ValueError, match="spell 2 characters"):
        end_token(["A."], 3)


@pytest.mark.parametrize("kind", [SentencesReward, RubricReward, FactsReward])
def test_a_judges_reward_is_made_with_the_model_that_it_asks(kind):
    name = kind.__module__.rpartition(".")[2]
    assert isinstance(make(choose(name), "rewards", "reward", chat_model=OracleChatModel([])), kind)
    with pytest.raises(ValueError, match="needs chat_model"):
        make(choose(name), "rewards", "reward")
    with pytest.raises(ValueError, match="needs policy"):
        make(choose("steps"), "rewards", "reward")
    assert StepsReward.__dataclass_fields__["policy"]

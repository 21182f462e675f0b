"""The oracle: right when it may be, wrong as often as it is told to, and blind when it is."""

import re
from pathlib import Path

import pytest

from seewhy.benchmarks import inkgrid
from seewhy.judging.api import Judge
from seewhy.model.api import GenerateRequest, Generates, SamplingParams
from seewhy.model.prompts import lesson_text
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Outcome, Question, Split, Style
from seewhy.testing.oracle import Oracle

SUM = Question(
    id="q",
    benchmark="inkgrid",
    split=Split.TEST,
    text="What is the sum of row 2?",
    gold=Gold(answers=("5",), rule=MatchRule.EXACT),
    facets={"kind": "row_sum", "noise": "low", "page": "357/104/288"},
)
LETTER = Question(
    id="l",
    benchmark="inkgrid",
    split=Split.TEST,
    text="What is the sum of row 2?",
    options=("6", "5", "9", "4"),
    gold=Gold(answers=("B",), rule=MatchRule.LETTER),
    facets=SUM.facets,
)
RIGHT = "Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 5. The sum is 5. ### Answer: 5"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[Question]:
    root = tmp_path_factory.mktemp("inkgrid")
    return [question for split in (Split.TRAIN, Split.SHIFTED) for question in inkgrid.load(root, split, count=600)]


def replies(oracle: Generates, questions: list[Question], style: Style = Style.REASON) -> list[Chain]:
    asks = [GenerateRequest(question=question, style=style) for question in questions]
    return [chain for (chain,) in oracle.generate(asks, SamplingParams())]


def accuracy(chains: list[Chain], questions: list[Question]) -> float:
    judge = Oracle()
    verdicts = [judge.judge(question, (chain,))[0] for question, chain in zip(questions, chains, strict=True)]
    return sum(verdict.outcome is Outcome.CORRECT for verdict in verdicts) / len(verdicts)


def scores(text: str, question: Question = SUM, *, blind: bool = False) -> list[float]:
    return [span.score for span in Oracle(blind=blind).score_sentences(question, text)]


def reply(text: str, style: Style = Style.REASON, index: int = 0) -> Chain:
    return Chain(question_id="q", index=index, style=style, text=text, stop=FinishReason.END, sampler="pupil", seed=0)


def test_an_oracle_distils_the_gold_rationale(asked: list[Question]) -> None:
    for question, chain in zip(asked, replies(Oracle(), asked), strict=True):
        assert question.rationale is not None
        assert chain.text == lesson_text(question.rationale, question.gold.answers[0])


def test_a_direct_reply_is_the_bare_answer(asked: list[Question]) -> None:
    for question, chain in zip(asked[:50], replies(Oracle(), asked[:50], Style.DIRECT), strict=True):
        assert (chain.text,) == question.gold.answers


def test_every_sentence_of_a_gold_rationale_is_scored_and_right(asked: list[Question]) -> None:
    for question in asked:
        assert question.rationale is not None
        text = lesson_text(question.rationale, question.gold.answers[0])
        assert scores(text, question) == [1.0] * (question.rationale.count(".") + 1)


def test_an_always_wrong_oracle_never_writes_a_spotless_chain(asked: list[Question]) -> None:
    chains = replies(Oracle(error_rate=1.0), asked)
    assert all(min(scores(chain.text, question)) < 1.0 for question, chain in zip(asked, chains, strict=True))
    assert accuracy(chains, asked) < 0.06


def test_a_wrong_chain_is_consistent_after_its_one_mistake() -> None:
    for seed in range(40):
        (chain,) = replies(Oracle(error_rate=1.0, seed=seed), [SUM])
        found = scores(chain.text)
        assert sum(score < 1.0 for score in found[:3]) == 1
        assert found[3:] == [0.0, 0.0]


def test_an_oracle_errs_as_often_as_it_is_told_to(asked: list[Question]) -> None:
    assert 0.76 < accuracy(replies(Oracle(error_rate=0.2), asked), asked) < 0.84


def test_a_terse_oracle_reads_and_concludes_and_tells_no_step(asked: list[Question]) -> None:
    assert [chain.text for chain in replies(Oracle(terse_rate=1.0), [SUM, LETTER])] == [
        "Row 2 reads 1, 0, 4. The sum is 5. ### Answer: 5",
        "Row 2 reads 1, 0, 4. The sum is 5. 5 is option B. ### Answer: B",
    ]
    steps = re.compile(r"plus|minus|more|less|equals|odd\b|even\b")
    assert not [chain.text for chain in replies(Oracle(terse_rate=1.0), asked) if steps.search(chain.text)]


def test_an_oracle_is_terse_as_often_as_it_is_told_to_and_as_right_as_ever(asked: list[Question]) -> None:
    worked = [question for question in asked if question.facets["kind"].split("_")[0] != "read"]
    chains = replies(Oracle(terse_rate=0.3), worked)
    full = [chain.text for chain in replies(Oracle(), worked)]
    short = [chain.text for chain in replies(Oracle(terse_rate=1.0), worked)]
    told = [chain.text == whole for chain, whole in zip(chains, full, strict=True)]
    assert {chain.text for chain in chains} <= {*full, *short}
    assert 0.65 < sum(told) / len(told) < 0.75
    assert accuracy(chains, worked) == 1.0


def test_being_terse_changes_nothing_else_that_a_fallible_oracle_says(asked: list[Question]) -> None:
    fallible, terse = (replies(Oracle(error_rate=0.5, terse_rate=rate), asked) for rate in (0.0, 0.5))
    assert [chain.text.split("###")[1] for chain in fallible] == [chain.text.split("###")[1] for chain in terse]


def test_a_blind_oracle_is_much_worse_than_a_sighted_one(asked: list[Question]) -> None:
    assert accuracy(replies(Oracle(blind=True), asked), asked) < 0.4
    blindfolded = [GenerateRequest(question=question, style=Style.REASON, blind=True) for question in asked]
    chains = [chain for (chain,) in Oracle().generate(blindfolded, SamplingParams())]
    assert accuracy(chains, asked) < 0.4


def test_what_a_blind_oracle_says_does_not_depend_on_the_page() -> None:
    other = Question(
        id=SUM.id,
        benchmark=SUM.benchmark,
        split=SUM.split,
        text=SUM.text,
        gold=Gold(answers=("30",), rule=MatchRule.EXACT),
        facets={**SUM.facets, "page": "0000/9993/0000/0000"},
    )
    assert replies(Oracle(blind=True), [SUM]) == replies(Oracle(blind=True), [other])
    assert scores(RIGHT, blind=True) == scores(RIGHT, other, blind=True)


def test_a_chain_depends_on_its_index_and_not_on_its_neighbours(asked: list[Question]) -> None:
    oracle = Oracle(error_rate=0.5)
    (together,) = oracle.generate([GenerateRequest(question=SUM, style=Style.REASON, count=8)], SamplingParams())
    (later,) = oracle.generate([GenerateRequest(question=SUM, style=Style.REASON, count=2, first=6)], SamplingParams())
    assert together[6:] == later
    assert len({chain.text for chain in together}) > 1
    assert replies(oracle, asked[:9])[4] == replies(oracle, asked[4:5])[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RIGHT, [1, 1, 1, 1, 1]),
        ("Row 2 reads 1, 0, 5. 1 plus 0 is 1. 1 plus 5 is 6. The sum is 6. ### Answer: 6", [2 / 3, 1, 1, 0, 0]),
        ("Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 6. The sum is 6. ### Answer: 6", [1, 1, 0, 0, 0]),
        ("1 plus 4 is 5. The sum is 5. ### Answer: 5", [0, 1, 1]),
        ("Row 2 reads 1, 0. ### Answer: 1", [2 / 3, 0]),
        ("Row 2 reads 1, 0, 4, 9.", [3 / 4]),
        ("Row 9 reads 1, 0, 4.", [0]),
        ("Column 3 reads 7, 4, 8. The diagonal reads 3, 0, 1.", [1, 2 / 3]),
        ("Row 1, column 2 is 5. Row 1, column 4 is 5. Row 1, column 1 is 5.", [1, 0, 0]),
        ("Row 1 reads 3, 5, 7. 3 is odd. 5 is even. 4 is even.", [1, 1, 0, 0]),
        ("Row 1 reads 3, 5, 7. 5 is more than 3. 5 is less than 3. 7 equals 7.", [1, 1, 0, 1]),
        ("The largest is 5.", [0]),
        ("Well, who knows. ### Answer: 5", [1]),
        ("", []),
    ],
)
def test_sentences_are_scored_as_by_hand(text: str, expected: list[float]) -> None:
    assert scores(text) == pytest.approx(expected)


def test_an_option_is_checked_against_the_options() -> None:
    assert scores("5 is option B. 5 is option C. 9 is option C. 9 is option Z.", LETTER) == [1, 0, 1, 0]


def test_spans_are_the_sentences_to_the_character() -> None:
    spans = Oracle().score_sentences(SUM, RIGHT)
    assert [RIGHT[span.start : span.end] for span in spans] == [
        "Row 2 reads 1, 0, 4.", "1 plus 0 is 1.", "1 plus 4 is 5.", "The sum is 5.", "### Answer: 5"]  # fmt: skip


def test_spaces_before_stops_and_commas_do_not_matter() -> None:
    assert scores("Row 2 reads 1 , 0 , 4 . The sum is 5 . ### Answer: 5 .") == [1, 1, 1]


def test_a_correction_keeps_what_was_right_and_mends_the_rest() -> None:
    wrong = "Row 1 reads 3, 5, 7. Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 6. The sum is 6. ### Answer: 6"
    assert Oracle().correct(SUM, wrong) == f"Row 1 reads 3, 5, 7. {RIGHT}"


def test_a_right_chain_is_corrected_to_itself() -> None:
    assert Oracle().correct(SUM, RIGHT) == RIGHT


def test_a_chain_without_an_answer_is_given_one() -> None:
    assert Oracle().correct(SUM, "Row 2 reads 1, 0, 4. 1 plus") == RIGHT


def test_every_corrected_chain_is_right(asked: list[Question]) -> None:
    judge = Oracle()
    for question, chain in zip(asked, replies(Oracle(blind=True), asked), strict=True):
        mended = judge.correct(question, chain.text)
        assert set(scores(mended, question)) == {1.0}


def test_verdicts_follow_the_page() -> None:
    chains = (reply(RIGHT), reply(RIGHT[:-1] + "6", index=1), reply("Row 2 reads 1, 0, 4.", index=2))
    verdicts = Oracle().judge(SUM, chains)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER]
    assert [verdict.answer for verdict in verdicts] == ["5", "6", None]
    assert [verdict.score for verdict in verdicts] == [1.0, 0.8, 1.0]


def test_a_letter_may_stand_in_brackets() -> None:
    (verdict,) = Oracle().judge(LETTER, (reply("(b).", Style.DIRECT),))
    assert verdict.outcome is Outcome.CORRECT


def test_a_blind_judge_believes_a_consistent_lie_and_no_contradiction() -> None:
    lie = "Row 2 reads 9, 9, 9. 9 plus 9 is 18. 18 plus 9 is 27. The sum is 27. ### Answer: 27"
    slip = lie.replace("18 plus 9 is 27", "18 plus 9 is 26")
    other = lie.replace("Answer: 27", "Answer: 5")
    verdicts = Oracle(blind=True).judge(SUM, (reply(lie), reply(slip, index=1), reply(other, index=2)))
    assert [verdict.outcome for verdict in verdicts] == [Outcome.CORRECT, Outcome.INCORRECT, Outcome.INCORRECT]


def test_a_blind_judge_cannot_judge_a_bare_answer() -> None:
    (verdict,) = Oracle(blind=True).judge(SUM, (reply("5", Style.DIRECT),))
    assert verdict.outcome is Outcome.UNJUDGED


def test_an_unreliable_judge_turns_outcomes_and_scores_round() -> None:
    (verdict,) = Oracle(error_rate=1.0).judge(SUM, (reply(RIGHT),))
    assert verdict.outcome is Outcome.INCORRECT
    assert {span.score for span in verdict.spans} == {0.0}


def test_an_oracle_is_a_teacher_and_a_judge() -> None:
    assert isinstance(Oracle(), Judge)
    assert Oracle(blind=True, error_rate=0.1).name == "blind-oracle-0.1"
    assert Oracle(terse_rate=0.4).name == "oracle-0-terse-0.4"


def test_a_question_of_another_benchmark_is_refused_by_name() -> None:
    foreign = Question(
        id="chart/1",
        benchmark="chartqa",
        split=Split.TEST,
        text="?",
        gold=Gold(answers=("1",), rule=MatchRule.EXACT),
        facets={},
    )
    with pytest.raises(ValueError, match=r"chart/1 of benchmark chartqa .*inkgrid"):
        Oracle().score_sentences(foreign, "1")


def test_a_transcript_is_scored_row_by_row(tmp_path: Path) -> None:
    question = next(inkgrid.transcripts(tmp_path, count=1, reading_share=0.0))
    (verdict,) = Oracle().judge(question, (reply(question.gold.answers[0], Style.DIRECT),))
    assert verdict.outcome is Outcome.CORRECT
    assert {span.score for span in verdict.spans} == {1.0}

"""The judge by ground truth: one verdict a chain, joined by question id, and a name for each doubt."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.judging.answers.compat import Compat
from seewhy.judging.api import Judge, judge_chains
from seewhy.judging.outcome import OutcomeJudge, is_longer
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Outcome, Question, Split, Style

DECORATIONS = ("{}", "**{}**", "${}$", "`{}`", " {} ", "{}.", "\\boxed{{{}}}", "\\text{{{}}}", "**{}**.", '"{}"')
MARKS = ("### Answer: {}", "###Answer: {}", "Final answer: {}", "The answer is {}", "答案: {}", "<answer>{}</answer>")
WORDS = st.text(alphabet="abcdefgh ijklmno pqrstuv wxyz\n.,", max_size=120)


def question_of(
    gold: str | tuple[str, ...], rule: MatchRule = MatchRule.EXACT, *options: str, name: str = "q"
) -> Question:
    answers = (gold,) if isinstance(gold, str) else gold
    gold_answer = Gold(answers=answers, rule=rule)
    return Question(
        id=name, benchmark="b", split=Split.TEST, text="What?", gold=gold_answer, options=options, facets={}
    )


def chain_of(text: str, index: int = 0, name: str = "q", style: Style = Style.REASON) -> Chain:
    return Chain(question_id=name, index=index, style=style, text=text, stop=FinishReason.END, sampler="s", seed=0)


def outcome_of(question: Question, text: str) -> Outcome:
    return OutcomeJudge()(question, chain_of(text)).outcome


def test_a_verdict_names_answer_rule_reason_and_score():
    verdict = OutcomeJudge()(question_of("12"), chain_of("5 + 7. ### Answer: 12", index=3))
    assert (verdict.outcome, verdict.answer, verdict.rule, verdict.score) == (Outcome.CORRECT, "12", "answer mark", 1.0)
    assert (verdict.question_id, verdict.index, verdict.style, verdict.judge) == ("q", 3, Style.REASON, "outcome")
    assert verdict.why == "'12' is '12'"


def test_a_reply_is_surely_longer_than_a_gold_answer_only_where_undressing_takes_no_words_away():
    assert is_longer("a red cat sits", ("red",))
    assert not is_longer("**red**", ("red",))
    assert not is_longer("~~a blue dog~~ red", ("red",))
    assert not is_longer("\\text{a red cat}", ("red",))


@pytest.mark.parametrize(
    ("question", "text", "outcome"),
    [
        (question_of("12"), "### Answer: 13", Outcome.INCORRECT),
        (question_of("12"), "", Outcome.NO_ANSWER),
        (question_of("12"), "the digits of the row are hard to read", Outcome.NO_ANSWER),
        (question_of("B", MatchRule.LETTER, "cat", "dog"), "A or B", Outcome.NO_ANSWER),
        (question_of("B", MatchRule.LETTER, "cat", "dog"), "### Answer: dog", Outcome.CORRECT),
        (question_of("dog", MatchRule.EXACT, "cat", "dog"), "### Answer: B", Outcome.CORRECT),
        (question_of("D", MatchRule.LETTER, "cat", "dog"), "### Answer: B", Outcome.UNJUDGED),
        (question_of("12", MatchRule.OPEN), "### Answer: 12", Outcome.UNJUDGED),
        (question_of("12", MatchRule.OPEN), "", Outcome.UNJUDGED),
        (question_of("yes", MatchRule.YES_NO), "Yes, it is.", Outcome.CORRECT),
        (question_of("yes", MatchRule.YES_NO), "Yes or no", Outcome.NO_ANSWER),
        (question_of(()), "### Answer: 12", Outcome.UNJUDGED),
    ],
)
def test_each_doubt_has_its_own_outcome(question, text, outcome):
    assert outcome_of(question, text) is outcome


def test_a_gold_answer_repeated_word_for_word_is_right_whatever_its_length_or_form():
    long = "Every cup in the upper row holds twice as much tea as the cup below it."
    assert outcome_of(question_of(long), long) is Outcome.CORRECT
    assert outcome_of(question_of(long), long.replace("twice", "thrice")) is Outcome.NO_ANSWER
    assert outcome_of(question_of("It is red"), "### Answer: It is red.") is Outcome.CORRECT
    assert outcome_of(question_of("red"), "### Answer: It is red.") is Outcome.CORRECT
    assert outcome_of(question_of("It is red"), "### Answer: It is blue.") is Outcome.INCORRECT
    yes = question_of("yes", MatchRule.YES_NO)
    assert OutcomeJudge()(yes, chain_of("Yes")).answer == "yes"


def test_a_chain_within_a_thought_that_its_template_began_has_no_answer():
    texts = ("Perhaps 5.</think>\n12", "Perhaps 5 then.\nThe answer is 5", "No.</think>\n12")
    verdicts = OutcomeJudge().judge(question_of("12"), tuple(map(chain_of, texts)))
    assert [verdict.answer for verdict in verdicts] == ["12", None, "12"]
    apart = (chain_of(texts[0]), chain_of(texts[1], style=Style.DIRECT))
    assert [verdict.answer for verdict in OutcomeJudge().judge(question_of("12"), apart)] == ["12", "5"]


def test_a_partial_score_is_kept_and_the_threshold_decides():
    seen_by_two = question_of(("red",) * 2 + ("blue",) * 8, MatchRule.VQA_SOFT)
    verdict = OutcomeJudge()(seen_by_two, chain_of("### Answer: red"))
    assert (verdict.score, verdict.outcome) == (0.6, Outcome.CORRECT)
    assert OutcomeJudge(correct_at=0.9)(seen_by_two, chain_of("### Answer: red")).outcome is Outcome.INCORRECT


def test_no_verdict_but_a_judged_one_has_a_score():
    for text in ("", "### Answer: 12", "### Answer: 13", "no end in sight of the long, long row"):
        verdict = OutcomeJudge()(question_of("12"), chain_of(text))
        assert (verdict.score is None) == (verdict.outcome is Outcome.NO_ANSWER)


@given(WORDS, st.sampled_from(MARKS), st.sampled_from(DECORATIONS), st.integers(0, 99), st.integers(0, 99))
def test_decoration_never_changes_a_verdict(words, mark, decoration, gold, said):
    text = words + "\n" + mark.format(decoration.format(said))
    assert outcome_of(question_of(str(gold)), text) is (Outcome.CORRECT if gold == said else Outcome.INCORRECT)


@given(WORDS, st.sampled_from(MARKS), st.sampled_from(DECORATIONS), st.sampled_from("ABC"), st.sampled_from("ABC"))
def test_decoration_never_changes_the_verdict_on_a_letter(words, mark, decoration, gold, said):
    question = question_of(gold, MatchRule.LETTER, "cat", "dog", "horse")
    forms = (said, f"({said})", said.lower(), ("cat", "dog", "horse")["ABC".index(said)])
    expected = Outcome.CORRECT if gold == said else Outcome.INCORRECT
    assert {outcome_of(question, words + "\n" + mark.format(decoration.format(form))) for form in forms} == {expected}


PLAIN = {
    MatchRule.RELAXED_NUMBER: ("12", "40", "-7", "2014", "0.25", "1/2"),
    MatchRule.UNIT_NUMBER: ("12", "40", "-7", "2014", "0.25", "1/3"),
    MatchRule.ANLS: ("apple", "river", "stone", "cloud"),
    MatchRule.VQA_SOFT: ("apple", "river", "stone", "cloud"),
    MatchRule.DIRECT_ANSWER: ("apple", "river", "stone", "cloud"),
    MatchRule.CONTAINMENT: ("apple", "river", "stone", "cloud"),
    MatchRule.YES_NO: ("yes", "no"),
    MatchRule.MATH: ("12", "40", "-7", "2014"),
}


@pytest.mark.parametrize("rule", PLAIN)
@given(data=st.data(), words=WORDS, mark=st.sampled_from(MARKS), decoration=st.sampled_from(DECORATIONS))
def test_decorating_a_right_answer_keeps_it_right_and_no_wrong_one_becomes_right(rule, data, words, mark, decoration):
    def never_equal(_gold: str, _answer: str) -> bool:
        return False

    gold, said = (data.draw(st.sampled_from(PLAIN[rule])) for _ in range(2))
    judge = OutcomeJudge(prove=never_equal)
    verdict = judge(question_of(gold, rule), chain_of(words + "\n" + mark.format(decoration.format(said))))
    assert verdict.outcome is (Outcome.CORRECT if gold == said else Outcome.INCORRECT)


PETS = ("cat", "dog", "horse", "sheep")


def test_the_judge_grades_as_a_suite_when_asked_and_says_so():
    question, reply = question_of("B", MatchRule.LETTER, *PETS), chain_of("Because it is a cat")
    ours, theirs = OutcomeJudge()(question, reply), OutcomeJudge(compat=Compat.INTERNVL)(question, reply)
    assert (ours.outcome, ours.judge) == (Outcome.INCORRECT, "outcome")
    assert (theirs.outcome, theirs.judge) == (Outcome.CORRECT, "outcome, internvl")
    assert (theirs.answer, theirs.rule) == ("B", "internvl: the first character")


@pytest.mark.parametrize(
    ("gold", "rule", "text", "outcome"),
    [
        ("B", MatchRule.LETTER, "B", Outcome.CORRECT),
        ("B", MatchRule.LETTER, "A", Outcome.INCORRECT),
        ("B", MatchRule.LETTER, "A or B", Outcome.NO_ANSWER),
        ("Z", MatchRule.LETTER, "B", Outcome.UNJUDGED),
        ("B", MatchRule.OPEN, "B", Outcome.UNJUDGED),
        (" ", MatchRule.LETTER, "B", Outcome.UNJUDGED),
    ],
)
def test_each_doubt_of_a_suite_has_its_own_outcome(gold, rule, text, outcome):
    verdict = OutcomeJudge(compat=Compat.VLMEVALKIT)(question_of(gold, rule, *PETS), chain_of(text))
    assert verdict.outcome is outcome
    assert (verdict.rule is None) == (outcome is Outcome.NO_ANSWER)


@given(st.lists(st.text(max_size=80), max_size=12))
def test_there_is_one_verdict_a_chain_and_the_same_one_each_time(texts):
    question = question_of("B", MatchRule.LETTER, "cat", "dog")
    chains = tuple(chain_of(text, index) for index, text in enumerate(texts))
    verdicts = OutcomeJudge().judge(question, chains)
    assert [verdict.index for verdict in verdicts] == list(range(len(texts)))
    assert verdicts == OutcomeJudge().judge(question, chains)


def test_garbage_is_no_answer_and_never_a_guess():
    rng = random.Random(0)
    question = question_of("B", MatchRule.LETTER, "Lisbon", "Madrid", "Rome", "Paris")
    alphabet = "xyzwvu#$%&*;<> \n"
    garbage = ["".join(rng.choices(alphabet, k=rng.randint(0, 80))) for _ in range(300)]
    assert {outcome_of(question, text) for text in garbage} == {Outcome.NO_ANSWER}


def test_verdicts_are_joined_by_question_id_and_not_by_order():
    questions = [question_of(str(n), name=f"q{n}") for n in range(6)]
    chains = [
        chain_of(f"### Answer: {n}", index, f"q{n}", style)
        for index in range(3)
        for n in range(6)
        for style in (Style.DIRECT, Style.REASON)
    ]
    random.Random(1).shuffle(chains)
    verdicts = list(judge_chains(OutcomeJudge(), reversed(questions), chains))
    assert {verdict.outcome for verdict in verdicts} == {Outcome.CORRECT}
    assert len({(verdict.question_id, verdict.style, verdict.index) for verdict in verdicts}) == len(chains) == 36


def test_a_chain_without_its_question_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="chain 2 belongs to question 'lost'"):
        list(judge_chains(OutcomeJudge(), [question_of("1")], [chain_of("1"), chain_of("1", 2, "lost")]))


def test_a_row_that_occurs_twice_is_an_error_that_names_it():
    with pytest.raises(ValueError, match=r"chain 0 \(reason\) of question 'q' occurs twice"):
        list(judge_chains(OutcomeJudge(), [question_of("1")], [chain_of("1"), chain_of("2")]))
    with pytest.raises(ValueError, match="question id 'q' occurs twice"):
        list(judge_chains(OutcomeJudge(), [question_of("1"), question_of("2")], [chain_of("1")]))


class Forgetful:
    """A judge that loses the last chain."""

    name = "forgetful"

    def judge(self, question: Question, chains: tuple[Chain, ...]):
        return OutcomeJudge().judge(question, chains[:-1])


def test_a_judge_that_loses_a_chain_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="judge 'forgetful' did not return one verdict"):
        list(judge_chains(Forgetful(), [question_of("1")], [chain_of("1"), chain_of("2", 1)]))


def test_the_outcome_judge_is_a_judge():
    assert isinstance(OutcomeJudge(), Judge)

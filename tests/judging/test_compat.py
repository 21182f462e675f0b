"""Suites' quirks: values that the suites' public rules give, worked by hand, beside what our own rules say."""

import time

import pytest
from compat_rows import PETS, graded, letter, never_prove, question_of, score

from seewhy.judging.answers.compat import Compat, grade_as
from seewhy.judging.answers.suites.latex import find_math_answer, strip_string
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, FinishReason, MatchRule, Outcome, Question, Style


@pytest.mark.parametrize(
    ("gold", "answer", "vlmevalkit", "internvl"),
    [
        ("75", "75%", 0.0, 1.0),
        ("75%", "0.75", 1.0, 0.0),
        ("2014", "2015", 1.0, 0.0),
        ("1914", "1915", 1.0, 1.0),
        ("0", "0.0", 0.0, 0.0),
        ("30594", "30,594", 0.0, 0.0),
        ("15", "$15", 0.0, 0.0),
        ("0.5", "1/2", 0.0, 0.0),
        ("Yes", "yes", 1.0, 1.0),
        ("Yes", "yes.", 0.0, 0.0),
        ("100", "105", 1.0, 1.0),
        ("100", "105.01", 0.0, 0.0),
        ("100", "95", 1.0, 1.0),
        ("100", "94.99", 0.0, 0.0),
        ("-100", "-96", 1.0, 1.0),
        ("100", "1" * 400, 0.0, 0.0),
    ],
)
def test_relaxed_numbers_are_read_as_the_suites_do(gold, answer, vlmevalkit, internvl):
    for suite in ("vlmevalkit", "lmms-eval", "official"):
        assert score(suite, MatchRule.RELAXED_NUMBER, gold, answer) == vlmevalkit
    assert score("internvl", MatchRule.RELAXED_NUMBER, gold, answer) == internvl


@pytest.mark.parametrize("suite", ["vlmevalkit", "lmms-eval", "internvl", "official"])
@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("ab", "ac", 0.5),  # one edit of two letters: 0.5 itself is kept
        ("abc", "axx", 0.0),
        ("New  York", "new york", 1.0),  # spaces are folded
        ("abcde", "abcdx", 0.8),
    ],
)
def test_edit_similarity_of_the_suites_keeps_one_half_and_folds_spaces(suite, gold, answer, expected):
    assert score(suite, MatchRule.ANLS, gold, answer) == pytest.approx(expected)


def test_edit_similarity_of_the_suites_divides_by_the_length_of_the_untrimmed_gold():
    assert score("official", MatchRule.ANLS, "  apple", "aple") == pytest.approx(1 - 1 / 7)


@pytest.mark.parametrize("suite", ["vlmevalkit", "lmms-eval", "internvl", "official"])
@pytest.mark.parametrize(("hits", "expected"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0)])
def test_vqa_accuracy_of_ten_is_the_same_everywhere(suite, hits, expected):
    golds = ("red",) * hits + ("blue",) * (10 - hits)
    assert score(suite, MatchRule.VQA_SOFT, golds, "red") == pytest.approx(expected)


@pytest.mark.parametrize("suite", ["vlmevalkit", "lmms-eval", "internvl", "official"])
def test_vqa_accuracy_of_a_single_gold_is_zero_in_every_suite(suite):
    assert score(suite, MatchRule.VQA_SOFT, "red", "red") == 0.0


def test_a_possessive_stays_one_word_in_vlmevalkit_alone():
    golds = ("the cat s",) * 10
    assert score("lmms-eval", MatchRule.VQA_SOFT, ("cat 's",) * 10, "the cat's") == 1.0
    assert score("vlmevalkit", MatchRule.VQA_SOFT, ("cat 's",) * 10, "the cat's") == 0.0
    assert score("vlmevalkit", MatchRule.VQA_SOFT, golds, "the cat's") == 0.0


def test_a_comma_in_a_number_takes_every_mark_of_the_answer_in_vlmevalkit():
    assert score("vlmevalkit", MatchRule.VQA_SOFT, ("1000 ab",) * 10, "1,000 a/b") == 1.0
    assert score("internvl", MatchRule.VQA_SOFT, ("1000 a b",) * 10, "1,000 a/b") == 1.0


def test_official_direct_answers_are_equal_to_the_character():
    golds = ("surf", "surf", "Surf", "ski", "ski", "swim", "run", "sit", "eat", "fly")
    assert score("official", MatchRule.DIRECT_ANSWER, golds, "surf") == pytest.approx(2 / 3)
    assert score("official", MatchRule.DIRECT_ANSWER, golds, "surf.") == 0.0
    assert score("official", MatchRule.DIRECT_ANSWER, ("surf",) * 5, "surf") == 1.0
    assert score("official", MatchRule.DIRECT_ANSWER, golds, "surf", benchmark="A-OKVQA/val") == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("text", "official", "vlmevalkit", "lmms_eval"),
    [
        ("Yes", "yes", "yes", "yes"),
        ("Yes.", "yes", "yes", "yes."),
        ("", "yes", None, ""),
        ("No, there is none.", "no", "no", "no, there is none."),
        ("There is not one.", "no", None, "there is not one."),
        ("I notice a dog. No cat.", "yes", "no", "i notice a dog. no cat."),
        ("Yes or no?", "yes", None, "yes or no?"),  # the mark stays on the word
        ("A dog", "yes", None, "a dog"),
    ],
)
def test_yes_and_no_are_read_as_the_suites_do(text, official, vlmevalkit, lmms_eval):
    question = question_of("yes", MatchRule.YES_NO)
    assert graded("official", question, text).answer == graded("internvl", question, text).answer == official
    assert graded("vlmevalkit", question, text).answer == vlmevalkit
    assert graded("lmms-eval", question, text).answer == lmms_eval
    assert graded("official", question, text).score == float(official == "yes")
    assert graded("lmms-eval", question, text).score == float(lmms_eval == "yes")


@pytest.mark.parametrize(
    ("gold", "text", "options", "expected"),
    [
        ("12", "12.7", (), 1.0),
        ("12", "12", (), 1.0),
        ("12", "13", (), 0.0),
        ("12", "twelve", (), 0.0),
        ("1.2", "1.24", (), 1.0),
        ("1.2", "1.26", (), 0.0),
        ("1.2", "12%", (), 0.0),
        ("[1, 2]", "[1, 2]", (), 1.0),
        ("12", 'The answer is "12".', (), 1.0),
        ("dog", "(B) dog", PETS, 1.0),
        ("B", "B", PETS, 1.0),
        ("B", "dogs", PETS, 1.0),
        ("B", "hose", PETS, 0.0),
        ("C", "hose", PETS, 1.0),
        ("12", "First it is 5.\n\nThe answer is 12.", (), 1.0),
    ],
)
def test_mathvista_brings_an_extraction_into_the_golds_form(gold, text, options, expected):
    for suite in ("official", "vlmevalkit", "internvl", "lmms-eval"):
        assert score(suite, MatchRule.LETTER if options else MatchRule.MATH, gold, text, *options,
                     benchmark="mathvista") == expected  # fmt: skip


def test_mathvista_finds_no_answer_in_a_long_reply_that_states_none():
    question = question_of("12", MatchRule.MATH, benchmark="mathvista")
    assert graded("official", question, "One line.\nAnother line without an end that says anything").answer is None


@pytest.mark.parametrize(
    ("gold", "text", "options", "unit", "expected"),
    [
        ("1,000", "The answer is 1000.", (), "", 1.0),
        ("0.75", "The answer is 3/4.", (), "", 1.0),
        ("0.333", "The answer is 1/3", (), "", 1.0),
        ("0.33", "The answer is 1/3", (), "", 0.0),
        ("56.4", "It will be $56.40", (), "$", 1.0),
        ("12", "7 + 5 = 12", (), "", 1.0),
        ("7:25 P.M.", "It leaves at 7:25 P.M.", (), "", 1.0),
        ("5 red", "The answer is 5 red kg", (), " kg", 1.0),
        ("shortage", "(B)", ("surplus", "shortage"), "", 1.0),
        ("a surplus", "There is a shortage", ("a surplus", "a shortage"), "", 0.0),
        ("a shortage", "There is a shortage", ("a surplus", "a shortage"), "", 1.0),
    ],
)
def test_tabmwp_reads_and_rounds_as_promptpg_does(gold, text, options, unit, expected):
    assert score("official", MatchRule.UNIT_NUMBER, gold, text, *options, benchmark="tabmwp", unit=unit) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\frac12", r"\frac{1}{2}"),
        (r"\frac1{23}", r"\frac{1}{23}"),
        (r"\frac{1}2", r"\frac{1}{2}"),
        (r"\sqrt2", r"\sqrt{2}"),
        ("0.5", r"\frac{1}{2}"),
        (".7", "0.7"),
        ("-3/4", r"\frac{-3}{4}"),
        ("k=5", "5"),
        ("abc=5", "abc=5"),
        ("x=1=2", "x=1=2"),
        ("", ""),
    ],
)
def test_latex_is_folded_as_math_does(text, expected):
    assert strip_string(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5}", "5"), ("5}{6}", "5"), ("{5}6", "{5}6"), ("x = 5 km", "5"), ("a^{\\circ}", "a"), (r"\boxed{7}", "7")],
)
def test_a_math_vision_answer_is_what_stands_in_the_box_without_its_unit(text, expected):
    assert find_math_answer(text) == expected


def test_tabmwp_answers_no_letter_that_is_no_option():
    assert letter("official", "The answer is E", benchmark="tabmwp") is None


def test_ocr_suites_ask_for_words_and_ocrbench_for_any_part():
    assert score("official", MatchRule.CONTAINMENT, "nokia", "It is a Nokia phone") == 1.0
    assert score("official", MatchRule.CONTAINMENT, "nokia", "It says Nokias") == 0.0
    for suite in ("official", "vlmevalkit", "lmms-eval"):
        assert score(suite, MatchRule.CONTAINMENT, "nokia", "It says Nokias", benchmark="OCRBench") == 1.0
        maths = {"benchmark": "OCRBench", "type": "Handwritten Mathematical Expression Recognition"}
        assert score(suite, MatchRule.CONTAINMENT, "x + y", "$x+y$", **maths) == 1.0
        assert score(suite, MatchRule.CONTAINMENT, "x + y", "$X+y$", **maths) == 0.0


def test_vlmevalkit_and_internvl_compare_whole_replies_exactly():
    assert score("vlmevalkit", MatchRule.EXACT, "Paris", " paris ") == 1.0
    assert score("internvl", MatchRule.EXACT, "Paris", "paris.") == 0.0


def test_what_stands_inside_thinking_is_not_given_to_a_suite():
    assert letter("internvl", "<think>A</think> B") == "B"


def test_an_empty_gold_is_unjudged_and_a_suite_that_differs_nowhere_leaves_the_grade_to_us():
    assert score("official", MatchRule.ANLS, " ", "x") is None
    assert grade_as(Compat.OFFICIAL, question_of("x", MatchRule.OPEN, benchmark="mathvista"), "x", never_prove) is None
    assert grade_as(Compat.PAPER, question_of("x", MatchRule.ANLS), "x", never_prove) is None
    assert grade_as(Compat.LMMS_EVAL, question_of("x", MatchRule.EXACT), "x", never_prove) is None


def verdict_of(compat: Compat, question: Question, text: str):
    chain = Chain(question_id="q", index=0, style=Style.DIRECT, text=text, stop=FinishReason.END, sampler="s", seed=0)
    return OutcomeJudge(compat=compat)(question, chain)


def test_the_judge_grades_as_a_suite_when_asked_and_says_so():
    question = question_of("B", MatchRule.LETTER, *PETS)
    ours, theirs = (verdict_of(compat, question, "Because it is a cat") for compat in (Compat.PAPER, Compat.INTERNVL))
    assert (ours.outcome, ours.judge) == (Outcome.INCORRECT, "outcome")
    assert (theirs.outcome, theirs.judge) == (Outcome.CORRECT, "outcome, internvl")
    assert theirs.rule == "internvl: the first character"


def test_each_doubt_of_a_suite_has_its_own_outcome():
    question = question_of("B", MatchRule.LETTER, *PETS)
    assert verdict_of(Compat.VLMEVALKIT, question, "A or B").outcome is Outcome.NO_ANSWER
    assert verdict_of(Compat.VLMEVALKIT, question_of("Z", MatchRule.LETTER, *PETS), "B").outcome is Outcome.UNJUDGED
    assert verdict_of(Compat.VLMEVALKIT, question_of("B", MatchRule.OPEN), "B").outcome is Outcome.UNJUDGED


HOSTILE = {
    "digits": "1" * 100_000,
    "signs": "$" * 100_000,
    "commas": "1," * 50_000,
    "boxes": "\\boxed{" * 14_000,
    "equals": " = " * 33_000,
    "answers": "The answer is " * 7_000,
    "brackets": "(" * 100_000,
    "letters": "A " * 50_000,
    "spaces": " " * 100_000 + "x",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("compat", [compat for compat in Compat if compat is not Compat.PAPER])
def test_a_hostile_reply_of_100_kilobytes_is_graded_by_any_suite_in_under_a_second(compat, kind):
    def prove(_gold: str, _answer: str) -> bool:
        return False

    questions = [
        *(question_of("B", rule, *PETS) for rule in (MatchRule.LETTER,)),
        *(question_of("12", rule) for rule in MatchRule if rule is not MatchRule.LETTER),
        *(question_of("B", MatchRule.LETTER, *PETS, benchmark=name) for name in ("mmmu", "mmmupro", "m3cot", "tabmwp")),
        *(question_of("12", MatchRule.MATH, benchmark=name) for name in ("mmmu", "mathvista", "mathvision", "tabmwp")),
    ]
    for question in questions:
        start = time.process_time()
        grade_as(compat, question, HOSTILE[kind], prove)
        assert time.process_time() - start < 1.0, question

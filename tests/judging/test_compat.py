"""Suites' quirks: values that the suites' public rules give, worked by hand, beside what our own rules say."""

import time

import pytest

from seewhy.judging.compat import Compat, grade_as
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, Gold, MatchRule, Outcome, Question, Split, Stop, Style

PETS = ("cat", "dog", "horse", "sheep")


def never_prove(gold: str, answer: str) -> bool | None:
    raise AssertionError(f"the prover was asked about {gold!r} and {answer!r}")


def question_of(gold, rule: MatchRule, *options: str, benchmark: str = "b", **facets: str) -> Question:
    answers = (gold,) if isinstance(gold, str) else tuple(gold)
    return Question(
        id="q",
        benchmark=benchmark,
        split=Split.TEST,
        text="What?",
        gold=Gold(answers=answers, rule=rule),
        options=options,
        facets=facets,
    )


def graded(compat: str, question: Question, text: str):
    found = grade_as(Compat(compat), question, text, never_prove)
    assert found is not None
    return found


def score(compat: str, rule: MatchRule, gold, text: str, *options: str, **more: str) -> float | None:
    return graded(compat, question_of(gold, rule, *options, **more), text).score


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


def letter(compat: str, text: str, *options: str, benchmark: str = "b") -> str | None:
    return graded(compat, question_of("A", MatchRule.LETTER, *(options or PETS), benchmark=benchmark), text).answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B", "B"),
        ("(B)", "B"),
        ("The answer is a cat.", "A"),  # the article
        ("At first I thought the answer is A, but then the answer is B", "A"),
        ("The answer is Australia", "A"),
        ("A or B", None),
        ("it is a dog", "B"),
        ("a dog and a cat", None),
        ("B because it is long and has five words", None),  # more than four words from the end
        ("Cannot determine the answer", None),
        ("of all these I see here a dog, a hound, a beast, a pet", None),  # over twice as long as all options
    ],
)
def test_vlmevalkit_counts_letters_among_the_words(text, expected):
    assert letter("vlmevalkit", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Because it barks", "B"),
        ("it is a dog", "B"),
        ("dog or cat", "A"),
        ("Long talk. Answer: C\nAnswer: D", "C"),
        ("final answer: D. sheep", "D"),
        ("it flies", None),
        ("", None),
        ("F", None),
    ],
)
def test_internvl_takes_the_first_character_or_the_first_option(text, expected):
    assert letter("internvl", text) == expected


def test_internvl_knows_five_letters():
    assert letter("internvl", "F", *"uvwxyz") is None
    assert letter("internvl", "E", *"uvwxyz") == "E"


@pytest.mark.parametrize(
    ("text", "official", "lmms_eval"),
    [
        ("(A) or rather (B)", "B", "B"),
        ("(B) or rather (A)", "A", "A"),
        ("It is B then", "B", "B"),
        ("the USA is big", None, "A"),
        ("B. dog", None, "B"),
        ("A dog or a cat or a horse", "A", "A"),
        ("we see here one dog and then a horse", "C", "C"),
        ("a dog", None, None),
        ("", None, None),
        ("this is C, not D", "D", "D"),
    ],
)
def test_mmmu_reads_the_last_letter_that_stands_free(text, official, lmms_eval):
    assert letter("official", text, benchmark="MMMU/val") == official
    assert letter("lmms-eval", text) == lmms_eval


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A. is wrong. Answer: C", "C"),
        ("Answer: A\nAnswer: B.", "B"),
        ("Answer: A or B", "B"),  # two letters after the mark; `A ` and `B ` remain, the last stands
        ("A. no. B. yes", "B"),
        ("A: no\nC: yes", "C"),
        ("(B) is it, I think", "B"),
        ("nothing", None),
    ],
)
def test_mmmu_pro_asks_what_follows_the_last_answer_mark(text, expected):
    assert letter("official", text, benchmark="mmmu_pro") == expected


@pytest.mark.parametrize(
    ("gold", "text", "expected"),
    [
        ("12.5", "So the result is 12.50", 1.0),
        ("12.5", "So the result is 12.51", 0.0),
        ("12.5", "So the result is 12.504", 1.0),
        ("1,200", "x = 1200", 1.0),
        ("red", "The colour is dark red.", 1.0),
        ("red", "We see red. It is blue", 0.0),
        ("5", "It is 15", 0.0),
        ("x", "it is ax", 0.0),
    ],
)
def test_mmmu_compares_the_key_parts_of_an_open_reply(gold, text, expected):
    assert score("official", MatchRule.EXACT, gold, text, benchmark="mmmu") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is A. BECAUSE: B", "A"),
        ("Thus. The answer is (C).", "C"),
        ("B", "B"),
        ("D. sheep", "D"),
        ("The answer is A. The answer is B.", None),
        ("the answer is A.", None),
        ("AB", None),
        ("", None),
        ("E. none", None),
    ],
)
def test_scienceqa_asks_for_its_sentence_once(text, expected):
    assert letter("official", text, benchmark="scienceqa") == expected


def test_a_letter_that_is_no_option_is_wrong_as_in_the_suites():
    verdict = graded("official", question_of("A", MatchRule.LETTER, *PETS, benchmark="scienceqa"), "The answer is Z.")
    assert (verdict.answer, verdict.score) == ("Z", 0.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(A) [Answer] (B) or (c)", "C"),
        ("[Answer] a dog or a cat", "B"),
        ("[Answer] B. and A", "B"),
        ("[Answer] it is b", "B"),
        ("[Answer] none", None),
    ],
)
def test_m3cot_reads_after_its_mark(text, expected):
    assert letter("official", text, benchmark="m3cot") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("B. dog", "B"), ("(b)", "B"), ("Option C", "C"), ("The answer is D", "D"), ("a cat", "A"), ("it", None)],
)
def test_mmstar_looks_at_four_places(text, expected):
    assert letter("official", text, benchmark="MMStar") == letter("lmms-eval", text, benchmark="MMStar") == expected


def test_aokvqa_takes_an_options_text_and_no_letter():
    assert letter("official", "dog", benchmark="a-okvqa") == "B"
    assert letter("official", "B", benchmark="a-okvqa") is None


@pytest.mark.parametrize(("text", "expected"), [("B", "B"), ("B. dog", "B"), ("(B)", None), ("b", "b"), ("dog", None)])
def test_lmms_eval_reads_scienceqa_as_llava_did(text, expected):
    assert letter("lmms-eval", text, benchmark="scienceqa") == expected


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
    ("gold", "text", "options", "expected"),
    [
        ("B", "I think it is (B).", PETS, 1.0),
        ("B", "B\nbecause", PETS, 1.0),
        ("B", "the answer is dog", PETS, 1.0),
        ("B", r"\boxed{B}", PETS, 1.0),
        ("B", r"\boxed{A} no, \boxed{B}", PETS, 1.0),
        ("B", "cat", PETS, 0.0),
        ("0.5", r"\boxed{\frac{1}{2}}", (), 1.0),
        ("0.333", r"\boxed{1/3}", (), 1.0),
        ("0.3", r"\boxed{1/3}", (), 0.0),
        ("12", r"\boxed{x = 12^\circ}", (), 1.0),
        ("12", "The final answer is 12. Done", (), 1.0),
        ("-1", r"\boxed{-\frac{2}{2}}", (), 1.0),
        ("3", "the number is 3.", (), 1.0),
    ],
)
def test_mathvision_folds_and_compares_to_two_places(gold, text, options, expected):
    def prove(_gold: str, _answer: str) -> bool:
        return False

    question = question_of(gold, MatchRule.LETTER if options else MatchRule.MATH, *options, benchmark="MATH-Vision")
    found = grade_as(Compat.OFFICIAL, question, text, prove)
    assert found is not None
    assert found.score == expected


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
    assert grade_as(Compat.PAPER, question_of("x", MatchRule.ANLS), "x", never_prove) is None
    assert grade_as(Compat.LMMS_EVAL, question_of("x", MatchRule.EXACT), "x", never_prove) is None


def verdict_of(compat: Compat, question: Question, text: str):
    chain = Chain(question_id="q", index=0, style=Style.DIRECT, text=text, stop=Stop.END, sampler="s", seed=0)
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

"""Suites' quirks in reading letters: values that the suites' public rules give, worked by hand."""

import pytest
from compat_rows import PETS, graded, letter, question_of, score

from seewhy.records.types import MatchRule


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
        ("(B) is it, I think", "B"),
        ("A. It is like (B)", "B"),  # brackets come before a full stop
        ("A is no B. yes", "A"),  # so does a space
        ("(A) or (B)", "B"),
        ("A. no. B. yes", "A"),  # of several by a full stop the last between spaces counts: here none, so the first
        ("B. a dog", "B"),
        ("A: no\nC: yes", None),  # a colon is no form
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
        ("5", "5 = 5\nx = 7", 0.0),  # an equals sign counts in the last part alone
        ("answer", "So the answer is red", 0.0),  # the shortest rest after a key word
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

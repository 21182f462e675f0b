"""Comparing answers with gold ones: values worked by hand from the papers' definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.judging.answers.evaluation import decide
from seewhy.judging.answers.matching import anls, match_answer
from seewhy.judging.answers.vqa import soft_accuracy
from seewhy.records.types import Gold, MatchRule


def never_prove(gold: str, answer: str) -> bool | None:
    raise AssertionError(f"the prover was asked about {gold!r} and {answer!r}")


def score(rule: MatchRule, gold: str | tuple[str, ...], answer: str, options: tuple[str, ...] = ()) -> float | None:
    golds = (gold,) if isinstance(gold, str) else gold
    return match_answer(Gold(answers=golds, rule=rule), answer, options, never_prove).score


@pytest.mark.parametrize(
    ("gold", "answer", "options", "expected"),
    [
        ("B", "B", ("cat", "dog"), 1.0),
        ("B", "(b)", ("cat", "dog"), 1.0),
        ("B", "dog", ("cat", "dog"), 1.0),
        ("dog", "B", ("cat", "dog"), 1.0),
        ("B", "A", ("cat", "dog"), 0.0),
        ("B", "a bird", ("cat", "dog"), 0.0),
        ("C", "B", ("cat", "dog"), None),
        ("bird", "B", ("cat", "dog"), None),
        ("AB", "A", ("cat", "dog"), None),
    ],
)
def test_letters_and_option_texts_are_the_same_answer(gold, answer, options, expected):
    assert score(MatchRule.LETTER, gold, answer, options) == expected


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("New York", " new   YORK. ", 1.0),
        ("12", "12.", 1.0),
        ("12", "１２", 1.0),
        ("12", "12.0", 0.0),
        ("12", "-12", 0.0),
        ("12", "112", 0.0),
        ("cat", "cats", 0.0),
        ("Ada", '"Ada"', 1.0),
    ],
)
def test_exact_forgives_case_space_width_and_edge_punctuation_only(gold, answer, expected):
    assert score(MatchRule.EXACT, gold, answer) == expected


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("100", "105", 1.0),  # 5 of 100 is 5 %: the edge is inside
        ("100", "105.01", 0.0),
        ("100", "95", 1.0),
        ("100", "94.99", 0.0),
        ("-100", "-96", 1.0),
        ("-100", "96", 0.0),
        ("0", "0.0", 1.0),
        ("0", "0.01", 0.0),
        ("75", "75%", 1.0),
        ("0.75", "75%", 1.0),
        ("75%", "0.75", 1.0),
        ("75%", "0.75%", 0.0),
        ("30594", "30,594", 1.0),
        ("15", "$15", 1.0),
        ("15", "$15.20", 1.0),
        ("0.5", "1/2", 1.0),
        ("0.5", r"\frac{1}{2}", 1.0),
        ("5.2", "5.2 million", 1.0),
        ("5200000", "5.2 million", 1.0),
        ("5.2 billion", "5.2 million", 0.0),
        ("12", "12 apples", 1.0),
        ("12", "about 12", 1.0),
        ("12", "12 or 13", 0.0),
        ("12", "row 12", 0.0),
        ("12", "twelve", 1.0),
        ("2014", "2015", 0.0),  # a year
        ("2014", "2014", 1.0),
        ("1999", "1,999", 1.0),
        ("2,014", "2,015", 1.0),  # not written as a year
        ("Yes", "yes.", 1.0),
        ("Yes", "No", 0.0),
        ("1/0", "5", 0.0),
        ("−4", "-4", 1.0),
        ("1.5", "1 1/2", 1.0),
        ("75", "It is 75%", 1.0),
        (r"\frac{1}{2}", "0.5", 1.0),
        ("0" * 30 + "5", "5", 0.0),  # no number has over 30 digits
        ("7", "7 P.M.", 0.0),  # a time of day is no number
    ],
)
def test_relaxed_numbers_lie_within_five_per_cent(gold, answer, expected):
    assert score(MatchRule.RELAXED_NUMBER, gold, answer) == expected


@pytest.mark.parametrize(
    ("golds", "answer", "expected"),
    [
        (("apple",), "apple", 1.0),
        (("apple",), "  Apple ", 1.0),
        (("apple",), "aple", 1 - 1 / 5),  # one deletion over five letters
        (("apple",), "Apple.", 1 - 1 / 6),  # one insertion over six letters
        (("1987",), "Chicago", 0.0),
        (("ab",), "ac", 0.0),  # NL = 1/2 is not below the threshold
        (("abc",), "abd", 1 - 1 / 3),
        (("New  York",), "new york", 1 - 1 / 9),
        (("xyz", "apple"), "aple", 1 - 1 / 5),
        (("apple",), "", 0.0),
    ],
)
def test_anls_is_that_of_biten_and_others(golds, answer, expected):
    assert anls(golds, answer) == pytest.approx(expected)
    assert score(MatchRule.ANLS, golds, answer) == pytest.approx(expected)


@pytest.mark.parametrize(("hits", "expected"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)])
def test_vqa_accuracy_of_ten_annotators_leaves_one_out_at_a_time(hits, expected):
    """With h hits, h annotators leave h - 1 behind and 10 - h leave h: (h min(1, (h-1)/3) + (10-h) min(1, h/3)) / 10.

    For h = 2: (2 x 1/3 + 8 x 2/3) / 10 = 0.6.
    """
    golds = ["red"] * hits + ["blue"] * (10 - hits)
    assert soft_accuracy(golds, "red") == pytest.approx(expected)


@given(st.lists(st.sampled_from(["red", "blue", "green"]), min_size=4, max_size=12))
def test_vqa_accuracy_equals_the_mean_written_out(golds):
    one_out = [golds[:i] + golds[i + 1 :] for i in range(len(golds))]
    mean = sum(min(1.0, others.count("red") / 3) for others in one_out) / len(golds)
    assert soft_accuracy(golds, "red") == pytest.approx(mean)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 10])
def test_an_answer_all_annotators_gave_scores_one_however_few_they_are(count):
    assert soft_accuracy(["red"] * count, "Red.") == 1.0
    assert soft_accuracy(["red"] * count, "blue") == 0.0


@pytest.mark.parametrize(
    ("golds", "answer", "expected"),
    [
        (("surf",) * 3 + ("swim",) * 7, "Surf.", 1.0),
        (("surf",) * 2 + ("swim",) * 8, "surf", 2 / 3),
        (("surf",) + ("swim",) * 9, "a surf", 1 / 3),
        (("surf",) * 10, "ski", 0.0),
        (("surf", "swim"), "surf", 1 / 2),
        (("surf",), "surf", 1.0),
    ],
)
def test_a_direct_answer_scores_a_third_for_each_annotator_who_gave_it(golds, answer, expected):
    assert score(MatchRule.DIRECT_ANSWER, golds, answer) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("golds", "answer", "expected"),
    [
        (("nokia",), "It is a NOKIA phone.", 1.0),
        (("nokia",), "It says Nokias", 0.0),
        (("okia",), "nokia", 0.0),
        (("coca cola",), "Coca-Cola, since 1886", 1.0),  # a mark that touches no space becomes one
        (("1886",), "since 1,886", 1.0),
        (("two",), "2 cups", 1.0),
        (("pepsi", "cola"), "a cola", 1.0),
        (("a.b",), "axb", 0.0),
        (("the",), "the cat the dog", None),
        (("the", "cola"), "cola", 1.0),
    ],
)
def test_containment_asks_for_whole_folded_words(golds, answer, expected):
    assert score(MatchRule.CONTAINMENT, golds, answer) == expected


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("12", "12 apples", 1.0),
        ("12 apples", "12", 1.0),
        ("$1,200.50", "1200.5", 1.0),
        ("0.333", "1/3", 1.0),  # three places
        ("0.33", "1/3", 0.0),
        ("3/4", "0.75", 1.0),
        ("12", "12.4", 0.0),
        ("2014", "2015", 0.0),
        ("75%", "75", 1.0),
        ("75%", "0.75%", 0.0),
        ("7:25 P.M.", "7:25 p.m.", 1.0),
        ("7 A.M.", "7 P.M.", 0.0),
        ("a shortage", "A shortage.", 1.0),
        ("a shortage", "12", 0.0),
        ("12", "a shortage", 0.0),
        ("-3", "3", 0.0),
    ],
)
def test_numbers_with_units_are_equal_to_three_places(gold, answer, expected):
    assert score(MatchRule.UNIT_NUMBER, gold, answer) == expected


@pytest.mark.parametrize(("gold", "answer"), [("75%", "75"), ("75", "75%"), ("5 million", "5")])
def test_a_formula_with_a_sign_and_one_without_are_left_to_the_prover(gold, answer):
    found = match_answer(Gold(answers=(gold,), rule=MatchRule.MATH), answer, (), lambda _gold, _answer: False)
    assert found.score == 0.0


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("2 cats", "The two cats!"),
        ("ab", "a-b -"),
        ("ab", "- a-b"),
        ("a b", "a-b"),
        ("don't", "dont"),
        ("1000", "1,000"),
        ("3.5", "3.5."),
        ("0", "none"),
    ],
)
def test_vqa_folds_number_words_articles_contractions_and_punctuation(gold, answer):
    assert score(MatchRule.VQA_SOFT, gold, answer) == 1.0


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [("yes", "Yes.", 1.0), ("No", "no, none", 1.0), ("yes", "no", 0.0), ("yes", "maybe", 0.0), ("maybe", "yes", None)],
)
def test_yes_is_not_no_and_maybe_is_no_gold(gold, answer, expected):
    assert score(MatchRule.YES_NO, gold, answer) == expected


@pytest.mark.parametrize("rule", MatchRule)
def test_an_empty_gold_judges_nothing(rule):
    assert score(rule, "  ", "12", ("12", "13")) is None
    assert score(rule, (), "12", ("12", "13")) is None


def test_an_open_question_is_not_judged():
    assert score(MatchRule.OPEN, "a long story", "a long story") is None


@pytest.mark.parametrize("rule", [rule for rule in MatchRule if rule is not MatchRule.OPEN])
@pytest.mark.parametrize("gold", ["B", "Yes", "no"])
def test_a_gold_answer_meets_itself_under_every_rule_that_can_read_it(rule, gold):
    assert score(rule, gold, gold, ("cat", "dog")) in {1.0, None}
    assert any(score(rule, each, each, ("cat", "dog")) == 1.0 for each in ("B", "yes"))


@given(st.integers(-999, 999), st.integers(-999, 999))
def test_two_plain_integers_are_equal_formulas_only_when_equal(gold, answer):
    asked: list[tuple[str, str]] = []

    def prove(one: str, other: str) -> bool:
        asked.append((one, other))
        return False

    found = match_answer(Gold(answers=(str(gold),), rule=MatchRule.MATH), str(answer), (), prove)
    assert found.score == float(gold == answer)
    assert not asked


@pytest.mark.parametrize(
    "formula",
    ["x)", "(x", f"{'(' * 31}x{')' * 31}", "x-x", "1/2x", "x^{65}", "10^{10}", "i"],
    ids=["a bracket more", "one less", "too deep", "cancelled", "half x or 1 over 2x", "a power", "large", "a name"],
)  # fmt: skip
def test_a_formula_whose_value_is_in_doubt_is_not_decided_by_it(formula):
    assert (decide("x", "x"), decide("x", "3")) == (True, False)
    assert (decide("3", formula), decide(formula, formula)) == (None, None)

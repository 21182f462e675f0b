"""Replies with the verdict that a reader gives them: what is plainly stated is read, and nothing else is."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_by_rule import verdict_on

from seewhy.judging.answers.formulas import spelling
from seewhy.records.types import MatchRule, Outcome, Style

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "data" / "graded_replies" / "plain_answers.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
PETS = ("cat", "dog", "horse", "sheep")
SPEEDS = ("10 m/s", "12 m/s", "14 m/s", "15 m/s")


def letter(reply: str, options: tuple[str, ...] = PETS, style: Style = Style.REASON) -> str | None:
    return verdict_on(reply, "A", MatchRule.LETTER, options, style).answer


def outcome(reply: str, gold: str, rule: MatchRule, style: Style = Style.REASON) -> Outcome:
    return verdict_on(reply, gold, rule, (), style).outcome


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['name']}: {row['why'][:60]}") for row in ROWS])
def test_a_reply_gets_the_verdict_that_a_reader_gives_it(row: dict[str, Any]):
    verdict = verdict_on(row["reply"], row["gold"], MatchRule(row["rule"]), tuple(row["options"]), Style(row["style"]))
    assert verdict.outcome == row["outcome"], row["why"]
    if row["answer"] is not None:
        assert verdict.answer == row["answer"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("The mean obeys \\boxed{\\langle v\\rangle \\ll c}, so the slow branch holds.\n\n**Answer: D**", "D"),
        ("Speed is distance over time, \\boxed{v = d/t}.\nThe correct answer is C.", "C"),
        ("Its energy is \\boxed{E}.\n\nThe answer is B.", "B"),
        ("<answer>see the last line</answer>\nThe answer is C.", "C"),
        ("### Answer: the one with the larger mass\nThe answer is (A).", "A"),
        ("Final answer: it follows from the graph.\nThe correct option is C.", "C"),
        ("\\boxed{\\mbox{B}}", "B"),
        ("The answer is A. ### Answer: E", None),  # a letter out of range hides no earlier one
        ("red is wrong, (B) is right", "B"),
    ],
)
def test_a_strong_statement_that_names_no_option_makes_way(reply, said):
    assert letter(reply, SPEEDS) == said


ABBREVIATED = (
    "Jan. 5, 2020", "Sept. 3", "5th Ave. West", "Prof. Smith", "Gen. Grant", "Lt. Dan", "Univ. of Oxford", "approx. 5",
    "ca. 1900", "pp. 3-4", "Fig. 3", "Vol. 2", "Apple Corp. stock", "Yahoo! Inc.", "Oh! Calcutta!", "Mon. morning",
)  # fmt: skip


@pytest.mark.parametrize("answer", ABBREVIATED)
@pytest.mark.parametrize("form", ["At the top. ### Answer: {}", "Final answer: {}", "Answer: {}", "The answer is {}"])
def test_the_full_stop_of_an_abbreviation_ends_no_answer(answer, form):
    assert outcome(form.format(answer), answer, MatchRule.ANLS) is Outcome.CORRECT


@pytest.mark.parametrize(
    ("reply", "gold"),
    [
        ("### Answer: Apple Corp. The stock rose.", "Apple Corp"),
        ("### Answer: dawn. It is early.", "dawn"),
        ("Final answer: 5 ft. This is tall.", "5 ft"),
        ("Answer: Paris. 12 people live there.", "Paris"),
    ],
)
def test_a_sentence_still_ends_an_answer(reply, gold):
    assert outcome(reply, gold, MatchRule.EXACT) is Outcome.CORRECT


WRAPPERS = (
    "{}", "${}$", "\\({}\\)", "\\[{}\\]", "\\boxed{{{}}}", "\\text{{{}}}", "\\mbox{{{}}}", "`{}`", '"{}"', "“{}”",
    "**{}**", "{}.", " {} ", "*{}*", "**Answer: {}**",
)  # fmt: skip
REMARKS = ("", " (it fits best)", ", since it fits", " because it barks", "\n\nI hope that helps.", " - it fits")
WORDS = st.text(alphabet="bcdefgh jklmn pqrs tuvw xyz", max_size=60)


@given(WORDS, st.sampled_from("ABCD"), st.sampled_from(WRAPPERS), st.sampled_from(REMARKS))
def test_what_dresses_a_letter_or_remarks_on_it_never_changes_it(words, said, wrapper, remark):
    assert letter(f"{words}\nAnswer: {wrapper.format(said)}{remark}") == said


@given(st.sampled_from("ABCD"), st.sampled_from("ABCD"), st.sampled_from((" ", ", ", " and ", "; ", "")))
def test_two_letters_are_no_answer(one, other, between):
    reply = f"Answer: ({one}){between}({other})"
    assert letter(reply) == (one if one == other else None)


NUMBERS = st.integers(2, 9999)
VALUES = (
    "{}",
    "The mode is {}.", "There are {} ships.", "It is {}.", "x = {}", "2 x 3 = {}", "approximately {}", "about {} km",
    "in {}", "{} with a yield of 31 tonnes", "{} dollars per kilogram of rice", "So {} is the answer.", "exactly {}",
)  # fmt: skip
NUMERIC = (MatchRule.UNIT_NUMBER, MatchRule.MATH, MatchRule.RELAXED_NUMBER)


@given(NUMBERS, NUMBERS, st.sampled_from(VALUES), st.sampled_from(NUMERIC), st.booleans())
def test_a_number_in_a_short_sentence_or_calculation_is_that_number(gold, said, form, rule, is_marked):
    reply = f"The answer is {form.format(said)}" if is_marked and not form.startswith("So") else form.format(said)
    is_right = outcome(reply, str(gold), rule, Style.DIRECT) is Outcome.CORRECT
    slack = 0.05 if rule is MatchRule.RELAXED_NUMBER and not 1500 <= gold <= 2099 else 0.0
    assert is_right == (abs(gold - said) <= slack * gold)


@pytest.mark.parametrize(
    "reply",
    [
        "12 or 13", "between 12 and 13", "not 12", "12 to 15", "12 out of 20", "12 hours and twenty minutes",
        "There are no 12 ships.", "x = 12 or x = 13", "x = 12, y = 13", "12x", "12 times 3", "more than 12", "12 + 1",
        "1/12", "12/13", "1.12", "12.5", "0.12", "-12", "−12", "row 12", "12:30",
    ],
)  # fmt: skip
@pytest.mark.parametrize("rule", NUMERIC)
def test_a_number_that_is_only_part_of_what_is_said_is_not_the_answer(reply, rule):
    verdict = verdict_on(f"### Answer: {reply}", "12", rule)
    is_near = (reply, rule) == ("12.5", MatchRule.RELAXED_NUMBER)  # within five per cent
    if not is_near and (reply != "12x" or rule is MatchRule.MATH):
        assert verdict.outcome is not Outcome.CORRECT


@pytest.mark.parametrize(
    ("gold", "reply"),
    [
        ("7", "seven"), ("25", "twenty-five"), ("112", "one hundred and twelve"), ("0", "zero"), ("100000", "1 x 10^5"),
        ("0.0002", "2 × 10^-4"), ("1234567", "1 234 567"), ("3000000", "3 million"), ("-4", "−4"), ("2500", "2.5e3"),
    ],
)  # fmt: skip
def test_number_words_powers_of_ten_and_spaces_in_thousands_are_numbers(gold, reply):
    assert outcome(f"Answer: {reply}", gold, MatchRule.UNIT_NUMBER) is Outcome.CORRECT


@given(NUMBERS, st.integers(0, 99), st.sampled_from(("${}", "{}", "{} km", "{}%")))
def test_a_gold_number_inside_a_longer_one_is_not_held(whole, part, form):
    text = f"It is {form.format(f'{whole}.{part:02d}1')} there."
    for gold in (str(whole), f"{part:02d}1", str(whole)[:1]):
        assert outcome(text, gold, MatchRule.CONTAINMENT, Style.DIRECT) is Outcome.INCORRECT
    assert outcome(text, f"{whole}.{part:02d}1", MatchRule.CONTAINMENT, Style.DIRECT) is Outcome.CORRECT


FRACTIONS = st.tuples(st.integers(1, 30), st.integers(2, 30))
SPELLINGS = (
    "$\\frac{{{0}}}{{{1}}}$",
    "\\dfrac{{{0}}}{{{1}}}",
    "{0}/{1}",
    "{0} / {1}",
    "$ {0}/{1} $",
    "\\frac{{ {0} }}{{ {1} }}",
)


@given(FRACTIONS, FRACTIONS, st.sampled_from(SPELLINGS), st.sampled_from(SPELLINGS))
def test_a_formula_is_the_option_that_equals_it_however_both_are_spelt(one, other, in_option, in_reply):
    options = (in_option.format(*one), in_option.format(*other))
    is_one = one[0] * other[1] != other[0] * one[1]
    said = letter(f"So it is \\boxed{{{in_reply.format(*one)}}}.", options)
    assert said == ("A" if is_one else None) or (not is_one and said in {None, "A"} and one != other)


@given(
    st.integers(2, 99),
    st.integers(2, 99),
    st.sampled_from(("{} and 7 hours", "{} + 1", "{} of 12", "s^{}", "\\frac{{{}}}{{7}}")),
)
def test_a_part_of_a_formula_or_quantity_is_no_option(one, other, form):
    assert letter(f"It is \\boxed{{{form.format(one)}}}.", (str(one), f"{one * 100 + other}")) is None


@pytest.mark.parametrize(
    ("reply", "options", "said"),
    [
        ("\\boxed{3}", ("$3z$", "$5z$"), None),
        ("\\boxed{3}", ("3 kg", "5 kg"), "A"),
        ("Answer: 3 kg and some more", ("3 kg", "4 kg"), None),
        ("Answer: about 3 kg", ("3 kg", "4 kg"), "A"),
    ],
)
def test_a_number_is_the_option_that_has_a_unit_and_not_one_that_has_a_variable(reply, options, said):
    assert letter(reply, options) == said


@pytest.mark.parametrize(
    ("reply", "gold"),
    [
        ("x = \\frac{24}{2}", "12"),
        ("x ≈ 12", "12"),
        ("3 million people in the whole wide country", "3000000"),
        ("The total is twelve.", "12"),
    ],
)
def test_the_value_of_a_statement_is_compared(reply, gold):
    assert outcome(f"### Answer: {reply}", gold, MatchRule.UNIT_NUMBER) is Outcome.CORRECT


@pytest.mark.parametrize(("one", "other"), [("x^{2}3", "x^{23}"), ("2 1/2", "21/2"), ("1, 234", "1234"), ("X", "x")])
def test_formulas_that_differ_are_not_spelt_alike(one, other):
    assert spelling(one) != spelling(other)

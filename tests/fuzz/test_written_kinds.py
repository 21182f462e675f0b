"""Replies of each kind that was once misread: drawn in many spellings, and read as a reader reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_by_rule import JUDGE, verdict_on

from seewhy.judging.answers.matching import match_answer
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Outcome, Question, Split, Style

PETS = ("red cat", "blue dog", "grey horse", "white sheep")
OTHERS = (
    (("$\\frac{1}{2}$", "$\\sqrt{3}$", "$2\\pi r$"), "A", ("1/2", "\\dfrac{1}{2}", "$\\dfrac12$")),
    (("$\\frac{1}{2}$", "$\\sqrt{3}$", "$2\\pi r$"), "B", ("√3", "sqrt(3)", "$\\sqrt3$")),
    (("30°", "45°", "60°"), "B", ("45", "45°", "45^\\circ")),
    (("10 m/s", "12 m/s", "14 m/s"), "B", ("12", "v = 12", "twelve")),
    (("-5 to -3", "3 to 5", "0"), "A", ("−5 to −3", "‑5 to ‑3")),
    (("fast-food shop", "book shop", "bank"), "A", ("fast food shop", "a fast-food shop", "Fast Food Shop")),
    (("dd", "Dd", "DD"), "B", ("Dd",)),
    (("the answer is hidden", "the choice is free", "the response is late"), "A", ("the answer is hidden",)),
)  # fmt: skip
"""Options, the letter that is meant, and how replies spell its text."""
FRAMES = st.sampled_from(
    ["### Answer: {}", "Final answer: {}", "<answer>{}</answer>", "The reader sees it all.\n### Answer: {}"]
)
DRESSES = st.sampled_from(
    ["The answer is $\\mbox{{{}}}$.", "\\[ \\text{{Answer: {}}} \\]", "The answer is ${}.",
     "Answer: ${}", "It shows a thing. Answer: \\(\\text{{{}}}\\)"]
)  # fmt: skip


@given(st.sampled_from(OTHERS), FRAMES, st.data())
def test_an_option_in_another_spelling_is_that_option(said, frame, data):
    options, letter, spellings = said
    verdict = verdict_on(frame.format(data.draw(st.sampled_from(spellings))), letter, MatchRule.LETTER, options)
    assert verdict.answer == letter


@given(DRESSES, st.sampled_from("ABCD"))
def test_a_letter_in_latex_or_beside_a_stray_dollar_is_read(dress, letter):
    assert verdict_on(dress.format(letter), letter, MatchRule.LETTER, PETS).answer == letter


@given(st.sampled_from(["{T}", "({L}) {T}", "{L}. {T}"]), st.integers(0, 2))
def test_an_option_whose_text_holds_words_of_a_statement_is_no_statement(form, at):
    options = tuple(f"the answer is option {other} in the figure" for other in "BCA")
    said = form.format(L="ABC"[at], T=options[at])
    assert verdict_on(said, "ABC"[at], MatchRule.LETTER, options, Style.DIRECT).answer == "ABC"[at]


@given(
    st.sampled_from(["It shows a {O}, so I choose {L}", "I see a {O} but it is {L}.", "a {O} is here, I pick ({L})"]),
    st.permutations(range(4)),
)
def test_a_direct_reply_that_mentions_one_option_and_concludes_with_another_is_the_other(form, order):
    at, other = order[:2]
    reply = form.format(O=PETS[other], L="ABCD"[at])
    assert verdict_on(reply, "ABCD"[at], MatchRule.LETTER, PETS, Style.DIRECT).answer == "ABCD"[at]


@given(
    st.sampled_from(["{0} and {1}", "({0}) or ({1})", "{0}, {1}", "Both {0} and {1}", "{0} & {1}"]),
    st.permutations("ABCD"), FRAMES,
)  # fmt: skip
def test_several_options_are_no_answer(form, letters, frame):
    assert verdict_on(frame.format(form.format(*letters)), letters[0], MatchRule.LETTER, PETS).answer is None


@given(
    st.integers(2, 9), st.sampled_from(["{} kg and 200 g", "half of {} kg", "{} kg to 12 kg", "row {} kg", "2{} kg"])
)
def test_a_part_of_a_quantity_is_not_the_option(number, form):
    options = (f"{number} kg", f"{number + 1} kg", "none")
    assert verdict_on(f"### Answer: {form.format(number)}", "A", MatchRule.LETTER, options).outcome is not (
        Outcome.CORRECT
    )


@given(st.sampled_from(["what fits it is ({L})", "it must be showing option {L}.", "the answer option {L}"]),
       st.sampled_from("ABCD"))  # fmt: skip
def test_a_sentence_that_ends_in_one_option_concludes_with_it(form, letter):
    reply = "We look at the left and at the right of the whole page, and then we know that " + form.format(L=letter)
    assert verdict_on(reply, letter, MatchRule.LETTER, PETS).answer == letter


@given(st.integers(0, 3), st.sampled_from(["Of these, this one fits:", "My pick is the following:"]))
def test_the_last_line_after_an_announcement_is_the_answer(at, words):
    listed = "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", PETS, strict=True))
    reply = f"{listed}\n\n{words}\n{'ABCD'[at]}. {PETS[at]}"
    assert verdict_on(reply, "ABCD"[at], MatchRule.LETTER, PETS).answer == "ABCD"[at]


@given(st.integers(0, 3), st.sampled_from([".", ",", "!", ":"]))
def test_an_option_as_the_first_sentence_is_the_answer(at, mark):
    reply = f"{PETS[at]}{mark} Its fur is what one sees first in the upper left corner of the whole page there."
    assert verdict_on(reply, "ABCD"[at], MatchRule.LETTER, PETS).answer == "ABCD"[at]


NUMERIC = st.sampled_from([MatchRule.UNIT_NUMBER, MatchRule.RELAXED_NUMBER, MatchRule.MATH])
WORDS = {7: "seven", 12: "twelve", 25: "twenty-five", 40: "forty", 90: "ninety"}
KINDS_OF_SENTENCES = {
    "sentences": ("The mode is {}.", "There are {} cats in the picture.", "She has {} left."),
    "equations": ("x = {}", "n = {}"),
    "leads": ("approximately {}", "about {}", "found to be {}"),
    "tails": ("{} dollars per kilogram of rice", "{}, because the row holds it", "{} with a margin"),
    "names": ("So, {}", "Total: {}", "{} (the sum of both rows)"),
}


@pytest.mark.parametrize("kind", KINDS_OF_SENTENCES)
@given(number=st.integers(0, 10**6), rule=NUMERIC, data=st.data())
def test_the_number_of_a_short_sentence_is_its_value(kind, number, rule, data):
    said = data.draw(st.sampled_from(KINDS_OF_SENTENCES[kind])).format(number)
    assert verdict_on(f"Answer: {said}", str(number), rule).outcome is Outcome.CORRECT


@given(
    st.integers(1, 99), st.integers(1, 99), st.sampled_from(["{}+{}={}", "{} + {} = {}", "So {} + {} = {}"]), NUMERIC
)
def test_the_result_of_a_calculation_is_its_value(one, other, form, rule):
    said = form.format(one, other, one + other)
    assert verdict_on(f"Answer: {said}", str(one + other), rule).outcome is Outcome.CORRECT


@given(st.sampled_from(sorted(WORDS)), st.sampled_from(["{}", "about {}", "{} apples in the basket"]), NUMERIC)
def test_a_number_in_words_is_that_number(number, form, rule):
    assert verdict_on(f"Answer: {form.format(WORDS[number])}", str(number), rule).outcome is Outcome.CORRECT


@given(
    st.integers(1, 9), st.integers(3, 8), st.sampled_from(["{} x 10^{}", "{}*10^{}", "{} \\times 10^{{{}}}", "{}e{}"])
)
def test_a_power_of_ten_is_its_number(digit, power, form):
    said = form.format(digit, power)
    assert verdict_on(f"Answer: {said}", str(digit * 10**power), MatchRule.UNIT_NUMBER).outcome is Outcome.CORRECT


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from([" ", "\u00a0", "\u202f", ","]))
def test_thousands_may_be_apart(thousands, rest, space):
    said = f"Answer: {thousands}{space}{rest:03}"
    assert verdict_on(said, str(thousands * 1000 + rest), MatchRule.UNIT_NUMBER).outcome is Outcome.CORRECT


@given(st.sampled_from(["Jan. 5", "Sept. 12", "Dec. 24, 2012", "No. 7", "Fig. 3"]), FRAMES)
def test_the_full_stop_of_a_month_ends_no_answer(value, frame):
    assert verdict_on(frame.format(value), value, MatchRule.EXACT).outcome is Outcome.CORRECT


@given(st.integers(1, 99), st.integers(1, 9), st.sampled_from(["{}.{}", "{}{}", "{},{}00"]))
def test_a_gold_number_inside_a_longer_one_is_not_contained(first, last, form):
    reply = f"It costs {form.format(first, last)} today"
    for gold in {str(last), str(first)} - set(reply.split()):
        found = verdict_on(reply, gold, MatchRule.CONTAINMENT, style=Style.DIRECT)
        assert found.outcome is not Outcome.CORRECT


def equal(gold: str, answer: str) -> bool:
    """By the rule MATH, with a checker that would call everything equal."""
    return match_answer(Gold(answers=(gold,), rule=MatchRule.MATH), answer, (), lambda _one, _other: True).score == 1.0


@given(st.integers(100, 999), st.integers(100, 999), st.integers(5, 40))
def test_tiny_numbers_differ_as_others_do(one, other, power):
    form = "{}.{:02} \\times 10^{{-{}}}"
    golds = [form.format(each // 100, each % 100, power) for each in (one, other)]
    assert equal(golds[0], golds[1]) == (one == other)


@given(st.integers(2, 99), st.sampled_from(["{} dozen", "{} squared", "{} hundred", "{} and a half"]))
def test_a_word_that_changes_a_number_is_not_left_unread(number, form):
    assert not equal(str(number), form.format(number))


ALIKE = (
    ("2\\sqrt{3}", "2√3"), ("2\\sqrt{3}", "2*sqrt(3)"), ("x^{2}+1", "x²+1"), ("3\\pi", "3π"), ("3\\pi", "3pi"),
    ("x^{2}", "x**2"), ("\\frac{1}{2}", "½"), ("\\frac{1}{2}", "1/2"), ("a_{1}", "a₁"), ("x \\le 3", "x<=3"),
)  # fmt: skip


@given(st.sampled_from(ALIKE), FRAMES)
def test_formulas_in_unicode_or_calculator_form_are_the_same(pair, frame):
    assert verdict_on(frame.format(pair[1]), pair[0], MatchRule.MATH).outcome is Outcome.CORRECT


MARKS = st.sampled_from(
    [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<|thought|>", "<|/thought|>"), ("[THINK]", "[/THINK]"),
     ("<|begin_of_thought|>", "<|end_of_thought|>"), ("<seed:think>", "</seed:think>"), ("◁think▷", "◁/think▷"),
     ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
     ("<Reasoning>", "</Reasoning>")]
)  # fmt: skip


@given(MARKS, st.permutations("ABCD"))
def test_a_draft_between_any_marks_never_counts(marks, letters):
    draft = f"{marks[0]}It may be so. ### Answer: {letters[0]}"
    ended = verdict_on(f"{draft}{marks[1]}It is {letters[1]}.", letters[1], MatchRule.LETTER, PETS)
    assert ended.answer == letters[1]
    assert verdict_on(draft, letters[0], MatchRule.LETTER, PETS).answer is None


@given(st.permutations("ABCD"), st.sampled_from(["</think>", "[/THINK]", "</thinking>"]))
def test_a_thought_that_the_template_begins_holds_no_answer_where_it_does_not_end(letters, closing):
    texts = (f"### Answer: {letters[0]}{closing}### Answer: {letters[1]}", f"So. ### Answer: {letters[0]}")
    chains = tuple(
        Chain(question_id="q", index=at, style=Style.REASON, text=text, stop=FinishReason.END, sampler="s", seed=0)
        for at, text in enumerate(texts)
    )
    question = Question(id="q", benchmark="own", split=Split.TEST, text="?", options=PETS, facets={},
                        gold=Gold(answers=(letters[0],), rule=MatchRule.LETTER))  # fmt: skip
    assert [verdict.answer for verdict in JUDGE.judge(question, chains)] == [letters[1], None]


@given(
    st.permutations("ABCD"), st.sampled_from(["\n\nQuestion: {}\nAnswer: ", "\n\nQ: {}\nA: ", "\nUser: {}\nAnswer: "])
)
def test_a_question_that_a_base_model_invents_is_not_the_reply(letters, form):
    reply = f"The answer is {letters[0]}.{form.format('What else is there?')}{letters[1]}"
    assert verdict_on(reply, letters[0], MatchRule.LETTER, PETS).answer == letters[0]


@given(st.sampled_from(["United Airlines", "Union Station", "Unilever", "Universal", "Uncle Ben's", "a unicorn"]))
def test_a_name_that_begins_as_a_refusal_does_is_an_answer(name):
    assert verdict_on(f"It is {name}", name, MatchRule.EXACT, style=Style.DIRECT).outcome is Outcome.CORRECT

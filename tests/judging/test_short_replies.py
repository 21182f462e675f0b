"""Short replies as models of many families write them: what is plainly said is read, and nothing else is right."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_by_rule import verdict_on

from seewhy.judging.answers.matching import match_math
from seewhy.judging.answers.signs import in_plain_signs
from seewhy.records.types import MatchRule, Outcome, Style

FILE = Path(__file__).parent.parent / "data" / "graded_replies" / "short_replies.jsonl"
PETS = ("cat", "dog", "horse", "sheep")


@pytest.mark.parametrize("kind", ["letters", "values", "formulas", "not twelve", "tags", "options"])
def test_short_replies_get_one_of_the_verdicts_that_a_reader_would_give(kind):
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    own = [row for row in rows if row["kind"] == kind]
    wrong = [
        (row["reply"], row["gold"], verdict.outcome, row["outcomes"])
        for row in own
        for verdict in [
            verdict_on(row["reply"], row["gold"], MatchRule(row["rule"]), tuple(row["options"]), Style(row["style"]))
        ]
        if verdict.outcome not in row["outcomes"]
    ]
    assert len(own) > 75
    assert wrong == []


DRESSED = (
    "{}", "✅ {}", "{} ✅", "👉 {}", "• {}", "→ {}", "⇒ {}", "∴ {}", "«{}»", "「{}」", "<b>{}</b>", "<p>{}</p>",
    "<b><i>{}</i></b>", '<span style="color:red">{}</span>', "- {}", "> {}", "## {}", "Assistant: {}", "{}<|im_end|>",
    "<|im_start|>assistant\n{}<|im_end|>", "{}</s>", "<|START_RESPONSE|>{}<|END_RESPONSE|>", "<think>A?</think>{}",
    "<unused94>thought\nA<unused95>{}", "<|begin_of_solution|>\n{}\n<|end_of_solution|>", "<solution>{}</solution>",
    "{}<|endoftext|>Human: Next one. The answer is A",
    "{}<|im_end|>\n<|im_start|>user\nAnswer: A", "{}\n\n### Question\nWhat?\n### Answer\nA", "{}\n\nHuman: Answer: A",
)  # fmt: skip
SAID = (
    "Answer: {}", "The answer is {}.", "The answer must be {}.", "The answer is as follows: {}", "I'd go with {} here.",
    "The answer might be {}", "The answer is not A, it is {}.", "The correct one is {}.", "It should be {}.", "({})",
    "Option {} fits best.", '{{"answer": "{}"}}', "{{'answer': '{}'}}", '{{"choice": "{}"}}', "正确选项是 {}。",
    "故选 {}．",
    "It wears a collar, which corresponds to option ({}) in the list.", "<CONCLUSION> {} </CONCLUSION>",
    "<final_answer>{}</final_answer>", "<answer><|begin_of_box|>{}<|end_of_box|></answer>",
    "So <|begin_of_box|>\\text{{{}}}<|end_of_box|>.", "<answer type='mc'>{}</answer>", "{}</answer>",
)  # fmt: skip


@given(st.sampled_from("BCD"), st.sampled_from(DRESSED), st.sampled_from(SAID))
def test_no_sign_tag_turn_or_later_question_changes_the_letter_that_is_said(said, dressed, form):
    reply = dressed.format(form.format(said))
    assert verdict_on(reply, said, MatchRule.LETTER, PETS).answer == said


@given(st.text(alphabet="ABⒷＢ（）。12½１𝐁✅👉•→<>b/pr \n", max_size=40))
def test_plain_signs_keep_every_offset(text):
    assert len(in_plain_signs(text)) == len(text)


HALF_SAID = (
    "{0} or rather {1}", "{0} (or possibly {1})", "{0}, or maybe {1}", "If the answer is {0}, it purrs.",
    "- **{0}. {2}** – Incorrect.\n- **{1}. {3}** – Incorrect.", "{0}\n{1}",
)  # fmt: skip


@given(st.sampled_from([(0, 1), (1, 2), (3, 0)]), st.sampled_from(HALF_SAID), st.booleans())
def test_letters_that_are_doubted_refuted_or_listed_are_no_answer(pair, form, is_stated):
    letters = [*("ABCD"[each] for each in pair), *(PETS[each] for each in pair)]
    stem = "The answer is " if is_stated and not form.startswith(("If", "-")) else ""
    if "\n" in form:
        stem = ""
    assert verdict_on(stem + form.format(*letters), letters[0], MatchRule.LETTER, PETS).outcome is Outcome.NO_ANSWER


NUMBERS = st.integers(13, 9999)
SENTENCES = (
    "I count {} apples.", "I can see {} apples in the image.", "In 2015, the value was {}.", "Total: {}", "So {}",
    "The difference is {} - 0 = {}.", "There are a total of {} apples.", "Based on the chart, the value is **{}**.",
    "The sum of 5 and 7 is {}.", "{} (not 3)", "**{}**\n\nThere are many.", "{}\n\nExplanation: 5 + 7.", "{} cm^2",
    "{}\\,\\text{{cm}}^2", "{}, when the value was low",
)  # fmt: skip
MORE = (
    "{} hundred", "{} squared", "{} dozen", "{} and a half", "{} below zero", "{} or 3", "minus {}", "{} = 3", "{}²",
    "between 3 and {}", "{} + 5", "{}:30", "Ratio: {}:5",
)  # fmt: skip
EXACT_NUMBERS = (MatchRule.UNIT_NUMBER, MatchRule.MATH)


@given(NUMBERS, NUMBERS, st.sampled_from(SENTENCES), st.sampled_from(EXACT_NUMBERS))
def test_a_sentence_about_one_number_says_that_number_and_no_other(gold, said, form, rule):
    verdict = verdict_on(
        form.replace("{}", str(said)).replace("{{", "{").replace("}}", "}"), str(gold), rule, (), Style.DIRECT
    )
    assert (verdict.outcome is Outcome.CORRECT) == (gold == said)


@given(NUMBERS, st.sampled_from(MORE), st.sampled_from(EXACT_NUMBERS), st.booleans())
def test_a_number_that_other_words_change_is_not_said(number, form, rule, is_stated):
    reply = f"### Answer: {form.format(number)}" if is_stated else form.format(number)
    assert verdict_on(reply, str(number), rule, (), Style.DIRECT).outcome is not Outcome.CORRECT


WORDED = (
    ("a hundred", "100"), ("two dozen", "24"), ("half", "1/2"), ("three quarters", "0.75"), ("minus five", "-5"),
    ("negative 5", "-5"), ("2½", "2.5"), ("½", "0.5"), ("\\frac12", "0.5"), ("1.2 × 10⁴", "12000"), ("10⁻³", "0.001"),
    ("twelve apples in the basket", "12"), ("about fifteen", "15"),
)  # fmt: skip


@pytest.mark.parametrize(("said", "gold"), WORDED)
def test_numbers_in_words_and_signs_are_numbers(said, gold):
    for form in ("The answer is {}.", "### Answer: {}", "There are {}."):
        assert verdict_on(form.format(said), gold, MatchRule.UNIT_NUMBER).outcome is Outcome.CORRECT


@pytest.mark.parametrize("form", ['It reads "{}".', "The sign says “{}”", "It is labeled '{}'."])
def test_what_a_short_sentence_quotes_is_the_answer(form):
    for rule in (MatchRule.EXACT, MatchRule.ANLS, MatchRule.VQA_SOFT):
        assert (
            verdict_on(form.format("Main St. exit"), "main st. exit", rule, (), Style.DIRECT).outcome is Outcome.CORRECT
        )
        assert verdict_on(form.format("no way"), "main st. exit", rule, (), Style.DIRECT).outcome is Outcome.INCORRECT


@pytest.mark.parametrize(
    ("said", "is_right"),
    [
        ("15.0 cm", True),
        ("x = 15", True),
        ("The length is 15.", True),
        ("fifteen", True),
        ("15 m", False),
        ("15.2", False),
    ],
)
def test_a_number_in_a_few_words_is_the_option_that_has_it(said, is_right):
    answer = verdict_on(f"The answer is {said}", "B", MatchRule.LETTER, ("12 cm", "15 cm", "18 cm")).answer
    assert (answer == "B") == is_right


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("- A. cat – Incorrect\n- B. dog – Correct", "B"),
        ("- A. cat – Incorrect\n- A. cat – Incorrect\n- B. dog – Correct", None),
        ("The animal in the picture wears a red collar and looks around. B", "B"),
        (
            "It looks at us from the big sofa.\n\n(B) dog\n\nI hope this helps you with your homework, my friend!",
            "B",
        ),
        ("<p>Answer: B</p><p>Confidence: high</p>", "B"),
        ("Let me see.\n\nQuestion: which one?\nAnswer: B", "B"),
    ],
)
def test_a_list_of_verdicts_a_last_sentence_and_what_precedes_remarks_name_a_letter(reply, said):
    assert verdict_on(reply, "B", MatchRule.LETTER, PETS).answer == said


def test_a_number_is_that_of_the_only_option_that_has_one():
    assert verdict_on("\\boxed{25}", "A", MatchRule.LETTER, ("25°", "none of these")).answer == "A"


VERDICTS = (
    (MatchRule.UNIT_NUMBER, Style.REASON, "Let me see.\n\nQuestion: how many?\nAnswer: 12", "12", Outcome.CORRECT),
    (MatchRule.UNIT_NUMBER, Style.REASON, "twelve\n\nQuestion: how many?\nAnswer: 5", "12", Outcome.CORRECT),
    (MatchRule.UNIT_NUMBER, Style.REASON, "Sure!\n\nQuestion: how many?\nAnswer: 12", "12", Outcome.CORRECT),
    (MatchRule.EXACT, Style.REASON, "Sure!\n\nQuestion: what colour?\nAnswer: red", "red", Outcome.CORRECT),
    (MatchRule.EXACT, Style.REASON, "red\n\nQuestion: what colour?\nAnswer: blue", "red", Outcome.CORRECT),
    (
        MatchRule.EXACT,
        Style.REASON,
        "It is red, so the answer is red. [INST] Shape? [/INST] The answer is round.",
        "red",
        Outcome.CORRECT,
    ),
    (
        MatchRule.EXACT,
        Style.REASON,
        "The answer is red.<|user|>Shape?<|assistant|>The answer is round.",
        "red",
        Outcome.CORRECT,
    ),
    (MatchRule.EXACT, Style.REASON, "The answer is red. Q: what shape? The answer is round.", "red", Outcome.CORRECT),
    (MatchRule.EXACT, Style.REASON, "<think>\nA: 5</think>\nA: 12", "12", Outcome.CORRECT),
    (MatchRule.EXACT, Style.REASON, '{"answer": "a \\"red\\" cat"}', 'a "red" cat', Outcome.CORRECT),
    (MatchRule.UNIT_NUMBER, Style.REASON, "They lie in five baskets. <output>12</output>", "12", Outcome.CORRECT),
    (MatchRule.ANLS, Style.DIRECT, "Paris?", "London", Outcome.INCORRECT),
    (MatchRule.MATH, Style.DIRECT, "Is it 12?", "12", Outcome.NO_ANSWER),
    (MatchRule.UNIT_NUMBER, Style.DIRECT, "12\n\nFive and seven make\n12", "12", Outcome.CORRECT),
    (MatchRule.UNIT_NUMBER, Style.DIRECT, "12\n\nFive and eight make\n13", "12", Outcome.NO_ANSWER),
    (MatchRule.UNIT_NUMBER, Style.DIRECT, "an apple\n\nThey lie there.", "12", Outcome.NO_ANSWER),
    (MatchRule.MATH, Style.REASON, "y = 2 x + 1 + z", "y=2x+1+z", Outcome.CORRECT),
    (MatchRule.MATH, Style.REASON, "It is 2\\sqrt{3}", "2\\sqrt{3}", Outcome.CORRECT),
    (MatchRule.MATH, Style.REASON, "### Answer: 12.0 km", "12 km", Outcome.CORRECT),
    (MatchRule.MATH, Style.REASON, "### Answer: 12.0 cm", "12 km", Outcome.INCORRECT),
    (MatchRule.UNIT_NUMBER, Style.REASON, "### Answer: 1.5E3", "1500", Outcome.CORRECT),
)


@pytest.mark.parametrize(("rule", "style", "reply", "gold", "outcome"), VERDICTS)
def test_a_short_reply_has_one_verdict(rule, style, reply, gold, outcome):
    assert verdict_on(reply, gold, rule, (), style).outcome is outcome


@pytest.mark.parametrize(("answer", "is_asked"), [("0.333333", True), ("0.34", False), ("0.333", False)])
def test_only_numbers_that_are_nearly_equal_are_left_to_the_prover(answer, is_asked):
    asked: list[str] = []
    match_math(("1/3",), answer, lambda _gold, said: not asked.append(said))
    assert bool(asked) == is_asked


@given(st.text(alphabet=" .*$\\n\\t12(){}=≈½²-:,?xAB", max_size=12), st.sampled_from(list(MatchRule)), st.booleans())
def test_signs_alone_raise_nothing(text, rule, is_stated):
    reply = f"The answer is {text}" if is_stated else text
    assert verdict_on(reply, "12", rule, PETS if rule is MatchRule.LETTER else (), Style.DIRECT).outcome in Outcome

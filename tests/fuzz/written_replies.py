"""Replies put together from parts that models write, with the answer that a reader finds in them."""

from dataclasses import dataclass

from hypothesis import strategies as st

from seewhy.records.types import MatchRule

LETTERS = "ABCD"
OPTIONS = (
    ("cat", "dog", "horse", "sheep"),
    ("10 m/s", "12 m/s", "14 m/s", "15 m/s"),
    ("3", "4", "5", "6"),
    ("$1.20", "$2.40", "$3.60", "$12.00"),
    ("$\\frac{1}{2}$", "$\\sqrt{3}$", "$2\\pi r$", "$x^2+1$"),
    ("The plant gets light.", "The plant dies of thirst.", "The plant grows.", "The plant is a cactus."),
    ("30°", "45°", "60°", "90°"),
    ("red only", "blue only", "both red and blue", "none of the above"),
    ("New York", "New Jersey", "New Mexico", "Mexico City"),
    ("a bus", "a car", "a bike", "a van"),
    ("(1, 2)", "(2, 1)", "(-1, 2)", "(0, 0)"),
    ("1-2", "3-4", "5-6", "7-8"),
    ("It rises, because it is hot", "It falls, because it is cold", "It stays the same", "It cannot be determined"),
)
STATED_CHOICES = (
    "### Answer: {L}", "### Answer: ({L})", "### Answer: {L}. {T}", "### Answer: {T}", "Answer: ({L}) {T}",
    "**Answer:** {L}", "**Answer: {L}**", "The answer is {L}.", "The answer is {L}. {T}", "The answer is {T}.",
    "The answer is {L} ({T}).", "The correct answer is option {L}.", "The correct option is {L}: {T}.",
    "So the answer is \\boxed{{{L}}}.", "$\\boxed{{\\text{{{L}}}}}$", "\\boxed{{{L}. {T}}}", "Final Answer: **{L}**",
    "<answer>{L}. {T}</answer>", "Therefore, the correct choice is {L}.", "Hence, option {L} is correct.",
    "I would choose {L}.", "So I choose option ({L}).", "Answer - {L}", "Answer => {L}", '{{"answer": "{L}"}}',
    "Therefore, the answer is:\n\n**{L}. {T}**", "答案：{L}", "正确答案是{L}。", "Conclusion: {L}", "It must be {L}.",
    "Choice {L} is the right one.", "The correct answer, based on the picture, is {L}.", "Ans: {L}",
    "### Final Answer\n{L}", "**Final Answer**\n\\[\n\\boxed{{{L}}}\n\\]", "The answer here is ({L}).",
)  # fmt: skip
"""L is the letter, T the text of the option that is meant."""
BEFORE_A_CHOICE = (
    "", "The picture shows several things. ", "Let us look at each option.\n\n",
    "Let's analyze: {O} is possible, but it does not fit.\n\n", "Step 1: compute 3 + 4 = 7.\nStep 2: 7 - 2 = 5.\n\n",
    "At first I think ({M}), but that is wrong. ", "The value is \\boxed{{v = d/t}} on the way.\n", "It is not {O}. ",
    "Option {M} is incorrect because of the color.\n", "- **{M}**: does not match\n- **{L}**: matches\n\n",
    "<think>Maybe {M}. The answer is {M}. \\boxed{{{M}}}</think>\n", "The answer is {M}? No, it is too small.\n",
)  # fmt: skip
"""M is the letter, O the text of another option."""
BEHIND_A_CHOICE = (
    "", "\n", "\n\nI hope this helps!", "\n\nLet me know if you have questions.", "\n\nExplanation: it fits.",
    "\n\nNote: option {M} is close but wrong.", "\n\nConfidence: 90%", "<|im_end|>", "</s>",
)  # fmt: skip
VALUES = {
    MatchRule.UNIT_NUMBER: ("12", "3.5", "-4", "1,250", "0.75", "2/3", "$15", "40%", "7 km"),
    MatchRule.RELAXED_NUMBER: ("12", "3.5", "-4", "1250", "0.75", "2012", "40%"),
    MatchRule.EXACT: ("red", "New York", "12", "3 cats", "left", "Mr. Smith", "St. Louis", "blue and white"),
    MatchRule.ANLS: ("red", "New York", "12:30 pm", "$4.50", "Dr. Who", "12/05/2019", "A. B. Carter"),
    MatchRule.VQA_SOFT: ("red", "2", "tennis racket", "yes", "no"),
    MatchRule.CONTAINMENT: ("red", "New York", "12", "STOP", "3.5"),
    MatchRule.MATH: ("12", "\\frac{2}{3}", "2\\sqrt{3}", "x^2+1", "-4", "3\\pi", "(1,2)", "0.75", "[0,1]"),
    MatchRule.YES_NO: ("yes", "no"),
}
STATED_VALUES = (
    "### Answer: {V}", "###Answer: {V}", "Answer: {V}", "**Answer:** {V}", "**Answer: {V}**", "The answer is {V}.",
    "The answer is **{V}**.", "So the answer is \\boxed{{{V}}}.", "$\\boxed{{{V}}}$", "Final Answer: **{V}**",
    "<answer> {V} </answer>", "The final answer is $\\boxed{{{V}}}$. I hope it is correct.", '{{"answer": "{J}"}}',
    '```json\n{{\n  "reasoning": "x",\n  "answer": "{J}"\n}}\n```', "Therefore, the answer is:\n\n**{V}**",
    "答案是 {V}", "正确答案是{V}。", "The correct answer would be {V}.", "The answer to the question is {V}.",
    "The correct answer, based on the picture, is {V}.", "Answer - {V}", "Answer => {V}", "Ans: {V}", "Ans. {V}",
    "### Answer\n{V}", "**Final Answer**\n\\[\n\\boxed{{{V}}}\n\\]", 'Answer: "{V}"', "Answer: '{V}'.", "Answer: `{V}`",
    "Thus, the final answer is: {V}.", "Final Answer: The final answer is {V}. I hope it is correct.",
    "The answer here is {V}.", "my answer is {V}",
)  # fmt: skip
"""V is the value, J the value within JSON."""
BEFORE_A_VALUE = (
    "", "The picture shows several things. ", "Step 1: compute 3 + 4 = 7.\nStep 2: 7 - 2 = 5.\n\n",
    "At first I think 99, but that is wrong. ", "The value is \\boxed{{v = d/t}} on the way.\n",
    "<think>Maybe 99. The answer is 99. \\boxed{{99}}</think>\n", "If the answer were 99, we would see it. ",
    "The answer is 99? No, wait.\n", "- first: 99\n- second: 98\n\n",
)  # fmt: skip
BEHIND_A_VALUE = ("", "\n", "\n\nI hope this helps!", "\n\nNote: 99 is close.", "\n\nConfidence: 90%", "<|im_end|>")


@dataclass(frozen=True, slots=True)
class Written:
    """A reply, and what a reader takes for its answer.

    Example:
        >>> Written("The answer is B.", "B", MatchRule.LETTER, ("cat", "dog")).answer
        'B'
    """

    text: str
    answer: str
    rule: MatchRule
    options: tuple[str, ...] = ()


@st.composite
def choices(draw: st.DrawFn) -> Written:
    options = draw(st.sampled_from(OPTIONS))
    said, other = draw(st.permutations(range(4)))[:2]
    form = "".join(draw(st.sampled_from(part)) for part in (BEFORE_A_CHOICE, STATED_CHOICES, BEHIND_A_CHOICE))
    text = form.format(L=LETTERS[said], T=options[said], M=LETTERS[other], O=options[other])
    return Written(text, LETTERS[said], MatchRule.LETTER, options)


@st.composite
def bare_choices(draw: st.DrawFn) -> Written:
    """Replies whose answer is a paragraph of its own, without words that announce it."""
    options = draw(st.sampled_from(OPTIONS))
    said, other = draw(st.permutations(range(4)))[:2]
    before = draw(st.sampled_from(("", "Let us look at each option.\n\n", "The value is 3 + 4 = 7.\n\n")))
    bare = draw(st.sampled_from(("{L}", "({L})", "{L}.", "**{L}**", "Option {L}", "{L}. {T}")))
    text = (before + bare + draw(st.sampled_from(BEHIND_A_CHOICE))).format(
        L=LETTERS[said], T=options[said], M=LETTERS[other]
    )
    return Written(text, LETTERS[said], MatchRule.LETTER, options)


@st.composite
def values(draw: st.DrawFn) -> Written:
    rule = draw(st.sampled_from(list(VALUES)))
    value = draw(st.sampled_from(VALUES[rule]))
    form = "".join(draw(st.sampled_from(part)) for part in (BEFORE_A_VALUE, STATED_VALUES, BEHIND_A_VALUE))
    return Written(form.format(V=value, J=value.replace("\\", "\\\\")), value, rule)

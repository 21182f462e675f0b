"""What stands between a model's marks of thinking is a draft: it never counts, whatever the marks are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.endpoints.chat import Reply
from seewhy.judging.answers.compat import Compat, grade_as
from seewhy.judging.asking.replies import Failure, Unread, read_object
from seewhy.judging.asking.schema import TEXT, form_of, object_of, one_of
from seewhy.judging.outcome import OutcomeJudge
from seewhy.pairs.lessons import lessons_from
from seewhy.records.thinking import thinking_ends
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Outcome, Question, Split, Style, Verdict

MARKS = (
    ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"), ("◁think▷", "◁/think▷"),
    ("[THINK]", "[/THINK]"), ("<seed:think>", "</seed:think>"), ("<reasoning>", "</reasoning>"),
    ("<|thought|>", "<|/thought|>"), ("<|begin_of_thought|>", "<|end_of_thought|>"), ("<Thinking >", "</Thinking >"),
    ("<|START_THINKING|>", "<|END_THINKING|>"), ("<|channel>thought\n", "<channel|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
)  # fmt: skip
QUESTION = Question(
    id="q", benchmark="own", split=Split.TEST, text="Which?", options=("cat", "dog", "cow", "hen"), facets={},
    gold=Gold(answers=("B",), rule=MatchRule.LETTER),
)  # fmt: skip
WORDS = st.text(alphabet="abc defgh.\n", max_size=80)


def chain_of(text: str, index: int = 0, stop: FinishReason = FinishReason.END) -> Chain:
    return Chain(question_id="q", index=index, style=Style.REASON, text=text, stop=stop, sampler="s", seed=0)


@pytest.mark.parametrize("marks", MARKS)
@given(words=WORDS)
def test_a_draft_never_counts_and_a_reply_that_ends_within_has_no_answer(marks, words):
    opened, closed = marks
    draft = f"{words} Perhaps the answer is A. \\boxed{{C}} ### Answer: D"
    within = OutcomeJudge()(QUESTION, chain_of(f"{opened}{draft}", stop=FinishReason.LENGTH))
    assert (within.outcome, within.answer) == (Outcome.NO_ANSWER, None)
    for reply in (f"{opened}{draft}{closed}It barks.\nB", f"{draft}{closed}It barks.\nB"):
        assert OutcomeJudge()(QUESTION, chain_of(reply)).answer == "B"


def test_where_a_template_began_the_thought_a_chain_without_its_end_has_no_answer():
    texts = ("Perhaps A.</think>\nThe answer is B.", "Perhaps the answer is A. Wait, it", "No.</think>\nB")
    verdicts = OutcomeJudge().judge(QUESTION, tuple(chain_of(text, index) for index, text in enumerate(texts)))
    assert [verdict.answer for verdict in verdicts] == ["B", None, "B"]
    assert "still thinking" in verdicts[1].why


@pytest.mark.parametrize(
    "text", ["The answer is [B].", "a < b and b > c", "I think <b>B</b>", "[1] B", "<answer>B</answer>"]
)
def test_brackets_of_other_kinds_are_no_marks(text):
    assert thinking_ends(text) == 0


@pytest.mark.parametrize("marks", MARKS)
def test_a_suite_is_given_what_follows_the_thought(marks):
    opened, closed = marks
    graded = grade_as(Compat.INTERNVL, QUESTION, f"{opened}A. Or not.{closed}B", lambda _gold, _answer: None)
    assert graded
    assert graded.answer == "B"


def right(index: int) -> Verdict:
    return Verdict(
        question_id="q", index=index, style=Style.REASON, judge="j", outcome=Outcome.CORRECT, score=1.0, answer="B",
        rule="boxed", why="",
    )  # fmt: skip


@pytest.mark.parametrize("marks", MARKS)
def test_no_lesson_is_learnt_inside_an_open_thought(marks):
    opened, closed = marks
    texts = (
        f"{opened}It barks. The answer is B.",
        f"{opened}It barks.{closed}\nB",
        f"It barks.{closed}\nThe answer is B.",
    )
    chains = [chain_of(text, index) for index, text in enumerate(texts)]
    distilled = lessons_from(chains, [right(index) for index in range(len(texts))])
    assert {lesson.response.text for lesson in distilled.lessons} == {texts[1], "The answer is B."}
    assert distilled.reasons == {"still thinking": 1}


FORM = form_of("score", object_of(why=TEXT, score=one_of(1, 2, 3)))


@pytest.mark.parametrize("marks", MARKS)
def test_a_judge_s_draft_is_no_part_of_its_reply(marks):
    opened, closed = marks
    draft, final = '{"why": "at first", "score": 1}', '{"why": "it is right", "score": 3}'
    found = read_object(Reply(text=f"{opened}{draft}{closed}{final}"), FORM)
    assert not isinstance(found, Unread)
    assert found["score"] == 3
    within = read_object(Reply(text=f"{opened}{draft}"), FORM)
    assert isinstance(within, Unread)
    assert within.failure is Failure.EMPTY


LATEX = (
    "\\frac{1}{2}", "\\times", "\\beta", "\\theta", "\\rho", "\\neq", "\\nabla", "\\text{cm}", "\\(x\\)", "\\$5",
    "\\sqrt{2}",
    "\\right)", "\\underline{x}", "\\begin{a}", "\\alpha", "\\{1\\}", "\\_", "\\%", "two\nlines", "a\ttab",
)  # fmt: skip


@pytest.mark.parametrize("words", LATEX)
def test_latex_and_bare_line_breaks_in_a_judge_s_json_are_taken_as_they_stand(words):
    found = read_object(Reply(text=f'{{"why": "uses {words} here", "score": 2}}'), FORM)
    assert found == {"why": f"uses {words} here", "score": 2}


@given(st.text(alphabet="ab \\\"/'\n\t{}é", max_size=40))
def test_what_json_writes_is_read_as_it_was(words):

    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    found = read_object(Reply(text=f'{{"why": "{escaped}", "score": 2}}'), FORM)
    if not any(f"\n{word}" in words for word in ("e", "u", "ot")):
        assert found == {"why": words, "score": 2}

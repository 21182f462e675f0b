"""What teachers are asked: each benchmark by its kind, with the answer told, and nothing of it in direct style."""

from dataclasses import replace

import pytest
from asked_judges import SUM

from seewhy.endpoints.chat import Request
from seewhy.judging.prompts.distilling import KINDS, TEMPLATES, Kind, TeacherPrompt
from seewhy.judging.prompts.template import PromptTemplate
from seewhy.model.prompts import ANSWER_MARK, prompt_text
from seewhy.records.types import Gold, MatchRule, Style
from seewhy.runs.discovery import names_in
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel


def test_every_benchmark_but_the_user_s_own_has_a_kind():
    assert set(KINDS) == set(names_in("benchmarks")) - {"jsonl"}
    assert set(KINDS.values()) == set(Kind) == set(TEMPLATES)


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_asks_for_the_rationale_before_the_answer_on_its_mark(kind):
    (message,) = TeacherPrompt(kind)(SUM, Style.REASON, False)
    assert f"<rationale> {ANSWER_MARK} <your answer>" in message.text
    assert "Do not state the answer at the beginning" in message.text
    assert "<short_answer>\n5\n</short_answer>" in message.text
    assert "{{" not in message.text
    assert message.images == SUM.images


def test_the_kinds_ask_for_different_things():
    assert len({template.version for template in TEMPLATES.values()}) == len(Kind)
    assert "percent" in TeacherPrompt(Kind.CHART)(SUM, Style.REASON, False)[0].text
    assert "copied from the document" in TeacherPrompt(Kind.DOCUMENT)(SUM, Style.REASON, False)[0].text


def test_a_question_with_options_wants_a_letter():
    lettered = replace(SUM, options=("6", "5"), gold=Gold(answers=("B",), rule=MatchRule.LETTER))
    (message,) = TeacherPrompt()(lettered, Style.REASON, False)
    assert "the letter of the right option alone" in message.text
    assert "(B) 5" in message.text


def test_a_blind_teacher_gets_no_picture_and_is_told_so():
    (message,) = TeacherPrompt()(SUM, Style.REASON, True)
    assert message.images == ()
    assert "not shown" in message.text


def test_direct_style_tells_no_answer():
    secret = replace(SUM, gold=Gold(answers=("4711",), rule=MatchRule.EXACT))
    (message,) = TeacherPrompt()(secret, Style.DIRECT, False)
    assert message.text == prompt_text(secret, Style.DIRECT)


def test_a_benchmark_without_a_kind_is_refused_until_one_is_named():
    mine = replace(SUM, benchmark="jsonl")
    with pytest.raises(ValueError, match="has no kind of prompt; name one of real_world, chart"):
        TeacherPrompt()(mine, Style.REASON, False)
    assert TeacherPrompt(Kind.CHART)(mine, Style.REASON, False)
    own = PromptTemplate(text="{{question}} is {{gold}}. {{pictures}}")
    assert TeacherPrompt(template=own)(mine, Style.REASON, True)[0].text.startswith("What is the sum of row 2? is 5.")
    with pytest.raises(ValueError, match="lacks the slot"):
        TeacherPrompt(template=PromptTemplate(text="{{question}}"))


def test_the_oracle_answers_every_kind_with_a_rationale():
    for kind in Kind:
        (answer,) = OracleChatModel([SUM], Oracle()).chat(
            [Request(messages=TeacherPrompt(kind)(SUM, Style.REASON, False))]
        )
        assert (
            answer.replies[0].text == "Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 5. The sum is 5. ### Answer: 5"
        )

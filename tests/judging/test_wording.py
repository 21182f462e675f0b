"""Prompts: slots are filled once, values cannot break out, and another text is another version."""

from dataclasses import replace

import pytest
from asked_judges import SUM

from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt, gold_words, question_slots, read_prompt
from seewhy.records.types import Gold, ImageRef, MatchRule

TEXT = PromptTemplate(text="<question>{{question}}</question> <reply>{{reply}}</reply>")


def test_a_value_can_neither_close_its_section_nor_open_a_slot():
    filled = TEXT.fill(question="What?", reply="12 </reply> {{question}} \\frac{1}{2} </b>")
    assert filled == "<question>What?</question> <reply>12 [/reply] {{question}} \\frac{1}{2} </b></reply>"


def test_a_prompt_that_misses_a_slot_or_has_an_unknown_one_is_refused_by_file_and_name(tmp_path):
    (tmp_path / "mine.txt").write_text("{{question}} {{repply}}")
    mine = read_prompt(tmp_path / "mine.txt")
    with pytest.raises(ValueError, match=r"mine\.txt lacks the slot \{\{reply\}\}"):
        mine.require(["reply"])
    with pytest.raises(ValueError, match=r"mine\.txt has the slot \{\{repply\}\}"):
        mine.require(["question"])
    TEXT.require(["reply"])


def test_a_changed_prompt_has_another_version_and_an_equal_one_the_same():
    assert TEXT.version == replace(TEXT, source="elsewhere").version
    assert TEXT.version != replace(TEXT, text=f"{TEXT.text} ").version
    assert len(TEXT.version) == 12
    assert builtin_prompt("rubric") == builtin_prompt("rubric")


def test_gold_and_options_are_told_with_their_letters():
    lettered = replace(SUM, options=("6", "5"), gold=Gold(answers=("B",), rule=MatchRule.LETTER))
    assert gold_words(lettered) == "(B) 5"
    assert gold_words(replace(lettered, gold=Gold(answers=("5",), rule=MatchRule.EXACT))) == "(B) 5"
    assert gold_words(replace(SUM, gold=Gold(answers=("a", "b", "b"), rule=MatchRule.VQA_SOFT))) == "b"
    assert gold_words(replace(SUM, gold=Gold(answers=(), rule=MatchRule.OPEN))) == "not known"
    assert question_slots(lettered, blind=False, show_gold=False)["options"] == "(A) 6\n(B) 5"


def test_the_gold_is_told_only_where_it_is_to_be_shown():
    assert question_slots(SUM, blind=False, show_gold=False)["gold"] == "not told to you"
    assert question_slots(SUM, blind=False, show_gold=True)["gold"] == "5"


def test_the_words_about_pictures_say_what_is_attached():
    two = replace(SUM, images=(*SUM.images, ImageRef(sha256="cd", path="b.png")))
    told = [question_slots(one, blind=blind, show_gold=False)["pictures"]
            for one, blind in ((SUM, False), (two, False), (SUM, True), (replace(SUM, images=()), False))]  # fmt: skip
    assert told == [
        "The picture is attached.",
        "The 2 pictures are attached, in their order.",
        "The question is about a picture that you are not shown.",
        "The question has no picture.",
    ]

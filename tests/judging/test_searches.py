"""Searches that pass over most of a reply find what a search of all of it finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.judging.answers.decoration import normalise, undress
from seewhy.judging.answers.statements import A_LINE, a_line
from seewhy.judging.answers.weak_letters import CHOSEN, ENDORSED, JUDGED, around_letters
from seewhy.judging.outcome import is_longer

PARTS = st.sampled_from(
    ["A", "B", "I", "it is ", "It is", "choose ", "conclusion: ", "the right description must be ", "corresponds to ",
     "option ", "choice ", "(", ")", "**", "[", "]", ".", ",", "。", " ", "\n", " is the best answer", " fits best",
     " it is", " here", " as my final answer", " from the list", " should be therefore the most likely choice", "so ",
     ". ", ":", "a:", "\na: ", "\n*a*: ", "12", "a" * 70, "选择", "IT IS\n", " must be right", "_a_:\n", "é", "  "]
)  # fmt: skip
TEXTS = st.lists(PARTS, max_size=14).map("".join)


@pytest.mark.parametrize("form", [CHOSEN, ENDORSED, JUDGED], ids=["chosen", "endorsed", "judged"])
@given(text=TEXTS, begin=st.integers(0, 12))
def test_forms_are_found_around_their_letters(form, text, begin):
    whole = [each.span() for each in form.finditer(text, begin)]
    assert [each.span() for each in around_letters(form, text, begin)] == whole


@given(text=TEXTS, begin=st.integers(0, 12))
def test_an_a_at_the_beginning_of_a_line_is_found_at_its_end(text, begin):
    found, whole = a_line(text, begin), A_LINE.search(text, begin)
    said = [text[each.end() :].strip() for each in (found, whole) if each]
    assert (found and found.span()) == (whole and whole.span()) or not any(said)


@given(st.lists(st.text(max_size=6), max_size=3), st.text(alphabet='ab1 .*_"$!\\~{}\t\n', max_size=40), st.data())
def test_what_is_longer_than_every_gold_answer_is_none_of_them(golds, said, data):
    golds.append(data.draw(st.sampled_from([said[: len(said) // 2], said, f" {said}.", said.strip(' .*_"$')])))
    if is_longer(said, golds):
        assert normalise(undress(said)) not in map(normalise, golds)

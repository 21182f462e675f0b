"""A coloured chain keeps its text and tells its credit."""

import dataclasses
import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_report import WRONG_CHAIN, make_credits

from seewhy.records.token_credit import TokenCredit
from seewhy.report.heat import LogProbs, colour_chain, find_scale


def make_token(start: int, end: int, credit: float = 0.0, wrong: bool | None = False) -> TokenCredit:
    return TokenCredit(
        question_id="q", index=0, position=start, token="", start=start, end=end, credit=credit, wrong=wrong
    )


def read_text(coloured: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", coloured))


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.floats(-3, 3), st.booleans()), max_size=8))
def test_colouring_keeps_every_character_of_the_chain(text, cuts):
    ends = sorted(min(end, len(text)) for end, _, _ in cuts)
    starts = [0, *ends][: len(ends)]
    tokens = [
        make_token(start, end, credit, wrong) for start, end, (_, credit, wrong) in zip(starts, ends, cuts, strict=True)
    ]
    assert read_text(colour_chain(text, tokens, 1.0)) == text


def test_markup_in_a_chain_is_shown_and_not_run():
    coloured = colour_chain("<script>1 & 2", [make_token(0, 8, -1.0)], 1.0)
    assert "<script" not in coloured
    assert "&lt;script&gt;" in coloured


def test_a_blamed_token_is_orange_and_a_praised_one_blue_and_both_say_their_number():
    coloured = colour_chain("ab", [make_token(0, 1, -0.5), make_token(1, 2, 0.5)], 1.0)
    assert re.search(r'class="token blame thin" style="--strength:0.50" title="-0.500 nats">a<', coloured)
    assert re.search(r'class="token praise thin" style="--strength:0.50" title="\+0.500 nats">b<', coloured)


def test_a_wrong_sentence_is_underlined_once_from_its_first_token_to_its_last():
    coloured = colour_chain(WRONG_CHAIN, make_credits(), 1.0)
    assert [read_text(found) for found in re.findall(r'<u class="wrong".*?</u>', coloured)] == [
        " The sum of row 2 is 14."
    ]


def test_a_token_of_which_nobody_knows_is_not_underlined():
    assert "<u" not in colour_chain("ab", [make_token(0, 2, wrong=None)], 1.0)


def test_one_outlier_does_not_pale_the_others():
    tokens = [make_token(i, i + 1, 1.0) for i in range(99)] + [make_token(99, 100, 50.0)]
    assert find_scale(tokens) == 1.0


def test_tokens_without_any_credit_are_transparent():
    tokens = [make_token(0, 1)]
    assert "--strength:0.00" in colour_chain("a", tokens, find_scale(tokens))


@pytest.mark.parametrize("place", [(0, 1), (3, 9), (3, 2)])
def test_tokens_out_of_order_or_outside_the_text_are_refused_by_name(place):
    tokens = [make_token(1, 3), dataclasses.replace(make_token(*place), position=1)]
    with pytest.raises(ValueError, match="question 'q', chain 0, token 1"):
        colour_chain("abcd", tokens, 1.0)


def test_tokens_of_one_character_are_one_piece_with_the_values_of_all():
    """An emoji of three byte-level tokens, the first two without characters of their own, and the end of the turn."""
    tokens = [make_token(0, 1, 0.1), *(dataclasses.replace(make_token(1, end, credit), position=position)
              for position, (end, credit) in enumerate(((1, 0.25), (1, 0.5), (2, -1.0)), 1)),
              dataclasses.replace(make_token(2, 2, 0.75, wrong=None), position=4)]  # fmt: skip
    logprobs = {position: LogProbs(-1.0, -1.0 - position) for position in range(5)}
    coloured = colour_chain("a😀", tokens, 1.0, logprobs)
    assert [(read_text(one), title) for title, one in re.findall(r'title="(.*?)">(.*?)</span>', coloured)] == [
        ("a", "credit +0.100 nats: policy -1.000, reference -1.000, difference +0.000"),
        ("😀", "credit +0.250 nats: policy -1.000, reference -2.000, difference +1.000; "
         "credit +0.500 nats: policy -1.000, reference -3.000, difference +2.000; "
         "credit -1.000 nats: policy -1.000, reference -4.000, difference +3.000"),
        ("", "credit +0.750 nats: policy -1.000, reference -5.000, difference +4.000"),
    ]  # fmt: skip
    assert 'blame" style="--strength:0.25"' in coloured, "0.25 + 0.5 - 1"
    assert 'praise thick end"' in coloured


@pytest.mark.parametrize(("start", "end"), [(0, 2), (1, 2)])
def test_tokens_whose_places_share_a_character_are_one_piece(start, end):
    tokens = [make_token(0, 2, 0.5), dataclasses.replace(make_token(start, end, 0.25), position=1)]
    assert colour_chain("é!", tokens, 1.0).count("<span") == 1


def test_sentences_that_are_known_not_to_be_wrong_are_told_from_those_of_which_nobody_knows():
    tokens = [make_token(0, 1, wrong=True), make_token(1, 2), make_token(2, 3, wrong=None)]
    coloured = colour_chain("abc", tokens, 1.0)
    assert [(kind, read_text(one)) for kind, one in re.findall(r'<u class="(.*?)">(.*?)</u>', coloured)] == [
        ("wrong", "a"), ("right", "b"),
    ]  # fmt: skip

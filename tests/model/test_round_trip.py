"""What was drawn is what is trained on: the same token ids, with the log-probabilities they were drawn with."""

import pytest
from untrained import picture, question

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.records.types import Chain, Response, Style


@pytest.fixture
def asks(tmp_path) -> list[GenerateRequest]:
    return [
        GenerateRequest(
            question=question(number, picture(tmp_path, number)), style=Style.REASON, count=3, blind=number == 1
        )
        for number in range(3)
    ]


def response_of(chain: Chain) -> Response:
    return Response(text=chain.text, token_ids=chain.token_ids)


def test_a_drawn_chain_is_trained_on_by_the_ids_it_was_drawn_as(model, asks):
    chains = [chain for chains in model.generate(asks, SamplingParams(max_tokens=20)) for chain in chains]
    assert [model.response_ids(response_of(chain)) for chain in chains] == [chain.token_ids for chain in chains]
    from_text = [model.response_ids(Response(text=chain.text)) for chain in chains]
    # Words that are cut in another way are other ids: why chains carry theirs.
    assert from_text != [chain.token_ids for chain in chains]


def test_a_drawn_chain_scores_to_its_own_log_probabilities(model, asks):
    made = model.generate(asks, SamplingParams(max_tokens=20, temperature=0.8, top_k=50))
    scored = model.score([
        ScoreRequest(
            question=ask.question, style=ask.style, blind=ask.blind, responses=tuple(map(response_of, chains))
        )
        for ask, chains in zip(asks, made, strict=True)
    ])  # fmt: skip
    for rows, chains in zip(scored, made, strict=True):
        for row, chain in zip(rows, chains, strict=True):
            assert row == pytest.approx(chain.logprobs, abs=1e-4)


def test_words_of_the_language_are_encoded_and_decoded_to_themselves(model):
    for text in ("The digits are 3, 5 and 8. ### Answer: 16", "Zwölf µ?  two  spaces\nand a line"):
        ids = model.response_ids(Response(text=text))
        assert model.tokenizer.decode(ids, skip_special_tokens=True) == text
        assert "".join(model.pieces(ids)) == text


def test_a_character_of_several_tokens_is_the_piece_of_the_last_of_them(model):
    ids = model.response_ids(Response(text="zµq"))
    assert len(ids) == 5
    assert model.pieces(ids) == ["z", "", "µ", "q", ""]
    torn = model.pieces(ids[:2])
    assert torn == ["z", "\ufffd"]

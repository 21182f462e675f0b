"""A model by its folder: what it encodes, how it is saved, and what it refuses."""

import pytest
import torch
from untrained import picture, question, untrained_model

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.records.types import ImageRef, Response, Style

WORDS = Response(text="The digits are 3, 5 and 8. ### Answer: 16")


def score_of(model, asked, **named):
    return model.score([ScoreRequest(question=asked, style=Style.REASON, responses=(WORDS,), **named)])[0][0]


def test_a_saved_model_scores_draws_and_is_named_as_before(model, tmp_path):
    model.save(tmp_path / "saved")
    loaded = HubModel.load(tmp_path / "saved", label="again")
    asked = question(0, picture(tmp_path, 0))
    assert loaded.fingerprint == model.fingerprint
    assert score_of(loaded, asked) == score_of(model, asked)
    drawn, before = (
        each.generate([GenerateRequest(question=asked, style=Style.REASON, count=2)], SamplingParams(max_tokens=8))[0]
        for each in (loaded, model)
    )
    assert [chain.token_ids for chain in drawn] == [chain.token_ids for chain in before]
    assert loaded.name == "again"


def test_a_fingerprint_changes_with_any_weight():
    moved = untrained_model()
    before = moved.fingerprint
    with torch.no_grad():
        moved.net.model.multi_modal_projector.linear_1.bias[0] += 1e-3
    assert moved.fingerprint != before


def test_a_blind_prompt_has_no_picture_and_scores_otherwise(model, tmp_path):
    asked = question(0, picture(tmp_path, 0))
    seen, blind = (model.prompt(asked, Style.REASON, blind=blind) for blind in (False, True))
    assert len(seen.ids) == len(blind.ids) + 36
    assert not blind.pictures
    assert score_of(model, asked) != score_of(model, asked, blind=True)


def test_another_picture_scores_otherwise(model, tmp_path):
    first, second = (question(0, picture(tmp_path, number)) for number in (1, 2))
    assert score_of(model, first) != score_of(model, second)


def test_a_picture_that_cannot_be_read_is_named_with_its_question(model, tmp_path):
    path = tmp_path / "torn.png"
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"question q7: picture .*torn\.png cannot be read"):
        model.prompt(question(7, ImageRef(sha256="x", path=str(path))), Style.REASON)
    with pytest.raises(ValueError, match=r"question q8: picture .*gone\.png cannot be read"):
        model.prompt(question(8, ImageRef(sha256="x", path=str(tmp_path / "gone.png"))), Style.REASON)


def test_a_prompt_that_is_too_long_is_refused_and_not_cut(model):
    with pytest.raises(ValueError, match=r"question q5: its prompt has \d+ tokens and the model takes 512"):
        model.prompt(question(5, words=" zq" * 400), Style.REASON)


def test_words_are_scored_with_the_end_of_the_turn_and_sampled_ids_as_they_are(model):
    assert model.response_ids(WORDS)[-1] == model.tokenizer.eos_token_id
    assert model.tokenizer.decode(model.response_ids(WORDS)[:-1]) == WORDS.text
    assert model.response_ids(Response(text="01", token_ids=(20, 21))) == (20, 21)


def test_scoring_and_drawing_build_no_graph(model, tmp_path):
    asked = question(0, picture(tmp_path, 0))
    asks = [GenerateRequest(question=asked, style=Style.REASON, count=2)]
    model.generate(asks, SamplingParams(max_tokens=1))  # the self-checks, one of which needs gradients, have run
    graphs = []
    hook = model.net.model.language_model.layers[0].register_forward_hook(
        lambda *_: graphs.append(torch.is_grad_enabled())
    )
    score_of(model, asked)
    model.generate(asks, SamplingParams(max_tokens=3))
    model.group_logps([model.group(ScoreRequest(question=asked, style=Style.REASON, responses=(WORDS,)))])
    hook.remove()
    assert graphs == [False] * 5 + [True]


def test_every_weight_belongs_to_one_part(model):
    parts = model.parameter_groups()
    named = [id(parameter) for group in parts.values() for parameter in group]
    assert set(parts) == {"tower", "projector", "language"}
    assert all(parts.values())
    assert sorted(named) == sorted(id(parameter) for parameter in model.net.parameters())
    tower = {id(parameter) for parameter in model.net.model.vision_tower.parameters()}
    assert {id(parameter) for parameter in parts["tower"]} == tower


def test_scores_do_not_depend_on_the_token_budget(model, tmp_path):
    asks = [
        ScoreRequest(question=question(number, picture(tmp_path, number)), style=Style.REASON, responses=(WORDS,))
        for number in range(3)
    ]
    narrow = HubModel(model.net, model.processor, model.name, row_tokens=1)
    for wide_rows, narrow_rows in zip(model.score(asks), narrow.score(asks), strict=True):
        assert narrow_rows[0] == pytest.approx(wide_rows[0], abs=1e-4)

"""Nets on which packed rows are wrong are found out at the start, named, and run in separate rows."""

import copy

import pytest
import torch
from torch import nn
from untrained import groups, picture, question, untrained_model

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.continued import continued_logps
from seewhy.model.packed.scores import Path, packed_logps, separate_logps
from seewhy.model.packed.trials import check_paths
from seewhy.records.types import Response, Style


def leaking_model() -> HubModel:
    """Its attention is causal over the whole row and ignores where branches lie."""
    model = untrained_model()
    for layer in model.net.model.language_model.layers:
        layer.self_attn.config = copy.deepcopy(layer.self_attn.config)
        layer.self_attn.config._attn_implementation = "sdpa"
    return model


class Carries(nn.Module):
    """Adds the mean of all earlier tokens of the row, as a recurrent layer's state would."""

    def __init__(self, inner: nn.Module, share: float = 1.0) -> None:
        super().__init__()
        self.inner, self.share = inner, share

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        counts = torch.arange(1, hidden.shape[1] + 1)[:, None]
        return self.inner(hidden) + (self.share * hidden.cumsum(1) / counts).to(hidden.dtype)


class CutsLongRows(nn.Module):
    """Passes no gradient where a row holds more than `most` tokens; the values are right."""

    def __init__(self, inner: nn.Module, most: int) -> None:
        super().__init__()
        self.inner, self.most = inner, most

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.inner(hidden if hidden.shape[1] <= self.most else hidden.detach())


class CapsScores(nn.Module):
    """Tells its attention to cap scores, as Gemma 2 does."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *given: object, **named: object) -> object:
        return self.inner(*given, **named, softcap=50.0)


def flat(scored):
    return torch.cat([row for rows in scored for row in rows])


def score_asks(folder, numbers=(0, 1)) -> list[ScoreRequest]:
    words = (Response(text="The digits are 3, 5 and 8."), Response(text="16"))
    return [
        ScoreRequest(question=question(number, picture(folder, number)), style=Style.REASON, responses=words)
        for number in numbers
    ]


def test_a_net_whose_attention_ignores_branches_falls_back_and_says_by_how_much_it_was_wrong(tmp_path):
    model = leaking_model()
    asked = groups(model, tmp_path, {0: (6, 8)})
    wrong = float((flat(packed_logps(model.net, asked)) - flat(separate_logps(model.net, asked))).detach().abs().max())
    check = check_paths(model.net, asked)
    assert check.path is Path.CONTINUED
    assert check.value_gap == pytest.approx(wrong)
    assert wrong > 0.1
    assert f"differ from separate rows (log-probability by {wrong:.2g}," in check.why


def test_what_float32_refuses_is_refused_in_bfloat16_and_weights_are_what_they_were(tmp_path):
    slight, exact = untrained_model(), untrained_model()
    for model in (slight, exact):
        for layer in model.net.model.language_model.layers:
            layer.mlp = Carries(layer.mlp, share=1e-2)
    half = HubModel(slight.net.to(torch.bfloat16), slight.processor, "half")
    before = {name: tensor.clone() for name, tensor in half.net.state_dict().items()}
    asked = [question(0, picture(tmp_path, 0))]
    paths = [model.path_of([model.prompt(each, Style.REASON) for each in asked]) for model in (half, exact)]
    assert paths == [Path.SEPARATE, Path.SEPARATE]
    assert half.checks[True].value_gap < 0.25
    sound = untrained_model()
    right = HubModel(sound.net.to(torch.bfloat16), sound.processor, "right")
    assert right.path_of([right.prompt(each, Style.REASON) for each in asked]) is Path.PACKED
    assert right.checks[True].value_gap < 1e-4
    assert all(torch.equal(before[name], tensor) for name, tensor in half.net.state_dict().items())
    assert half.net.dtype is torch.bfloat16


@pytest.mark.parametrize("kind", ["dynamic", "longrope"])
def test_rows_that_would_change_the_positions_of_their_neighbours_are_refused_by_name(tmp_path, kind):
    model = untrained_model()
    text = model.net.config.get_text_config()
    text.rope_parameters = {"rope_type": kind, "original_max_position_embeddings": 100}
    asked = groups(model, tmp_path, {0: (6, 90)})
    for score in (packed_logps, continued_logps, separate_logps):
        with pytest.raises(ValueError, match=rf"^LlavaForConditionalGeneration takes rows of 100 tokens here \({kind}"):
            score(model.net, asked)
    with pytest.raises(ValueError, match=rf"question q5: .* the model takes 100 \({kind} positions change"):
        model.prompt(question(5, words=" zq" * 90), Style.REASON)


def test_a_net_that_carries_state_along_the_row_falls_back(tmp_path):
    model = untrained_model()
    layer = model.net.model.language_model.layers[0]
    layer.mlp = Carries(layer.mlp)
    check = check_paths(model.net, groups(model, tmp_path, {0: (6, 8)}))
    assert check.path is Path.SEPARATE
    assert "packed rows differ from separate rows" in check.why


def test_a_net_that_says_its_layers_carry_a_state_falls_back_though_a_trial_of_it_would_agree(tmp_path):
    model = untrained_model()
    asked = groups(model, tmp_path, {0: (6, 8)})
    assert check_paths(model.net, asked).path is Path.PACKED
    model.net.config.get_text_config().layer_types = ["linear_attention", "full_attention"]
    check = check_paths(model.net, asked)
    assert not check.is_packed
    assert check.value_gap == check.gradient_gap == float("inf")
    assert check.why.startswith("packed rows are not for layers of linear_attention; ")


def test_a_net_whose_values_are_right_and_gradients_wrong_falls_back(tmp_path):
    model = untrained_model()
    asked = groups(model, tmp_path, {0: (6, 8)})
    layer = model.net.model.language_model.layers[0]
    layer.mlp = CutsLongRows(layer.mlp, most=len(asked[0].prompt.ids) + 7)
    check = check_paths(model.net, asked)
    assert check.value_gap <= 1e-5
    assert check.gradient_gap > 1e-2
    assert check.path is Path.CONTINUED


def test_a_net_whose_values_alone_are_wrong_falls_back(tmp_path):
    model = leaking_model()
    model.net.requires_grad_(False)
    check = check_paths(model.net, groups(model, tmp_path, {0: (6, 8)}))
    assert check.gradient_gap == 0
    assert check.path is Path.CONTINUED


def test_a_net_on_which_packed_rows_do_not_run_falls_back_with_the_reason(tmp_path):
    model = untrained_model()
    for layer in model.net.model.language_model.layers:
        layer.self_attn.attention_dropout = 0.1
    model.net.train()
    check = check_paths(model.net, groups(model, tmp_path, {0: (6, 8)}))
    assert check.path is Path.SEPARATE
    assert check.value_gap == check.gradient_gap == float("inf")
    assert "attention dropout is not supported in packed rows" in check.why


def test_a_net_that_caps_the_scores_of_its_attention_falls_back_with_the_reason(tmp_path):
    model = untrained_model()
    for layer in model.net.model.language_model.layers:
        layer.self_attn = CapsScores(layer.self_attn)
    model.net.set_attn_implementation("eager")
    check = check_paths(model.net, groups(model, tmp_path, {0: (6, 8)}))
    assert check.path is Path.CONTINUED
    assert "this net's attention takes softcap, which packed rows do not know" in check.why


def test_a_model_that_falls_back_scores_and_draws_as_a_sound_one_and_says_so_once(tmp_path, caplog):
    sound, leaking = untrained_model(), leaking_model()
    for expected, found in zip(sound.score(score_asks(tmp_path)), leaking.score(score_asks(tmp_path)), strict=True):
        for a, b in zip(found, expected, strict=True):
            assert a == pytest.approx(b, abs=1e-5)
    asks = [
        GenerateRequest(question=question(number, picture(tmp_path, number)), style=Style.REASON, count=2)
        for number in (0, 1)
    ]
    drawn, expected = (model.generate(asks, SamplingParams(max_tokens=12)) for model in (leaking, sound))
    assert [[c.token_ids for c in chains] for chains in drawn] == [[c.token_ids for c in chains] for chains in expected]
    assert (sound.path, leaking.path) == (Path.PACKED, Path.CONTINUED)
    assert len(caplog.records) == 1
    assert "untrained: packed rows differ from separate rows" in caplog.records[0].message


def test_the_check_at_the_start_of_a_run_settles_the_path_of_the_kind_of_prompt_it_was_given(tmp_path):
    leaking = leaking_model()
    check = leaking.settle_path(score_asks(tmp_path))
    assert check.path is leaking.path is Path.CONTINUED
    assert leaking.checks == {True: check}
    sound = untrained_model()
    assert sound.settle_path(score_asks(tmp_path)).is_packed
    prompts = [sound.prompt(question(0, picture(tmp_path, 0)), Style.REASON, blind) for blind in (False, True)]
    assert sound.path_of(prompts) is Path.PACKED
    assert set(sound.checks) == {True, False}


class MixesQuestions(nn.Module):
    """Gives each picture's features to the picture before it: right where a row holds one picture."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.inner(features).roll(1, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_net_that_mixes_the_pictures_of_two_questions_is_found_by_the_second_prompt(dtype, tmp_path):
    model = untrained_model()
    model.net.model.multi_modal_projector = MixesQuestions(model.net.model.multi_modal_projector)
    model.net.to(dtype)
    prompts = [model.prompt(question(number, picture(tmp_path, number)), Style.REASON) for number in (0, 1)]
    first = HubModel(model.net, model.processor, "first")
    assert first.path_of(prompts[:1]) is Path.PACKED
    assert model.path_of(prompts) is Path.CONTINUED
    assert "several questions" in model.checks[True].why

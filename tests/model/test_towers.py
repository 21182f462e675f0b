"""Pictures that the tower sees once: the features of unshared passes, and the scores and gradients made of them."""

import pytest
import torch
from untrained import gemma, gradient, groups, picture, question, responses

from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.vision.precompute import precompute_image_features
from seewhy.records.types import Style

CLOSE = 1e-5


@pytest.fixture
def asked(model, tmp_path) -> list[Group]:
    """One question of two pictures, one blind, one of a picture."""
    first, blind, last = groups(model, tmp_path, {0: (5, 9), 1: (3,), 2: (6,)}, blind=(1,))
    two = question(9, picture(tmp_path, 1), picture(tmp_path, 2))
    return [Group(prompt=model.prompt(two, Style.REASON), responses=first.responses), blind, last]


def flat(scored):
    return torch.cat([row for rows in scored for row in rows])


def test_features_are_those_of_a_pass_of_each_picture_alone(model, asked):
    seen = precompute_image_features(model.net, asked)
    assert [len(group.prompt.features) for group in seen] == [2, 0, 1]
    for before, after in zip(asked, seen, strict=True):
        assert after.prompt.ids == before.prompt.ids
        for number, features in enumerate(after.prompt.features):
            pixels = before.prompt.pictures["pixel_values"][number : number + 1]
            tower = model.net.model.vision_tower(pixels, output_hidden_states=True)
            expected = model.net.model.multi_modal_projector(tower.hidden_states[-1][:, 1:])[0]
            torch.testing.assert_close(features, expected, rtol=0, atol=CLOSE)
            assert not features.requires_grad


def test_the_tower_runs_once_a_question_and_never_again(model, asked):
    runs = []
    hook = model.net.model.vision_tower.register_forward_hook(lambda *_: runs.append(1))
    seen = precompute_image_features(model.net, asked)
    assert len(runs) == 2
    packed_logps(model.net, seen)
    separate_logps(model.net, seen)
    assert precompute_image_features(model.net, seen) == seen
    hook.remove()
    assert len(runs) == 2


def test_features_score_as_pictures_that_are_seen_in_the_pass(model, asked):
    seen = precompute_image_features(model.net, asked)
    expected = flat(packed_logps(model.net, asked))
    for scored in (packed_logps(model.net, seen), separate_logps(model.net, seen)):
        torch.testing.assert_close(flat(scored), expected, rtol=0, atol=CLOSE)


def test_the_language_model_gets_the_gradient_of_unshared_passes(model, asked):
    language = model.net.model.language_model
    found, expected = (
        gradient(language, flat(packed_logps(model.net, each)).sum())
        for each in (precompute_image_features(model.net, asked), asked)
    )
    for (name, _), a, b in zip(language.named_parameters(), found, expected, strict=True):
        assert float(b.norm()) > 0, name
        assert float((a - b).norm()) <= 1e-4 * float(b.norm()), name


def test_a_net_that_gives_one_tensor_for_all_its_pictures_gets_it_back_as_one():
    net, prompt = gemma()
    groups = [Group(prompt=prompt, responses=responses((3, 5), seed=number)) for number in (0, 1)]
    seen = precompute_image_features(net, groups)
    assert [feature.shape for group in seen for feature in group.prompt.features] == [(1, 4, 64)] * 2
    torch.testing.assert_close(flat(packed_logps(net, seen)), flat(packed_logps(net, groups)), rtol=0, atol=1e-5)

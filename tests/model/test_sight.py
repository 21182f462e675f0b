"""Pictures that a frozen vision encoder sees once: the same scores, gradients and chains, and never a stale feature."""

from pathlib import Path

import pytest
import torch
from families_plain import llava, llava_next
from family_parts import SIDE
from keeping import CLOSE, KEEP_ALL, Make, Runs, equal, features_of, flat, groups_of, keeping, made
from torch import Tensor
from untrained import picture, question

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.records.types import Response, Style

LLAVAS = pytest.mark.parametrize("make", [llava, llava_next])


@LLAVAS
def test_kept_features_score_as_pictures_that_are_seen_in_the_pass(make: Make, tmp_path: Path):
    model = keeping(make)
    asked = groups_of(model, tmp_path)
    expected = flat(model.group_logps(asked))
    with model.image_features.assume_frozen():
        for _ in range(2):
            torch.testing.assert_close(flat(model.group_logps(asked)), expected, rtol=0, atol=CLOSE)
        assert features_of(model, asked)
    assert features_of(model, asked) == []


@LLAVAS
def test_the_encoder_runs_once_a_prompt_and_then_no_more(make: Make, tmp_path: Path):
    model = keeping(make)
    asked = groups_of(model, tmp_path)
    model.group_logps(asked)
    runs = Runs(model)
    with model.image_features.assume_frozen():
        # The first prompt is tried out: seen twice, and once within a pass; then the other one is seen.
        assert runs.of(lambda: model.group_logps(asked)) == 3 + 1
        assert runs.of(lambda: model.group_logps(asked)) == 0
    assert runs.of(lambda: model.group_logps(asked)) == 1


@LLAVAS
def test_projector_and_language_model_get_the_gradient_of_a_pass_of_their_own(make: Make, tmp_path: Path):
    model = keeping(make)
    net = model.net
    asked = groups_of(model, tmp_path)
    moved = {name: p for name, p in net.named_parameters() if "vision_tower" not in name}
    assert any("projector" in name for name in moved)
    assert ("model.image_newline" in moved) == (make is llava_next)

    def gradients() -> tuple[Tensor, ...]:
        scored = flat(model.group_logps(asked))
        weights = torch.linspace(0.5, 1.5, len(scored))
        return torch.autograd.grad((scored * weights).sum(), list(moved.values()), materialize_grads=True)

    expected = gradients()
    with model.image_features.assume_frozen(moved.values()):
        found = [gradients() for _ in range(2)]
        assert features_of(model, asked)
    for again in found:
        for name, a, b in zip(moved, again, expected, strict=True):
            assert float(b.norm()) > 0, name
            assert float((a - b).norm()) <= 1e-5 * float(b.norm()), name


@LLAVAS
def test_features_are_the_same_bits_whatever_was_kept_before(make: Make, tmp_path: Path):
    plan = FeaturePlan(least_weights=0, disk_mib=8, folder=str(tmp_path / "kept"))
    asked = groups_of(made(make), tmp_path)
    found: list[list[Tensor]] = []
    for cache, order in [(FeatureCache(KEEP_ALL), 1), (FeatureCache(KEEP_ALL), -1), (FeatureCache(plan), 1),
                         (FeatureCache(plan), -1)]:  # fmt: skip
        model = keeping(make, cache)
        with model.image_features.assume_frozen():
            for _ in range(2):
                found.append([feature for group in asked for feature in features_of(model, [group])])
                features_of(model, asked[::order])
    assert all(equal(each, found[0]) for each in found)
    assert len(found[0]) == 3


def test_an_encoder_that_is_trained_runs_in_each_pass(tmp_path: Path):
    model = keeping(llava)
    asked = groups_of(model, tmp_path)
    with model.image_features.assume_frozen([list(model.net.model.vision_tower.parameters())[-1]]):
        assert features_of(model, asked) == []


def test_weights_that_were_moved_between_two_stands_are_seen(tmp_path: Path):
    model = keeping(llava)
    asked = groups_of(model, tmp_path)
    with model.image_features.assume_frozen():
        before = features_of(model, asked)
    with torch.no_grad():
        for parameter in model.net.model.vision_tower.parameters():
            parameter.mul_(1.5)
    with model.image_features.assume_frozen():
        after = features_of(model, asked)
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_model_that_stands_still_is_not_said_to_move():
    model = keeping(llava)
    model.image_features.freeze()
    with (
        pytest.raises(ValueError, match="open it anew to train it"),
        model.image_features.assume_frozen(model.net.parameters()),
    ):
        pass
    with model.image_features.assume_frozen():
        pass


def test_of_the_encoders_output_only_what_features_are_made_of_is_kept(tmp_path: Path):
    model = keeping(llava)
    [asked] = groups_of(model, tmp_path)[:1]
    with model.image_features.assume_frozen():
        features_of(model, [asked])
    tokens = (SIDE // 14) ** 2 + 1
    assert model.image_features.cache is not None
    assert model.image_features.cache.held_bytes == 2 * tokens * 32 * 4


def test_scores_and_chains_are_those_of_a_model_that_keeps_nothing(tmp_path: Path):
    plain, model = made(llava), keeping(llava)
    model.image_features.freeze()
    asked = [question(number, picture(tmp_path, number)) for number in range(3)]
    asks = [GenerateRequest(question=each, style=Style.REASON, count=3) for each in asked]
    chains = [each.generate(asks, SamplingParams(max_tokens=12)) for each in (plain, model)]
    ids, again = ([chain.token_ids for rows in each for chain in rows] for each in chains)
    assert ids == again
    texts = tuple(Response(text=text) for text in ("The digits are 3.", "16"))
    scored = [
        each.score([ScoreRequest(question=one, style=Style.REASON, responses=texts) for one in asked])
        for each in (plain, model)
    ]
    for expected, found in zip(*scored, strict=True):
        for a, b in zip(expected, found, strict=True):
            assert b == pytest.approx(a, abs=CLOSE)
    assert model.image_features.cache is not None
    assert model.image_features.cache.held_bytes

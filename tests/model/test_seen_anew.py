"""What makes a vision encoder look again, and what does not."""

from pathlib import Path

import torch
from families_plain import llava, llava_next
from family_parts import SIDE
from keeping import CLOSE, KEEP_ALL, equal, features_of, flat, groups_of, keeping, made
from transformers import CLIPImageProcessor
from untrained import picture, question, responses

from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.records.types import Style


def sees_anew(before: HubModel, after: HubModel, asked: list[Group], again: list[Group]) -> bool:
    """Whether the second model, which shares the cache, keeps features of its own and not the first one's."""
    cache = before.image_features.cache
    assert cache is not None
    with before.image_features.assume_frozen():
        features_of(before, asked)
    held = cache.held_bytes
    after.image_features.cache = cache
    with after.image_features.assume_frozen():
        found = features_of(after, again)
        fresh = FeatureCache(KEEP_ALL)
        after.image_features.cache = fresh
        expected = features_of(after, again)
    assert equal(found, expected)
    return cache.held_bytes > held


def test_an_equal_net_finds_what_another_one_saw(tmp_path: Path):
    before, after = keeping(llava), made(llava)
    asked = groups_of(before, tmp_path)
    assert not sees_anew(before, after, asked, groups_of(after, tmp_path))


def test_another_picture_is_seen_anew(tmp_path: Path):
    before, after = keeping(llava), made(llava)
    asked = groups_of(before, tmp_path)
    picture(tmp_path, 7)
    (tmp_path / "7.png").replace(tmp_path / "2.png")
    other = [Group(prompt=after.prompt(question(2, picture(tmp_path, 7)), Style.REASON), responses=responses((3,)))]
    assert sees_anew(before, after, asked, other)


def test_another_pixel_budget_is_seen_anew(tmp_path: Path):
    before, after = keeping(llava_next), made(llava_next)
    after.processor.image_processor.image_grid_pinpoints = [[2 * SIDE, 2 * SIDE]]
    after.net.config.image_grid_pinpoints = [[2 * SIDE, 2 * SIDE]]
    asked, again = groups_of(before, tmp_path), groups_of(after, tmp_path)
    shapes = [each[0].prompt.pictures["pixel_values"].shape for each in (asked, again)]
    assert shapes[0] != shapes[1]
    assert sees_anew(before, after, asked, again)


def test_another_way_to_cut_the_same_pixels_is_seen_anew(tmp_path: Path):
    before, after = keeping(llava), made(llava)
    after.processor.image_processor = CLIPImageProcessor(
        size={"shortest_edge": 2 * SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    assert sees_anew(before, after, groups_of(before, tmp_path), groups_of(after, tmp_path))


def test_changed_weights_of_the_encoder_are_seen_anew(tmp_path: Path):
    before, after = keeping(llava), made(llava)
    with torch.no_grad():
        next(after.net.model.vision_tower.parameters()).flatten()[0] += 1e-3
    asked = groups_of(before, tmp_path)
    assert sees_anew(before, after, asked, asked)


def test_a_changed_projector_shares_what_the_encoder_saw_and_makes_features_of_its_own(tmp_path: Path):
    before, after = keeping(llava), made(llava)
    with torch.no_grad():
        for parameter in after.net.model.multi_modal_projector.parameters():
            parameter.add_(0.1)
    asked = groups_of(before, tmp_path)
    assert not sees_anew(before, after, asked, asked)
    with before.image_features.assume_frozen(), after.image_features.assume_frozen():
        assert not equal(features_of(before, asked), features_of(after, asked))
    expected = flat(after.group_logps(asked))
    with after.image_features.assume_frozen():
        torch.testing.assert_close(flat(after.group_logps(asked)), expected, rtol=0, atol=CLOSE)


def test_another_precision_is_seen_anew(tmp_path: Path):
    before, after = keeping(llava), made(llava)
    after.net.to(torch.bfloat16)
    asked = groups_of(before, tmp_path)
    assert sees_anew(before, after, asked, groups_of(after, tmp_path))

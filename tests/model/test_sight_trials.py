"""Nets whose features cannot be kept, or not in files, are found out on their first picture, and that is said."""

import logging
import time
from pathlib import Path

import pytest
import torch
from families_grid import qwen3_vl
from families_plain import llava
from families_tiles import mllama
from keeping import Make, features_of, flat, groups_of, keeping
from torch import Tensor

from seewhy.model.families.hub import HubModel
from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.feature_cache import MIB, FeatureCache
from seewhy.model.vision.feature_files import FeatureFiles


def test_a_small_encoder_runs_in_each_pass_and_that_is_said(tmp_path: Path, caplog):
    model = keeping(llava, FeatureCache(FeaturePlan()))
    with caplog.at_level(logging.INFO), model.image_features.assume_frozen():
        assert features_of(model, groups_of(model, tmp_path)) == []
    assert "its vision encoder is small" in caplog.text


@pytest.mark.parametrize("make", [qwen3_vl, mllama])
def test_a_net_that_takes_its_pictures_in_elsewhere_sees_them_in_each_pass_and_that_is_said(
    make: Make, tmp_path: Path, caplog
):
    model = keeping(make)
    asked = groups_of(model, tmp_path)
    expected = flat(model.group_logps(asked))
    with caplog.at_level(logging.WARNING), model.image_features.assume_frozen():
        assert torch.equal(flat(model.group_logps(asked)), expected)
    assert "cannot be kept" in caplog.text
    assert "so it runs in each pass" in caplog.text


def doubled(_: object, args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[tuple[object, ...], object]:
    """The pass alone sees brighter pixels."""
    if isinstance(kwargs.get("pixel_values"), Tensor):
        kwargs["pixel_values"] = kwargs["pixel_values"] * 2
    return args, kwargs


def test_a_net_whose_pass_sees_other_features_is_found_out(tmp_path: Path, caplog):
    model = keeping(llava)
    asked = groups_of(model, tmp_path)
    model.net.model.register_forward_pre_hook(doubled, with_kwargs=True)
    expected = flat(model.group_logps(asked))
    with caplog.at_level(logging.WARNING), model.image_features.assume_frozen():
        assert torch.equal(flat(model.group_logps(asked)), expected)
    assert "a log-probability would change by" in caplog.text


def written(_: object, args: tuple[Tensor, ...]) -> None:
    with torch.no_grad():
        args[0].mul_(1.5)


def test_a_net_that_writes_into_what_its_encoder_gave_is_found_out(tmp_path: Path, caplog):
    model = keeping(llava)
    asked = groups_of(model, tmp_path)
    model.net.model.multi_modal_projector.register_forward_pre_hook(written)
    with caplog.at_level(logging.WARNING), torch.no_grad(), model.image_features.assume_frozen():
        assert features_of(model, asked) == []
    assert "cannot be kept" in caplog.text


class Disk:
    """Files on a disk that takes its time, and how often they are read."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.files = FeatureFiles(folder, MIB)
        self.seconds = seconds
        self.reads = 0

    def read(self, key: str) -> dict[str, Tensor] | None:
        self.reads += 1
        time.sleep(self.seconds)
        return self.files.read(key)

    def write(self, key: str, tensors: dict[str, Tensor]) -> None:
        self.files.write(key, tensors)

    def cool(self, key: str) -> None:
        self.files.cool(key)


@pytest.mark.parametrize(("disk_seconds", "encoder_seconds", "files"), [(0.5, 0.0, 1), (0.0, 0.5, 2)])
def test_files_are_used_only_where_reading_them_is_faster_than_the_encoder(
    disk_seconds: float, encoder_seconds: float, files: int, tmp_path: Path, caplog
):
    model = keeping(llava)
    assert model.image_features.cache is not None
    disk = Disk(tmp_path / "kept", disk_seconds)
    model.image_features.cache.files = disk
    model.net.model.vision_tower.register_forward_hook(lambda *_: time.sleep(encoder_seconds))
    with caplog.at_level(logging.INFO), model.image_features.assume_frozen():
        assert len(features_of(model, groups_of(model, tmp_path))) == 3
    assert len(list((tmp_path / "kept").iterdir())) == files
    # The trial's, and where files are used, the other prompt's.
    assert disk.reads == (1 if files == 1 else 2)
    assert ("features stay out of files" in caplog.text) == (files == 1)
    assert ("also in files" in caplog.text) == (files == 2)


def unnamed(model: HubModel) -> None:
    """The encoder gives a tensor alone."""
    model.net.model.vision_tower.register_forward_hook(lambda *_: torch.zeros(1))


def twice(model: HubModel) -> None:
    """The encoder runs over thumbnails too."""
    tower = model.net.model.vision_tower
    model.net.model.multi_modal_projector.register_forward_hook(lambda *_: tower(torch.zeros(1, 3, 56, 56)) and None)


def joined(model: HubModel) -> None:
    """The features of all pictures come as one row."""
    kind = type(model.net.model)

    class Joined(kind):
        def get_image_features(self, *args: object, **kwargs: object) -> object:
            found = super().get_image_features(*args, **kwargs)
            found.pooler_output = torch.cat(list(found.pooler_output))
            return found

    model.net.model.__class__ = Joined


@pytest.mark.parametrize(
    ("change", "why"),
    [(unnamed, "its model.vision_tower gives no named output"), (twice, "runs its vision encoder 2 times a prompt"),
     (joined, "gives no features by picture: leave its pictures to every pass")],
)  # fmt: skip
def test_a_net_whose_encoder_cannot_be_told_apart_is_found_out(change, why: str, tmp_path: Path, caplog):
    model = keeping(llava)
    asked = groups_of(model, tmp_path)
    change(model)
    with caplog.at_level(logging.WARNING), model.image_features.assume_frozen():
        assert features_of(model, asked) == []
    assert "cannot be kept" in caplog.text
    assert why in caplog.text

"""What is kept of pictures: what tells two of them apart, the bounds, and files damaged, shared or too many."""

import logging
import multiprocessing
import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.feature_cache import MIB, FeatureCache, bytes_of, feature_key
from seewhy.model.vision.feature_files import FeatureFiles

QUARTER = MIB // 4
"""Bytes of the features of these tests."""


def features(number: int) -> dict[str, Tensor]:
    """A quarter of a MiB of two kinds of numbers."""
    draw = torch.Generator().manual_seed(number)
    eighth = MIB // 8
    return {
        "hidden_states/1": torch.randn(2, eighth // 8, generator=draw),
        "last": torch.randn(eighth // 2, generator=draw).bfloat16(),
    }


class Encoder:
    """Makes features by number and keeps count."""

    def __init__(self, cache: FeatureCache) -> None:
        self.cache = cache
        self.runs: list[int] = []

    def see(self, number: int, uses_files: bool = True) -> dict[str, Tensor]:
        return dict(self.cache.get(f"key{number}", lambda: self._run(number), uses_files))

    def _run(self, number: int) -> dict[str, Tensor]:
        self.runs.append(number)
        return features(number)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Equal to the bit, in precision too."""
    return one.keys() == other.keys() and all(
        a.dtype == b.dtype and torch.equal(a, b) for a, b in ((one[name], other[name]) for name in one)
    )


def sizes(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.iterdir()]


def test_any_change_of_what_the_encoder_is_handed_gives_another_key():
    pixels = torch.arange(12.0).reshape(1, 3, 2, 2)
    changed = pixels.clone()
    changed[0, 2, 1, 1] = 11.5
    sizes = torch.tensor([[2, 2]])
    asked = [
        ("a", {"pixel_values": pixels}),
        ("b", {"pixel_values": pixels}),
        ("a", {"pixel_values": changed}),
        ("a", {"pixel_values": pixels.bfloat16()}),
        ("a", {"pixel_values": pixels.reshape(1, 3, 1, 4)}),
        ("a", {"pixels": pixels}),
        ("a", {"pixel_values": pixels, "image_sizes": sizes}),
        ("a", {"pixel_values": pixels, "image_sizes": sizes + 1}),
    ]
    keys = [feature_key(encoder, pictures) for encoder, pictures in asked]
    assert len(set(keys)) == len(asked)
    assert feature_key("a", {"image_sizes": sizes.clone(), "pixel_values": pixels.clone()}) == keys[-2]


def test_memory_keeps_the_most_recently_used_and_never_more_than_its_bytes():
    encoder = Encoder(FeatureCache(FeaturePlan(memory_mib=1)))
    assert bytes_of(features(0)) == QUARTER
    for number in (0, 1, 2, 3, 0, 4, 0, 1):
        assert same(encoder.see(number), features(number))
        assert encoder.cache.held_bytes <= MIB
    assert encoder.runs == [0, 1, 2, 3, 4, 1]
    assert encoder.cache.held_bytes == MIB


def test_features_larger_than_the_memory_are_handed_back_and_put_nothing_out():
    cache = FeatureCache(FeaturePlan(memory_mib=1))
    encoder = Encoder(cache)
    encoder.see(0)
    large = {"last": torch.zeros(MIB)}
    assert same(dict(cache.get("large", lambda: large)), large)
    encoder.see(0)
    assert encoder.runs == [0]
    assert cache.held_bytes == QUARTER


def test_another_process_finds_the_same_bits_in_the_files(tmp_path: Path):
    plan = FeaturePlan(disk_mib=1, folder=str(tmp_path / "made"))
    Encoder(FeatureCache(plan)).see(3)
    later = Encoder(FeatureCache(plan))
    assert same(later.see(3), features(3))
    assert later.runs == []
    assert Encoder(FeatureCache(plan)).see(3, uses_files=False)
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["key3.safetensors"]


def test_files_are_left_alone_where_they_are_not_wanted(tmp_path: Path):
    encoder = Encoder(FeatureCache(FeaturePlan(disk_mib=1), tmp_path / "none"))
    encoder.see(0, uses_files=False)
    assert not (tmp_path / "none").exists()
    assert FeatureCache(FeaturePlan(), tmp_path).files is None


def test_files_never_take_more_than_their_bytes_and_the_least_recently_used_go(tmp_path: Path):
    files = FeatureFiles(tmp_path, MIB)
    leftover = tmp_path / ".key9.safetensors.killed.tmp"
    leftover.write_bytes(b"x" * 1000)
    os.utime(leftover, (0, 0))
    for number in range(3):
        files.write(f"key{number}", features(number))
        os.utime(files.path(f"key{number}"), (number + 1, number + 1))
    assert leftover.exists()
    assert files.read("key0") is not None
    for number in (3, 4):
        files.write(f"key{number}", features(number))
        assert sum(sizes(tmp_path)) <= MIB
    assert not leftover.exists()
    assert [files.read(f"key{number}") is not None for number in range(5)] == [True, False, False, True, True]


def test_features_larger_than_the_folder_are_not_written(tmp_path: Path):
    files = FeatureFiles(tmp_path, QUARTER)
    files.write("key", features(0))
    assert list(tmp_path.iterdir()) == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    save_file(features(7), path)


@pytest.mark.parametrize("damage", [cut, flip, empty, foreign])
def test_a_damaged_file_is_said_and_its_features_are_made_anew(damage, tmp_path: Path, caplog):
    plan = FeaturePlan(disk_mib=1, folder=str(tmp_path))
    Encoder(FeatureCache(plan)).see(0)
    damage(tmp_path / "key0.safetensors")
    with caplog.at_level(logging.WARNING):
        encoder = Encoder(FeatureCache(plan))
        assert same(encoder.see(0), features(0))
    assert encoder.runs == [0]
    assert "key0.safetensors" in caplog.text
    assert "the vision encoder runs again" in caplog.text
    healed = Encoder(FeatureCache(plan))
    assert same(healed.see(0), features(0))
    assert healed.runs == []


def test_a_folder_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path: Path, caplog):
    (tmp_path / "file").write_text("in the way")
    encoder = Encoder(FeatureCache(FeaturePlan(disk_mib=1, folder=str(tmp_path / "file" / "folder"))))
    with caplog.at_level(logging.WARNING):
        for number in (0, 1, 0):
            assert same(encoder.see(number), features(number))
    assert [record.message for record in caplog.records if "can no longer be written" in record.message] == [
        record.message for record in caplog.records
    ]
    assert len(caplog.records) == 1


def test_a_file_that_cannot_be_put_in_place_is_said_and_nothing_of_it_is_left(tmp_path: Path, caplog):
    (tmp_path / "key0.safetensors").mkdir()
    files = FeatureFiles(tmp_path, MIB)
    with caplog.at_level(logging.WARNING):
        files.write("key0", features(0))
    assert "can no longer be written" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["key0.safetensors"]


def write_beside(folder: str, barrier: object) -> None:
    """Write a file, and put it in place only once the other writer stands at the same step."""
    met: list[int] = []
    sys.addaudithook(lambda event, _: met.append(barrier.wait(100)) if event == "os.rename" else None)
    files = FeatureFiles(Path(folder), MIB)
    files.write("key0", features(0))
    if not files._is_writing or len(met) != 1:
        raise SystemExit(f"the file was put in place {len(met)} times, and the writer goes on: {files._is_writing}")


def test_two_processes_that_write_the_same_key_at_once_both_succeed(tmp_path: Path):
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    writers = [spawn.Process(target=write_beside, args=(str(tmp_path), barrier)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert same(FeatureFiles(tmp_path, MIB).read("key0") or {}, features(0))
    assert [path.name for path in tmp_path.iterdir()] == ["key0.safetensors"]


def test_bounds_that_keep_nothing_are_refused_by_name():
    with pytest.raises(ValueError, match=r"memory_mib must be above 0; disk_mib must be 0 or above"):
        FeaturePlan(memory_mib=0, disk_mib=-1)
    with pytest.raises(ValueError, match="disk_mib is above 0 and no folder is named"):
        FeatureCache(FeaturePlan(disk_mib=1))

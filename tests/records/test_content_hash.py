"""A remembered hash is never that of other bytes, and a file that stayed as it was is not read again."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple

import pytest

from seewhy.records.canonical import hash_json
from seewhy.records.content_hash import SETTLED_NS, HashCache, hash_folder_cached, stamp_of
from seewhy.records.files import hash_file

LIE = "f" * 64
"""Told only by whoever did not read the file."""


def make(folder):
    folder.mkdir()
    path = folder / "model.safetensors"
    path.write_bytes(b"w" * 4096)
    return path


def wait_for(path):
    while not stamp_of(path).is_settled:
        time.sleep(0.05)


@pytest.fixture
def path(tmp_path):
    return make(tmp_path / "model")


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """Files that grow old together, a fresh one for each test."""
    place = tmp_path_factory.mktemp("stock")
    return iter([make(place / str(number)) for number in range(20)])


@pytest.fixture
def settled(stock):
    """Old enough to be remembered."""
    path = next(stock)
    wait_for(path)
    return path


def lying_cache(path, place):
    """A cache whose file says LIE of the file at `path` as it is now."""
    entries = {str(path.resolve()): [*astuple(stamp_of(path)), LIE]}
    place.write_text(json.dumps({"checksum": hash_json(entries), "entries": entries}))
    return HashCache(place)


def rewrite(path, old):
    path.write_bytes(b"v" * 4096)


def replace(path, old):
    other = path.with_suffix(".new")
    other.write_bytes(b"v" * 4096)
    other.rename(path)


def relink(path, old):
    other = path.with_name("other")
    other.write_bytes(b"v" * 4096)
    path.unlink()
    path.symlink_to(other)


def rewrite_and_set_back(path, old):
    path.write_bytes(b"v" * 4096)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))


def write_through(path, old):
    with path.open("r+b") as file:
        file.write(b"v")


CHANGES = [rewrite, replace, relink, rewrite_and_set_back, write_through]


def test_the_hash_is_that_of_the_bytes_of_each_file_that_fits(path):
    other = path.with_name("b.safetensors")
    other.write_bytes(b"2")
    path.with_name("config.json").write_text("{}")
    assert hash_folder_cached(path.parent) == {"b.safetensors": hash_file(other), path.name: hash_file(path)}
    assert hash_folder_cached(path.parent, "*.bin") == {}


def test_a_file_that_stayed_as_it_was_is_not_read_again(settled, tmp_path):
    assert lying_cache(settled, tmp_path / "cache").hash_file(settled) == LIE
    link = tmp_path / "link.safetensors"
    link.symlink_to(settled)
    assert lying_cache(settled, tmp_path / "cache").hash_file(link) == LIE


def test_a_file_that_changed_within_two_seconds_is_always_read(path, tmp_path):
    assert lying_cache(path, tmp_path / "cache").hash_file(path) == hash_file(path)
    os.utime(path, ns=(0, time.time_ns() + 3600 * SETTLED_NS))
    assert lying_cache(path, tmp_path / "cache").hash_file(path) == hash_file(path)


@pytest.mark.parametrize("change", CHANGES)
def test_other_bytes_are_noticed_however_they_came_there(change, settled, tmp_path):
    cache = lying_cache(settled, tmp_path / "cache")
    change(settled, settled.stat())
    assert cache.hash_file(settled) == hash_file(settled)
    wait_for(settled)
    assert cache.hash_file(settled) == hash_file(settled)


def test_a_hash_is_kept_in_the_file_for_later_processes(settled, tmp_path):
    place = tmp_path / "cache"
    digest = HashCache(place).hash_file(settled)
    (entry,) = json.loads(place.read_text())["entries"].values()
    assert entry == [*astuple(stamp_of(settled)), digest]
    assert digest == HashCache(place).hash_file(settled) == hash_file(settled)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"entries": {}}', '{"entries": {"/x": [1]}, "checksum": ""}'])
def test_a_damaged_cache_is_begun_anew(text, settled, tmp_path):
    place = tmp_path / "cache"
    place.write_text(text)
    assert HashCache(place).hash_file(settled) == hash_file(settled)
    assert json.loads(place.read_text())["entries"]


def test_no_flipped_bit_of_a_cache_is_told_as_a_hash(settled, tmp_path):
    place = tmp_path / "cache"
    HashCache(place).hash_file(settled)
    whole = place.read_bytes()
    for at in range(0, len(whole), 5):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert HashCache(place).hash_file(settled) == hash_file(settled)


def test_a_cache_that_cannot_be_written_is_gone_without(settled, tmp_path):
    (tmp_path / "file").write_text("")
    assert HashCache(tmp_path / "file" / "cache").hash_file(settled) == hash_file(settled)


def test_two_caches_on_one_file_keep_what_the_other_found(settled, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"o")
    wait_for(other)
    first, second = HashCache(tmp_path / "cache"), HashCache(tmp_path / "cache")
    first.hash_file(settled)
    second.hash_file(other)
    assert len(json.loads((tmp_path / "cache").read_text())["entries"]) == 2


def test_threads_share_a_cache(settled, tmp_path):
    cache = HashCache(tmp_path / "cache")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(cache.hash_file, [settled] * 64)) == {hash_file(settled)}


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        HashCache().hash_file(tmp_path / "none")

"""A finished step names exactly the files that are not as it left them."""

import dataclasses
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.dataset
import pytest
from finished_step import finish_step

from seewhy.records.integrity import Fault, FileFault, hash_files, require_files, verify_files
from seewhy.records.lineage import MANIFEST, read_manifest, write_manifest
from seewhy.records.shards import count_rows, read_rows, shard_path, write_shard
from seewhy.records.types import Lesson, Response, Style


def flip(path: Path, place: int) -> None:
    payload = bytearray(path.read_bytes())
    payload[place] ^= 8
    path.write_bytes(bytes(payload))


def test_every_file_of_a_step_is_hashed_but_the_manifest_itself_and_steps_within(tmp_path):
    finish_step(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"weights")
    (tmp_path / ".half.4711.tmp").write_bytes(b"half")
    finish_step(tmp_path / "inner")
    assert list(hash_files(tmp_path)) == [
        "_plan.json", "model/weights", "part-00000.parquet", "part-00001.parquet", "part-00002.parquet",
    ]  # fmt: skip
    assert hash_files(tmp_path)["model/weights"].startswith("9a129038")


def test_a_step_as_it_was_left_has_no_fault(tmp_path):
    manifest = finish_step(tmp_path)
    assert verify_files(tmp_path, manifest) == ()
    require_files(tmp_path, manifest)


@pytest.mark.parametrize("seed", range(24))
def test_exactly_the_files_that_were_cut_flipped_taken_or_added_are_named(seed, tmp_path):
    manifest = finish_step(tmp_path)
    luck = random.Random(seed)
    wrong: set[FileFault] = set()
    for name in luck.sample(sorted(manifest.files), luck.randint(1, 3)):
        path = tmp_path / name
        size = path.stat().st_size
        match luck.choice(["cut", "flip", "take"]):
            case "cut":
                path.write_bytes(path.read_bytes()[: luck.randrange(size)])
                wrong.add(FileFault(path=path, fault=Fault.CHANGED))
            case "flip":
                flip(path, luck.randrange(size))
                wrong.add(FileFault(path=path, fault=Fault.CHANGED))
            case _:
                path.unlink()
                wrong.add(FileFault(path=path, fault=Fault.MISSING))
    if luck.random() < 0.5:
        extra = shard_path(tmp_path, 3)
        extra.write_bytes(b"PAR1")
        wrong.add(FileFault(path=extra, fault=Fault.ADDED))
    assert set(verify_files(tmp_path, manifest)) == wrong
    with pytest.raises(ValueError, match="made anew") as caught:
        require_files(tmp_path, manifest)
    named = {name for name in [*manifest.files, "part-00003.parquet"] if f"{tmp_path / name} " in str(caught.value)}
    assert named == {fault.path.name for fault in wrong}


def test_a_manifest_keeps_the_hashes(tmp_path):
    manifest = finish_step(tmp_path)
    changed = dataclasses.replace(manifest, files=hash_files(tmp_path))
    write_manifest(tmp_path, changed)
    assert read_manifest(tmp_path) == manifest == changed


def test_a_folder_of_rows_opens_elsewhere_as_it_is_with_its_manifest_in_it(tmp_path):
    finish_step(tmp_path)
    assert (tmp_path / MANIFEST).is_file()
    assert pyarrow.dataset.dataset(tmp_path, format="parquet").count_rows() == 6
    assert pd.read_parquet(tmp_path)["question_id"].tolist() == [f"q{number}" for number in range(6)]


LESSONS = [
    Lesson(question_id="q", style=Style.REASON, response=Response(text=text), source="gold")
    for text in ("".join(chr(97 + (seed * seed + at) % 26) for at in range(40)) for seed in range(60))
]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_truncated_shard_is_named_with_its_remedy(share, tmp_path):
    path = write_shard(tmp_path, 0, LESSONS, Lesson)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    for read in (lambda: list(read_rows(tmp_path, Lesson)), lambda: count_rows(tmp_path)):
        with pytest.raises(ValueError, match=r"part-00000\.parquet is not a whole Parquet file .* Delete it and run"):
            read()


def test_a_damaged_byte_is_never_read_as_another_row(tmp_path):
    rows = LESSONS
    path = write_shard(tmp_path, 0, rows, Lesson)
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    refusals: list[str] = []
    places = range(4, footer, 23)
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            assert list(read_rows(tmp_path, Lesson)) == rows
        except ValueError as error:
            refusals.append(str(error))
    assert len(refusals) > len(places) / 2
    assert all(str(path) in refusal for refusal in refusals)


READ_WITH_LITTLE = """
import os, resource, sys
from pathlib import Path
from seewhy.records.shards import read_rows
from seewhy.records.types import Lesson
used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used + (int(sys.argv[2]) << 20), -1))
try:
    rows = list(read_rows(Path(sys.argv[1]), Lesson))
except MemoryError as error:
    print("memory:", error)
else:
    print(len(rows), "rows")
"""


def test_a_lack_of_memory_is_told_as_that_and_never_as_damage(tmp_path):
    rows = [
        Lesson(question_id=str(n), style=Style.DIRECT, response=Response(text=f"{n}" + "y" * 2000), source="s")
        for n in range(12_000)
    ]
    write_shard(tmp_path, 0, rows, Lesson)
    said = []
    for megabytes in (1, 2, 4, 8, 16, 24):
        words = [sys.executable, "-c", READ_WITH_LITTLE, str(tmp_path), str(megabytes)]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert any(words.startswith("memory:") for words in said)
    assert not any("Delete" in words or "not a whole" in words for words in said)

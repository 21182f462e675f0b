"""Manifests come back as they were, and hashes follow the rows."""

import dataclasses
import hashlib
import json
import subprocess
import sys

import pytest

from seewhy import __version__
from seewhy.records.lineage import (
    Manifest,
    fingerprint_of,
    hash_directory,
    library_versions,
    read_manifest,
    seeds_of,
    write_manifest,
)
from seewhy.records.shards import write_shard
from seewhy.records.types import Response

MANIFEST = Manifest(
    stage="sample",
    plan='{"seed":3}',
    fingerprint="9f",
    inputs={"questions": "ab"},
    counts={"inputs": 2, "rows": 8},
    versions={"python": "3.11"},
    seeds={"seed": 3},
    seconds=0.0,
    dollars=1.25,
    command="seewhy sample --run größe",
    finished_at="2025-01-31T12:00:00+00:00",
    files={"part-00000.parquet": "c0ffee"},
)


def test_a_manifest_comes_back_as_it_was(tmp_path):
    write_manifest(tmp_path, MANIFEST)
    assert read_manifest(tmp_path) == MANIFEST


def test_a_directory_without_a_manifest_is_of_a_stage_that_was_stopped(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no _manifest\.json: its stage was stopped"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", r"_manifest\.json is not JSON"),
        ("[]", r"_manifest\.json is not a JSON object"),
        (json.dumps({**dataclasses.asdict(MANIFEST), "counts": 8}), "field 'counts' is 8, which is of another type"),
        (json.dumps({"stage": "sample"}), "has no field 'plan'"),
        (json.dumps(dataclasses.asdict(MANIFEST)), "was edited or damaged"),
    ],
)
def test_a_broken_manifest_is_named_by_file_and_field(text, complaint, tmp_path):
    (tmp_path / "_manifest.json").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        read_manifest(tmp_path)


def test_no_flipped_bit_of_a_manifest_is_believed(tmp_path):
    path = write_manifest(tmp_path, MANIFEST)
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            assert read_manifest(tmp_path) == MANIFEST
        except ValueError:
            refused += 1
    assert refused > 0.8 * len(whole)  # a space between two fields may become another one


def test_a_fingerprint_is_the_hash_of_plan_and_inputs():
    text = '{"inputs":{"questions":"ab"},"plan":{"rate":0.5}}'
    assert fingerprint_of({"rate": 0.5}, {"questions": "ab"}) == hashlib.sha256(text.encode()).hexdigest()


def test_seeds_are_found_wherever_they_stand():
    assert seeds_of({"seed": 1, "decoding": {"seed": 2, "top_k": 5}, "split_seed": 3, "seeded": 4}) == {
        "seed": 1,
        "decoding.seed": 2,
        "split_seed": 3,
    }


def test_the_hash_of_a_directory_follows_its_rows_and_nothing_else(tmp_path):
    def write(name, *texts):
        for number, text in enumerate(texts):
            write_shard(tmp_path / name, number, [Response(text=text)], Response)
        return hash_directory(tmp_path / name)

    first = write("a", "x", "y")
    (tmp_path / "a" / "_seconds.json").write_text("{}")
    assert hash_directory(tmp_path / "a") == first == write("b", "x", "y")
    assert len({first, write("c", "y", "x"), write("d", "x"), write("e", "x", "y", "z")}) == 4


def test_a_directory_without_rows_has_no_hash(tmp_path):
    with pytest.raises(FileNotFoundError, match="Run the stage that writes it first"):
        hash_directory(tmp_path)


def test_versions_are_told_without_importing_what_they_are_of():
    program = (
        "import sys; from seewhy.records.lineage import library_versions; versions = library_versions(); "
        "assert versions['pyarrow']; assert not {'torch', 'transformers', 'numpy.linalg.lapack'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert library_versions()["seewhy"] == __version__
    assert library_versions()["python"].startswith("3.")

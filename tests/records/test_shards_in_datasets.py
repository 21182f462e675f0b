"""Rows open in Hugging Face datasets as they are."""

import dataclasses

import datasets

from seewhy.records.shards import write_shard
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split

QUESTION = Question(
    id="inkgrid/test/0",
    benchmark="inkgrid",
    split=Split.TEST,
    text="What is the sum of row 1?",
    gold=Gold(answers=("12", "twelve"), rule=MatchRule.RELAXED_NUMBER),
    images=(ImageRef(sha256="ab12", path="images/ab12.png"),),
    facets={"kind": "row_sum", "grid": "3x3"},
)


def test_rows_open_in_datasets_as_they_are(tmp_path):
    write_shard(tmp_path / "rows", 0, [QUESTION], Question)
    write_shard(tmp_path / "rows", 1, [dataclasses.replace(QUESTION, id="b", facets={}, images=())], Question)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "rows" / "*.parquet"), cache_dir=str(tmp_path / "cache"), split="train"
    )
    first, second = loaded.to_list()
    assert first["gold"] == {"answers": ["12", "twelve"], "rule": "relaxed_number"}
    assert first["facets"] == [{"key": "kind", "value": "row_sum"}, {"key": "grid", "value": "3x3"}]
    assert first["images"] == [{"sha256": "ab12", "path": "images/ab12.png"}]
    assert (second["id"], second["facets"], second["rationale"]) == ("b", [], None)

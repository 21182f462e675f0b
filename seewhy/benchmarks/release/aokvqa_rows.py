"""What the two tasks of A-OKVQA share: where its files are, its splits, and the fields that both read."""

from collections.abc import Mapping

from seewhy.benchmarks.release.coco import coco_picture
from seewhy.benchmarks.release.declared import HUB
from seewhy.benchmarks.release.pictures import Picture
from seewhy.benchmarks.release.rows import Row
from seewhy.records.types import Split

VERSION = "1.0 (v1p0)"
CITATION = (
    "Schwenk et al. 2022, A-OKVQA: A Benchmark for Visual Question Answering using World Knowledge, ECCV, "
    "arXiv 2206.01718"
)
LICENCE = "Apache-2.0 (annotations); pictures of COCO 2017, CC BY 4.0 and Flickr's terms"
SPLITS: Mapping[Split, tuple[str, ...]] = {
    Split.TRAIN: ("train",),
    Split.VALIDATION: ("val", "validation"),
    Split.TEST: ("test",),
}
LAYOUTS = ("aokvqa_v1p0_{split}.json", *HUB)


def picture_of(row: Row) -> tuple[Picture, ...]:
    """The picture in the row, or the COCO file of its number."""
    if row.has("image"):
        return row.pictures("image")
    return coco_picture(row, row.integer("image_id"), row.names[0])


def rationale_of(row: Row) -> str:
    """The first of three; they say the same."""
    return row.words("rationales")[0] if row.has("rationales") else ""

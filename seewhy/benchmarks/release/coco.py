"""Pictures of COCO, which many data sets name by number and none brings along."""

from seewhy.benchmarks.release.pictures import Picture
from seewhy.benchmarks.release.rows import Row


def coco_picture(row: Row, number: int, part: str, year: int = 2017) -> tuple[Picture, ...]:
    """COCO's file of a number in `train2017`, `val2017` or another folder, which may be in `coco` or `images`."""
    folder = f"{part}{year}"
    name = f"{number:012}.jpg" if year == 2017 else f"COCO_{folder}_{number:012}.jpg"
    return row.file_picture("image_id", name, f"{folder}/{{}}", f"coco/{folder}/{{}}", f"images/{folder}/{{}}")

"""A source of `scenes`, written for tests: rows as NLVR's with pictures, and photographs' files as the package's."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {"Yellow": (255, 255, 0), "Black": (0, 0, 0), "#0099ff": (0, 153, 255)}
SHADES = ((250, 20, 20), (20, 200, 20), (30, 60, 250), (250, 220, 20))
FOLDERS = ("animals/birds", "food/fruit", "animals/mammals/dogs")
STAMPS = 10
"""Files of each folder, so many that each split has some."""


def write_source(root: Path, rows: int = 24) -> Path:
    """The folder with `nlvr` and `stamps`."""
    generator = np.random.default_rng(0)
    for name in ("dev", "test"):
        lines = [_row(root / "nlvr", name, number, generator) for number in range(rows)]
        (root / "nlvr" / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for folder in FOLDERS:
        place = root / "stamps" / folder
        place.mkdir(parents=True)
        for number in range(STAMPS):
            stamp = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
            ImageDraw.Draw(stamp).ellipse((2, 2, 27, 17), fill=(*SHADES[number % len(SHADES)], 255))
            stamp.save(place / f"stamp-{number}.png")
    return root


def _row(folder: Path, name: str, number: int, generator: np.random.Generator) -> dict[str, object]:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (400, 100), (128, 128, 128))
    boxes = list[list[dict[str, object]]]()
    for box in range(3):
        picture.paste((211, 211, 211), (150 * box, 0, 150 * box + 100, 100))
        things = list[dict[str, object]]()
        for place in generator.permutation(4)[: int(generator.integers(1, 5))]:
            left, top = 50 * (int(place) % 2) + 8, 50 * (int(place) // 2) + int(generator.integers(0, 28))
            colour = list(COLOURS)[int(generator.integers(3))]
            picture.paste(COLOURS[colour], (150 * box + left, top, 150 * box + left + 20, top + 20))
            things.append({"x_loc": left, "y_loc": top, "size": 20, "type": "square", "color": colour})
        boxes.append(things)
    file = f"images/{name}-{number}-0-0.png"
    picture.save(folder / file)
    return {"sentence": "There is a square.", "label": "true", "identifier": f"{number}-0", "directory": "0",
            "evals": {"r0": "true"}, "structured_rep": boxes, "images": [file]}  # fmt: skip

"""Without torchvision the processors of families that insist on it for videos give the same prompts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from clone_path import clone_path
from families_grid import GRIDS
from families_tiles import TILES
from PIL import Image
from transformers import ProcessorMixin

from seewhy.model.loading.processors import open_processor

FAMILIES = {family.name: family for family in (*GRIDS, *TILES)}
STEP = 1 / 255
CLOSE = {"qwen2_vl": 1, "glm4v": 1, "smolvlm": 2, "internvl": 16, "llava_onevision": 16}
"""Steps of 255 by which a value may differ, where values lie from -1 to 1: tiles are cut before or after rounding."""
ENCODE = """
import json, sys
from PIL import Image
from seewhy.model.loading.processors import open_processor
for text, place in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    processor = open_processor(place)
    processor.save_pretrained(f"{place}-saved")
    encoded = processor(text=text, images=[Image.open(sys.argv[1])], return_tensors="pt")
    pixels = encoded["pixel_values"].flatten().tolist()
    print(json.dumps({"ids": encoded["input_ids"].tolist(), "pixels": pixels, "kind": type(processor).__name__}))
assert "torchvision" not in sys.modules
"""


def words(processor: ProcessorMixin) -> str:
    return f"{processor.image_token} What is it?"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, object], Path]]:
    """What a process without torchvision makes of a picture, and where the models are."""
    root = tmp_path_factory.mktemp("models")
    gradient = Image.linear_gradient("L").resize((70, 90)).convert("RGB")
    gradient.save(root / "picture.png")
    pairs: list[str] = []
    for name in CLOSE:
        FAMILIES[name].make().save(root / name)
        pairs += [words(open_processor(root / name)), str(root / name)]
    done = subprocess.run(
        [sys.executable, "-c", ENCODE, str(root / "picture.png"), *pairs], check=True, text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": clone_path()},
    )  # fmt: skip
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {name: (one, root / name) for name, one in zip(CLOSE, said, strict=True)}


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of GLM-4V's processor
@pytest.mark.parametrize("name", CLOSE)
def test_a_prompt_without_torchvision_has_the_same_tokens_and_pixels_within_rounding(alone, name):
    told, place = alone[name]
    processor = open_processor(place)
    picture = Image.open(place.parent / "picture.png")
    encoded = processor(text=words(processor), images=[picture], return_tensors="pt")
    assert told["kind"] == type(processor).__name__
    assert told["ids"] == encoded["input_ids"].tolist()
    differences = (torch.tensor(told["pixels"]) - encoded["pixel_values"].flatten()).abs()
    assert float(differences.max()) <= 2 * CLOSE[name] * STEP + 1e-5


@pytest.mark.parametrize("name", CLOSE)
def test_what_is_saved_without_torchvision_opens_with_it_and_keeps_the_video_settings(alone, name):
    place = alone[name][1]
    saved = open_processor(f"{place}-saved")
    own, kept = (json.loads((Path(where) / "processor_config.json").read_text()) for where in (place, f"{place}-saved"))
    assert type(saved) is type(open_processor(place))
    assert kept["processor_class"] == own["processor_class"]
    assert kept["video_processor"] == own["video_processor"]


MISSING = """
import sys
sys.modules["num2words"] = None  # Python then says that there is no such module
from seewhy.model.loading.processors import open_processor
try:
    open_processor(sys.argv[1])
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("brings_torchvision", [False, True])
def test_a_library_that_a_processor_needs_is_named_with_how_it_is_installed(alone, brings_torchvision):
    place = alone["smolvlm"][1]
    begin = "import torchvision_names; torchvision_names.let_import()\n" if brings_torchvision else ""
    path = os.pathsep.join([clone_path(), str(Path(__file__).parents[1])])
    done = subprocess.run([sys.executable, "-c", begin + MISSING, str(place)], check=True, text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    assert "its processor needs num2words, which is not installed (" in done.stdout
    assert "pip install num2words" in done.stdout

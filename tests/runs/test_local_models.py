"""What a forecast says of a model that cannot be run, before its weights are read."""

import json
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from PIL import Image

from seewhy.model.plan import ComputePlan
from seewhy.model.weights import SHIPPED
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split, Style
from seewhy.runs.forecast.local import LocalModel
from seewhy.runs.machine import ModelSpec


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_a_model_whose_processor_makes_no_numbers_of_a_picture_is_named(tmp_path: Path) -> None:
    place = copytree(SHIPPED, tmp_path / "own") / "processor_config.json"
    settings = json.loads(place.read_text(encoding="utf-8"))
    settings["image_processor"]["image_std"] = [0.0] * 3
    place.write_text(json.dumps(settings), encoding="utf-8")
    Image.fromarray(np.full((48, 48, 3), 200, np.uint8)).save(tmp_path / "a.png")
    question = Question(
        id="q", benchmark="own", split=Split.TEST, text="How many?", facets={},
        gold=Gold(answers=("3",), rule=MatchRule.EXACT),
        images=(ImageRef(sha256="0", path=str(tmp_path / "a.png")),),
    )  # fmt: skip
    model = LocalModel.open("base", ModelSpec(path=str(place.parent)), ComputePlan(device="cpu"))
    with pytest.raises(
        ValueError, match=r"^model base: LlavaProcessor makes pixel_values that are no numbers.*image_std"
    ):
        model.prompt(question, Style.REASON)

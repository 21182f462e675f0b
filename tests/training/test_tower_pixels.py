"""What a tower is taught on are the pixels that the model's processor makes of the same files."""

import numpy as np
import torch
from PIL import Image

from seewhy.model.families.tiny import Geometry, make_processor, make_tokenizer
from seewhy.training.tower import pixels_of


def test_a_tower_is_taught_on_what_the_processor_will_show_it(tmp_path):
    generator = np.random.default_rng(0)
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        Image.fromarray(generator.integers(0, 256, (96, 96, 3), dtype=np.uint8)).save(path)
    processor = make_processor(make_tokenizer(["a"]), Geometry(pixels=96, patch=16)).image_processor
    shown = processor(images=[Image.open(path) for path in paths], return_tensors="pt")["pixel_values"]
    ours = pixels_of([str(path) for path in paths])
    assert ours.shape == (2, 3, 96, 96)
    assert torch.allclose(ours, shown, atol=1e-6)

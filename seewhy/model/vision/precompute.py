"""Run the part that sees, the vision encoder with its projector, once a picture instead of once a pass."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from transformers import PreTrainedModel

from seewhy.model.packed.group import Group
from seewhy.model.vision.encoders import picture_features


@torch.no_grad()
def precompute_image_features(net: PreTrainedModel, groups: Sequence[Group]) -> list[Group]:
    """The groups with the features of their pictures, which replace the pictures in every later pass.

    Right only where neither tower nor projector is trained, and where the nets of the later passes share both: policy
    and reference of one step. Features carry no gradient. `ImageFeatures` keeps the tower's output across steps.

    Raises:
        ValueError: the net does not separate the features of each picture.
    """
    return [
        replace(group, prompt=replace(group.prompt, features=picture_features(net, group.prompt)))
        if group.prompt.pictures and not group.prompt.features
        else group
        for group in groups
    ]

"""Run the frozen part that sees, the vision tower with its projector, once a picture instead of once a pass."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from transformers import PreTrainedModel

from seewhy.model.group import Group, joined_pictures


@torch.no_grad()
def see(net: PreTrainedModel, groups: Sequence[Group]) -> list[Group]:
    """The groups with the features of their pictures, which stand in for the pictures in every later pass.

    Right only where neither tower nor projector is trained, and where the nets of the later passes share both: policy
    and reference of one step. Features carry no gradient.

    Raises:
        ValueError: the net does not tell the features of each picture apart.
    """
    seen: list[Group] = []
    for group in groups:
        if not group.prompt.pictures or group.prompt.features:
            seen.append(group)
            continue
        taken = net.model.get_image_features(**joined_pictures([group.prompt], net.device), return_dict=True)
        if not isinstance(taken.pooler_output, tuple | list):
            raise ValueError(f"{type(net).__name__} gives no features by picture: leave its pictures to every pass")
        seen.append(replace(group, prompt=replace(group.prompt, features=tuple(taken.pooler_output))))
    return seen

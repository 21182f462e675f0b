"""Models that keep what their vision encoder saw, and groups to look at."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from untrained import picture, question, responses

from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group
from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.records.types import Style

CLOSE = 1e-5
KEEP_ALL = FeaturePlan(least_weights=0)
Make = Callable[[], HubModel]


def made(make: Make) -> HubModel:
    """A model of the family, with the same weights every time."""
    torch.manual_seed(0)
    return make()


def keeping(make: Make, cache: FeatureCache | None = None) -> HubModel:
    """A model of the family that keeps features once it stands still."""
    model = made(make)
    model.image_features.cache = cache or FeatureCache(KEEP_ALL)
    return model


def groups_of(model: HubModel, folder: Path, numbers: tuple[int, ...] = (0, 1, 2)) -> list[Group]:
    """Two pictures, none, and one."""
    asked = {
        0: question(0, picture(folder, 0), picture(folder, 1)),
        1: question(1),
        2: question(2, picture(folder, 2)),
    }
    lengths = {0: (5, 3), 1: (4,), 2: (2, 6)}
    return [
        Group(prompt=model.prompt(asked[number], Style.REASON), responses=responses(lengths[number], seed=number))
        for number in numbers
    ]


def flat(scored: list[list[Tensor]]) -> Tensor:
    return torch.cat([row for rows in scored for row in rows])


def features_of(model: HubModel, groups: list[Group]) -> list[Tensor]:
    with torch.no_grad():
        return [feature for group in model.image_features.groups(groups) for feature in group.prompt.features]


def equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


class Runs:
    """How often the encoder of a model ran."""

    def __init__(self, model: HubModel) -> None:
        self.count = 0
        model.net.model.vision_tower.register_forward_hook(self._add)

    def _add(self, *_: object) -> None:
        self.count += 1

    def of(self, work: Callable[[], object]) -> int:
        before = self.count
        work()
        return self.count - before

"""A pass without weights counts what the same pass makes for real, whatever the family: `seewhy plan` rests on it."""

from dataclasses import replace
from pathlib import Path as Folder

import pytest
import torch
from families import FAMILIES, Family
from untrained import picture, question, responses

from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import Path
from seewhy.model.packed.trials import Way
from seewhy.records.types import Style
from seewhy.training.memory.live_bytes import LiveBytes
from seewhy.training.memory.trace import WAYS, meta_net, trace_memory

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EACH_TIME = ("qwen2_vl", "smolvlm", "paligemma2")
"""Sizes of pictures, tiles that are left out by their values, attention that packed rows do not know."""
SOME_NIGHTLY = [
    pytest.param(family, id=family.name, marks=() if family.name in EACH_TIME else pytest.mark.nightly)
    for family in FAMILIES
]
NEAR = 0.1
"""Of the peak: what some nets count by values of floating numbers, masks above all, is on the meta device for real."""


def groups_of(model: HubModel, family: Family, folder: Folder) -> list[Group]:
    """Prompts with and without pictures, of different sizes."""
    asked = [
        question(count, *(picture(folder, 10 * count + place, 48, 48 + 30 * place) for place in range(count)))
        for count in family.pictures[:3]
    ]
    return [Group(prompt=model.prompt(one, Style.REASON), responses=responses((3, 12), seed=1)) for one in asked]


def peak_of(model: HubModel, groups: list[Group], way: Way) -> int:
    """Bytes of a forward and backward pass of the net itself."""
    counter = LiveBytes([*model.net.parameters(), *model.net.buffers()])
    plain = [replace(group, responses=tuple(group.prompt.ids[-1:] * len(each) for each in group.responses))
             for group in groups]  # fmt: skip
    with counter:
        scored = way(model.net, plain)
        torch.cat([row for rows in scored for row in rows]).sum().backward()
    return counter.peak


@pytest.mark.parametrize("family", SOME_NIGHTLY)
def test_a_pass_without_weights_counts_what_the_real_one_makes(family: Family, tmp_path: Folder) -> None:
    real = family.make()
    meta = HubModel(meta_net(real.net.config), real.processor, family.name)
    groups = groups_of(meta, family, tmp_path)
    assert [group.prompt.ids for group in groups] == [g.prompt.ids for g in groups_of(real, family, tmp_path)]
    path = Path.PACKED if family.is_packed else Path.CONTINUED
    found = trace_memory(meta.net, groups, path=path)
    assert found.peak == pytest.approx(peak_of(real, groups, WAYS[path][0]), rel=NEAR)
    assert found.peak_again >= found.peak
    assert all(parameter.is_meta and parameter.grad is None for parameter in meta.net.parameters())

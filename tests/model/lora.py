"""What the tests of adapters share: a plan, question groups, and an adapter that changes much."""

from pathlib import Path

import torch
from families import Family
from torch import Tensor, nn
from untrained import picture, question, responses

from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group
from seewhy.model.plan import AdapterPlan
from seewhy.records.types import Style

PLAN = AdapterPlan(rank=4, alpha=16)
MERGED = 1e-5
"""Largest gap of a log-probability between the adapter beside the weights and added into them; they are near 6."""


def decoder_of(model: HubModel) -> nn.Module:
    """The language model without its head."""
    inner = model.net.model
    return inner.language_model if hasattr(inner, "language_model") else inner.text_model


def grouped(model: HubModel, folder: Path, lengths: tuple[int, ...] = (3, 6)) -> list[Group]:
    return [
        Group(
            prompt=model.prompt(question(number, picture(folder, number)), Style.REASON),
            responses=responses(lengths, seed=number),
        )
        for number in (1, 2)
    ]


def logps(model: HubModel, groups: list[Group]) -> Tensor:
    with torch.no_grad():
        return torch.cat([row for rows in model.group_logps(groups) for row in rows])


def stirred(model: HubModel) -> HubModel:
    """The model with an adapter that changes much: about a tenth of what the weights do."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.net.named_parameters():
            if ".lora_" in name:
                parameter.normal_(0, 0.05, generator=generator)
    return model


def adapted(family: Family) -> HubModel:
    model = family.make()
    model.adapt(PLAN)
    return stirred(model)

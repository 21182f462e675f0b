"""One of each objective that the package holds, with every setting varied, and views drawn at random for them."""

import importlib
import inspect
import pkgutil
from dataclasses import fields, is_dataclass, replace
from math import inf, nan

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import seewhy.objectives
from seewhy.objectives.api import LessonView, Objective, PairObjective, PairView, reference_views
from seewhy.objectives.parts.length import Discount


def find_objectives(view: type) -> list:
    """One of each dataclass that has a loss of such views, in the file it is named after, with default settings."""
    found = []
    for file in pkgutil.iter_modules(seewhy.objectives.__path__):
        module = importlib.import_module(f"seewhy.objectives.{file.name}")
        for thing in vars(module).values():
            ours = inspect.isclass(thing) and thing.__module__ == module.__name__
            if ours and is_dataclass(thing) and hasattr(thing, "loss"):
                assert thing().name == file.name, f"{file.name}.py holds an objective called {thing().name}"
                if inspect.signature(thing.loss).parameters["view"].annotation is view:
                    found.append(thing())
    return found


PAIR_OBJECTIVES = find_objectives(PairView)
LESSON_OBJECTIVES = find_objectives(LessonView)


NO_REFERENCE = {objective.name for objective in PAIR_OBJECTIVES if not reference_views(objective)}
"""Objectives of pairs whose loss has no view of a reference; no reward is known without one."""


def name_of(objective: Objective) -> str:
    return objective.name


def settings_of(objective: Objective) -> list[str]:
    return [field.name for field in fields(objective)]  # pyright: ignore[reportArgumentType]


def varied(objective: PairObjective) -> list[PairObjective]:
    """The objective with its defaults, and once with each setting changed."""
    return [objective, *(replace(objective, **{name: OTHER[name]}) for name in settings_of(objective))]


OTHER = {
    "beta": 0.3, "label_smoothing": 0.25, "discount": Discount.LINE, "preference": 0.5, "quality": 0.7,
    "generation": 0.4, "conditional": 0.6, "anchor": 0.8, "delta": 0.2, "mean": "tokens",
}  # fmt: skip
"""For each setting of an objective, a value that is no default; a new setting is given one here."""
WRONG = {
    "beta": (0.0, -1.0, nan, inf), "label_smoothing": (-0.1, 0.5, 1.0, nan),
    "preference": (-0.1, nan, inf), "quality": (-0.1, nan, inf), "generation": (-0.1, nan, inf),
    "conditional": (-0.1, nan, inf), "anchor": (-0.1, nan, inf), "delta": (-0.1, nan, inf),
}  # fmt: skip
"""Values that are refused, of each setting that is a number."""
ALL_OBJECTIVES = [*PAIR_OBJECTIVES, *LESSON_OBJECTIVES]
every_setting = pytest.mark.parametrize(
    ("objective", "setting"),
    [(objective, name) for objective in ALL_OBJECTIVES for name in settings_of(objective)],
    ids=lambda value: value if isinstance(value, str) else name_of(value),
)
every_variant = pytest.mark.parametrize("objective", [o for each in PAIR_OBJECTIVES for o in varied(each)], ids=repr)

every_pair_objective = pytest.mark.parametrize("objective", PAIR_OBJECTIVES, ids=name_of)
every_lesson_objective = pytest.mark.parametrize("objective", LESSON_OBJECTIVES, ids=name_of)
pair_shapes = given(
    seed=st.integers(0, 2**31), pairs=st.integers(1, 5), chosen=st.integers(1, 6), rejected=st.integers(1, 6)
)
quickly = settings(max_examples=15, deadline=None)


def draw_mask(rows: int, time: int, random: torch.Generator) -> Tensor:
    """At least one response token a row, anywhere in it."""
    mask = torch.rand(rows, time, generator=random) < 0.7
    mask[torch.arange(rows), torch.randint(time, (rows,), generator=random)] = True
    return mask


def draw_pairs(
    seed: int, pairs: int = 3, chosen: int = 4, rejected: int = 5, dtype: torch.dtype = torch.float32
) -> PairView:
    random = torch.Generator().manual_seed(seed)
    chosen_mask, rejected_mask = draw_mask(pairs, chosen, random), draw_mask(pairs, rejected, random)

    def draw(mask: Tensor) -> Tensor:
        return torch.where(mask, -4 * torch.rand(mask.shape, generator=random, dtype=dtype), 0.0)

    return PairView(
        policy_chosen=draw(chosen_mask).requires_grad_(),
        policy_rejected=draw(rejected_mask).requires_grad_(),
        reference_chosen=draw(chosen_mask),
        reference_rejected=draw(rejected_mask),
        chosen_mask=chosen_mask,
        rejected_mask=rejected_mask,
        policy_varied=draw(chosen_mask).requires_grad_(),
        reference_varied=draw(chosen_mask),
    )


def draw_lessons(seed: int, lessons: int, time: int, dtype: torch.dtype = torch.float32) -> LessonView:
    random = torch.Generator().manual_seed(seed)
    mask = draw_mask(lessons, time, random)
    policy = torch.where(mask, -4 * torch.rand(lessons, time, generator=random, dtype=dtype), 0.0)
    return LessonView(policy=policy.requires_grad_(), mask=mask)

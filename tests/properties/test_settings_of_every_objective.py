"""What every objective declares of itself holds: its settings, its views, and its loss at the reference."""

import importlib
import inspect
import pkgutil
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass, replace

import pytest
import torch
from drawn_objectives import (
    LESSON_OBJECTIVES,
    NO_REFERENCE,
    OTHER,
    PAIR_OBJECTIVES,
    WRONG,
    draw_pairs,
    every_pair_objective,
    every_setting,
    every_variant,
    pair_shapes,
    quickly,
)

import seewhy.objectives
from seewhy.objectives.api import PairView, PictureVariant, Scorer, Side, View, reference_views, takes_pairs
from seewhy.objectives.parts.length import require_discount


def at_the_reference(view: PairView) -> PairView:
    return replace(
        view,
        reference_chosen=view.policy_chosen.detach(),
        reference_rejected=view.policy_rejected.detach(),
        reference_varied=view.policy_varied.detach(),
    )


def test_a_discount_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValueError, match=r"DPO\.discount must be one of none, cosine, line, not 'steep'"):
        require_discount("DPO.discount", "steep")


def test_every_file_holds_one_public_class_which_is_frozen_and_has_defaults():
    for file in pkgutil.iter_modules(seewhy.objectives.__path__):
        if file.ispkg or file.name == "api":
            continue
        module = importlib.import_module(f"seewhy.objectives.{file.name}")
        (made,) = [
            thing for name, thing in vars(module).items()
            if inspect.isclass(thing) and thing.__module__ == module.__name__ and not name.startswith("_")
        ]  # fmt: skip
        assert is_dataclass(made), file.name
        assert all(field.default is not MISSING for field in fields(made)), file.name
        with pytest.raises((FrozenInstanceError, TypeError)):
            made().name = "other"


def test_an_objective_says_which_rows_it_takes_and_whether_it_has_a_reference():
    assert all(map(takes_pairs, PAIR_OBJECTIVES))
    assert not any(map(takes_pairs, LESSON_OBJECTIVES))
    assert not any(map(reference_views, LESSON_OBJECTIVES))
    assert {objective.name for objective in PAIR_OBJECTIVES} - NO_REFERENCE >= {"dpo", "ipo", "bco", "mpo"}
    assert "nll" in NO_REFERENCE


def test_views_of_other_pictures_are_other_views():
    views = {View(scorer=Scorer.REFERENCE, side=Side.CHOSEN, pictures=variant) for variant in PictureVariant}
    assert len(views) == len(PictureVariant)
    none = View(scorer=Scorer.REFERENCE, side=Side.CHOSEN, pictures=PictureVariant.NONE)
    assert str(none) == "reference of chosen, pictures: none"


@every_setting
def test_every_setting_changes_the_loss(objective, setting):
    other = replace(objective, **{setting: OTHER[setting]})
    assert getattr(objective, setting) != OTHER[setting]
    if objective in LESSON_OBJECTIVES:  # the loss of a step is a mean over lessons by these weights
        assert [objective.weight_of(n) for n in (1, 9)] != [other.weight_of(n) for n in (1, 9)]
        return
    view, state = draw_pairs(13), {name: value + 0.3 for name, value in objective.initial().items()}
    assert not torch.allclose(objective.loss(view, state).each, other.loss(view, state).each, rtol=1e-4)


@every_setting
def test_a_bad_setting_is_refused_by_its_name(objective, setting):
    for value in WRONG.get(setting, ()):
        with pytest.raises(ValueError, match=rf"{type(objective).__name__}\.{setting} .*not .*{value}"):
            replace(objective, **{setting: value})


@every_variant
@quickly
@pair_shapes
def test_at_the_reference_the_loss_is_what_the_objective_says(objective, seed, pairs, chosen, rejected):
    view = draw_pairs(seed, pairs, chosen, rejected)
    if objective.name in NO_REFERENCE:
        assert objective.at_reference(view) is None
        return
    blank = replace(view, reference_chosen=None, reference_rejected=None, reference_varied=None)
    expected = objective.at_reference(blank)
    loss = objective.loss(at_the_reference(view), objective.initial())
    assert expected.shape == (pairs,)
    assert not expected.requires_grad
    assert expected.tolist() == pytest.approx(loss.each.tolist(), rel=1e-6, abs=1e-6)
    assert not loss.terms["reward_chosen"].any()
    assert not loss.terms["reward_rejected"].any()


@every_pair_objective
def test_a_loss_reads_the_views_that_it_declares_and_no_other(objective):
    """What is not declared may be any number, or missing where it is the reference's."""
    view = draw_pairs(11)
    declared = {f"{each.scorer}_{each.side if each.pictures == 'own' else each.pictures}" for each in objective.views}
    for name in (f"{scorer}_{side}" for scorer in Scorer for side in ("chosen", "rejected", "varied")):
        moved = replace(view, **{name: getattr(view, name) - 0.5})
        same = torch.equal(
            objective.loss(view, objective.initial()).each, objective.loss(moved, objective.initial()).each
        )
        assert same == (name not in declared), name
    if objective.name in NO_REFERENCE:
        objective.loss(replace(view, reference_chosen=None, reference_rejected=None), objective.initial())


@every_pair_objective
def test_a_missing_reference_is_refused_by_an_objective_that_reads_it(objective):
    if objective.name in NO_REFERENCE:
        return
    view = replace(draw_pairs(11), reference_chosen=None, reference_rejected=None)
    with pytest.raises(ValueError, match="no reference"):
        objective.loss(view, objective.initial())

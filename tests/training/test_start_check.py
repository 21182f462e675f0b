"""What is checked before the first update: the views an objective has, and reference rows of the model that starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from drawn_objectives import NO_REFERENCE, every_variant
from tiny_trainable import TinyTrainable, pair, pairs_of, questions_of, store_of
from torch import Tensor

from seewhy.objectives.api import Loss, PairObjective, PairView, PictureVariant, Scorer, Side, State, View
from seewhy.objectives.dpo import DPO
from seewhy.objectives.nll import NLL
from seewhy.records.types import Pair
from seewhy.training.fit import fit_pairs
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

QUESTIONS = questions_of(6)
ALL = FitPlan(learning_rate=1e-2, batch_size=64, row_tokens=10_000)
LONG = pair("q0", "a response of many tokens", "no")


VARIED = [replace(one, images=(replace(one.images[0], sha256=f"{place + 99:x}"),))
          for place, one in enumerate(QUESTIONS)]  # fmt: skip
"""The same questions beside other pictures."""


def rows_for(model: TinyTrainable, objective: PairObjective, pairs: Sequence[Pair]) -> ReferenceStore:
    """What the model says of all that the objective looks at."""
    rows = reference_rows(model, pairs, QUESTIONS, ALL, views=objective.views, varied=VARIED)
    return ReferenceStore.of(model.fingerprint, rows)


def weights(model: TinyTrainable) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.net.parameters()])


@every_variant
def test_reference_rows_of_another_model_are_refused_before_a_weight_moves(
    objective: PairObjective, tmp_path: Path
) -> None:
    model, other, pairs = TinyTrainable(0), TinyTrainable(1), [*pairs_of(6), LONG]
    foreign = rows_for(other, objective, pairs)
    before = weights(model)
    steps = fit_pairs(model, objective, pairs, QUESTIONS, foreign, ALL, tmp_path, varied=VARIED)
    if objective.name in NO_REFERENCE:
        assert "margin" not in next(steps).terms
    else:
        with pytest.raises(ValueError, match=r"do not belong to this model.*reference stage again"):
            next(steps)
        assert torch.equal(weights(model), before)


@every_variant
def test_reference_rows_of_the_model_itself_are_taken(objective: PairObjective, tmp_path: Path) -> None:
    model, pairs = TinyTrainable(), [*pairs_of(6), LONG]
    store = rows_for(model, objective, pairs)
    steps = fit_pairs(model, objective, pairs, QUESTIONS, store, ALL, tmp_path, varied=VARIED)
    assert "at_reference" not in next(steps).terms


def test_a_pair_without_its_reference_row_is_refused_before_the_first_step(tmp_path: Path) -> None:
    model, pairs = TinyTrainable(), pairs_of(6)
    short = store_of(model, pairs[:-1], QUESTIONS, ALL)
    with pytest.raises(ValueError, match=r"question q5 \(reason\): no reference row.*reference stage again"):
        next(fit_pairs(model, DPO(), pairs, QUESTIONS, short, ALL, tmp_path))


def test_a_missing_store_is_refused_where_the_objective_needs_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dpo needs reference rows"):
        next(fit_pairs(TinyTrainable(), DPO(), pairs_of(2), QUESTIONS, None, ALL, tmp_path))


def test_an_objective_without_a_reference_trains_without_one_and_logs_what_is_known(tmp_path: Path) -> None:
    model, pairs = TinyTrainable(), pairs_of(2)
    terms = next(fit_pairs(model, NLL(), pairs, QUESTIONS, None, ALL, tmp_path)).terms
    assert {"nll", "chosen_logp", "chosen_tokens", "rejected_tokens"} <= terms.keys()
    assert terms.keys().isdisjoint({"margin", "accuracy", "chosen_drift", "rejected_drift", "length_cosine"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutPictures:
    """A loss that also wants the chosen response without its picture."""

    base: DPO = field(default_factory=DPO)

    @property
    def name(self) -> str:
        return "without_pictures"

    @property
    def views(self) -> tuple[View, ...]:
        return (*self.base.views, View(scorer=Scorer.POLICY, side=Side.CHOSEN, pictures=PictureVariant.NONE))

    def initial(self) -> State:
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        return self.base.loss(view, state)

    def at_reference(self, view: PairView) -> Tensor:
        return self.base.at_reference(view)

    def advance(self, state: State, rewards: Tensor) -> State:
        return state


def test_a_view_that_training_cannot_supply_is_refused_by_its_name(tmp_path: Path) -> None:
    model, pairs = TinyTrainable(), pairs_of(2)
    store = store_of(model, pairs, QUESTIONS, ALL)
    with pytest.raises(ValueError, match=r"without_pictures has the view \(policy of chosen, pictures: none\)"):
        next(fit_pairs(model, WithoutPictures(), pairs, QUESTIONS, store, ALL, tmp_path))


def test_a_row_that_is_no_number_stops_the_run_before_a_weight_moves(tmp_path: Path) -> None:
    model, pairs = TinyTrainable(), pairs_of(6)
    store = store_of(model, pairs, QUESTIONS, ALL)
    broken = dict(store.logprobs)
    broken[next(iter(broken))] = torch.full_like(next(iter(broken.values())), torch.nan)
    before = weights(model)
    with pytest.raises(ArithmeticError, match="loss of step 0 is nan"):
        next(fit_pairs(model, DPO(), pairs, QUESTIONS, replace(store, logprobs=broken), ALL, tmp_path))
    assert torch.equal(weights(model), before)

"""Rows that are read when they are needed: the same order, found by key, and none of them held."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Generic

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_trainable import TinyTrainable, pairs_of, questions_of, weights_equal

from seewhy.objectives.mpo import MPO
from seewhy.records.by_key import Row, RowsByKey
from seewhy.records.types import Pair
from seewhy.training.fit import fit_pairs
from seewhy.training.order import PromptUnits, StepOrder
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

PLAN = FitPlan(learning_rate=1e-2, batch_size=5, epochs=3, row_tokens=60)


class PairReader:
    """Pairs by number, each a new object every time that it is asked for."""

    def __init__(self, count: int) -> None:
        self.rows = pairs_of(count)
        self.reads: list[int] = []

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> Pair:
        self.reads.append(number)
        return replace(self.rows[number])


class Reader(Generic[Row]):
    """Questions, or reference rows, by number."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> Row:
        return self.rows[number]


def listed_steps(prompts: Sequence[int], plan: FitPlan) -> list[tuple[int, ...]]:
    """The order as lists of Python numbers, prompt by prompt: what the arrays must say too."""
    units: dict[int, list[int]] = {}
    for number, prompt in enumerate(prompts):
        units.setdefault(prompt, []).append(number)
    size, steps = plan.batch_size, list[tuple[int, ...]]()
    for epoch in range(plan.epochs):
        pieces = [unit[i : i + size] for unit in units.values() for i in range(0, len(unit), size)]
        random.Random(f"order/{plan.seed}/{epoch}").shuffle(pieces)
        filling: list[int] = []
        for piece in pieces:
            if len(filling) + len(piece) > size:
                steps.append(tuple(filling))
                filling = []
            filling = [*filling, *piece]
        steps += [tuple(filling)] if filling else []
    return steps


@given(st.lists(st.integers(0, 30), max_size=80), st.integers(1, 9), st.integers(1, 3), st.integers(0, 5))
def test_the_order_in_arrays_is_that_of_lists(prompts: list[int], batch_size: int, epochs: int, seed: int) -> None:
    plan = FitPlan(learning_rate=1e-3, batch_size=batch_size, epochs=epochs, seed=seed)
    order = StepOrder(units=PromptUnits.of(np.array(prompts, dtype=np.uint64)), plan=plan)
    expected = listed_steps(prompts, plan)
    assert len(order) == len(expected)
    assert list(order) == expected
    assert [order[step] for step in reversed(range(len(order)))] == expected[::-1]


def test_a_step_after_the_last_is_no_step() -> None:
    order = StepOrder(units=PromptUnits.of(np.array([1, 2], dtype=np.uint64)), plan=PLAN)
    with pytest.raises(IndexError):
        order[len(order)]


@given(st.lists(st.text(max_size=3), max_size=60))
def test_rows_are_found_by_their_keys_and_the_last_of_equal_ones_counts(keys: list[str]) -> None:
    found = RowsByKey(list(enumerate(keys)), key=lambda row: row[1], value=lambda row: row[0])
    assert {key: found[key] for key in keys} == {key: number for number, key in enumerate(keys)}
    assert list(found) == keys
    assert "longer" not in found
    assert found.get("longer") is None


@given(st.lists(st.text(max_size=2), max_size=60), st.sampled_from([2, 64]))
def test_rows_with_equal_keys_are_named_two_and_two(keys: list[str], hash_bits: int) -> None:
    """With few bits rows of other keys may stand between two of one: pairs are then missed, never made up."""
    found = RowsByKey(list(enumerate(keys)), key=lambda row: row[1], value=lambda row: row[0], hash_bits=hash_bits)
    wanted = {pair for key in keys for pair in pairwise(number for number, one in enumerate(keys) if one == key)}
    named = list(found.repeated())
    assert len(named) == len(set(named))
    assert set(named) <= wanted
    assert set(named) == wanted or hash_bits == 2


def test_keys_whose_hashes_agree_are_told_apart() -> None:
    found = RowsByKey(range(40), key=str, value=lambda row: row, hash_bits=2)
    assert [found[str(number)] for number in range(40)] == list(range(40))
    assert "40" not in found


def test_a_training_on_readers_ends_with_the_same_bits_and_reads_rows_as_their_step_comes(tmp_path: Path) -> None:
    for name in ("lists", "readers"):
        model, pairs, questions = TinyTrainable(), PairReader(12), questions_of(12)
        rows = list(reference_rows(model, pairs.rows, questions, PLAN))
        if name == "lists":
            store = ReferenceStore.of(model.fingerprint, iter(rows))
            steps = fit_pairs(model, MPO(), pairs.rows, questions, store, PLAN, tmp_path / name)
        else:
            store = ReferenceStore.of(model.fingerprint, Reader(rows))
            steps = fit_pairs(model, MPO(), pairs, Reader(questions), store, PLAN, tmp_path / name)
            next(steps)
            assert pairs.reads[: len(pairs)] == list(range(len(pairs)))
            assert len(pairs.reads) < 2 * len(pairs)
        list(steps)
    assert weights_equal(tmp_path / "lists" / "model", tmp_path / "readers" / "model")


class RemadePairs(PairReader):
    """Rows of files that may be made anew while they are trained on: both sides are then the chosen one."""

    is_remade = False

    def __getitem__(self, number: int) -> Pair:
        row = super().__getitem__(number)
        return replace(row, rejected=row.chosen) if self.is_remade else row


def test_a_row_whose_sides_became_equal_since_the_training_began_is_refused_by_its_number(tmp_path: Path) -> None:
    model, pairs, questions = TinyTrainable(), RemadePairs(12), questions_of(12)
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, pairs.rows, questions, PLAN))
    steps = fit_pairs(model, MPO(), pairs, questions, store, PLAN, tmp_path)
    next(steps)
    pairs.is_remade = True
    said = r"row \d+ has changed since the training began, and its two sides are equal now; bring the rows back"
    with pytest.raises(ValueError, match=said):
        list(steps)

"""How far the reward pays for length is told over all pairs of a step, however they are spread over passes."""

from pathlib import Path

import pytest
import torch
from tiny_trainable import TinyTrainable, pairs_of, questions_of, store_of

from seewhy.objectives.api import PairView
from seewhy.objectives.mpo import MPO
from seewhy.training.fit import fit_pairs
from seewhy.training.monitor.lengths import length_figures, with_cosine
from seewhy.training.plan import FitPlan


def view(chosen: list[int], rejected: list[int]) -> PairView:
    """Pairs of these lengths; what their tokens score is not looked at."""
    masks = [torch.arange(9)[None] < torch.tensor(lengths)[:, None] for lengths in (chosen, rejected)]
    blank = torch.zeros(len(chosen), 9)
    return PairView(
        policy_chosen=blank, policy_rejected=blank, reference_chosen=blank, reference_rejected=blank,
        chosen_mask=masks[0], rejected_mask=masks[1],
    )  # fmt: skip


def told(chosen: list[int], rejected: list[int], margins: list[float]) -> dict[str, float]:
    figures = length_figures(view(chosen, rejected), torch.tensor(margins))
    return with_cosine({name: float(row.mean()) for name, row in figures.items()} | {"margin": 0.5})


def test_margins_that_go_with_length_differences_have_their_cosine_and_no_moment_is_left() -> None:
    """Differences 3, 1 and -4 with margins 0.5, 0.2 and 0.1: products 1.5 + 0.2 - 0.4 = 1.3; squares 26 and 0.3.

    1.3 / sqrt(26 x 0.3) = 0.4655. Lengths are 5 + 4 + 2 and 2 + 3 + 6: a third of 11 each.
    """
    found = told([5, 4, 2], [2, 3, 6], [0.5, 0.2, 0.1])
    assert found["length_cosine"] == pytest.approx(0.4655, abs=1e-4)
    assert set(found) == {"margin", "chosen_tokens", "rejected_tokens", "length_cosine"}
    assert found["chosen_tokens"] == pytest.approx(11 / 3)
    assert found["rejected_tokens"] == pytest.approx(11 / 3)


def test_a_reward_that_pays_by_the_token_is_seen_though_the_longer_side_is_always_chosen() -> None:
    assert told([5, 7, 9], [4, 4, 4], [0.1, 0.3, 0.5])["length_cosine"] == pytest.approx(1.0)


def test_where_the_shorter_wins_it_is_below_zero() -> None:
    assert told([5, 2], [2, 5], [-1.0, 1.0])["length_cosine"] == pytest.approx(-1.0)


@pytest.mark.parametrize(("chosen", "margins"), [([4, 4], [0.3, 0.9]), ([5, 6], [1e-6, -1e-6])])
def test_without_a_margin_or_a_difference_there_is_no_cosine(chosen: list[int], margins: list[float]) -> None:
    assert "length_cosine" not in told(chosen, [4, 4], margins)


def test_a_step_tells_the_cosine_of_its_own_pairs(tmp_path: Path) -> None:
    logs = []
    for name, row_tokens in (("one", 10_000), ("many", 60)):
        plan = FitPlan(learning_rate=1e-2, batch_size=100, epochs=3, row_tokens=row_tokens)
        model, questions, pairs = TinyTrainable(), questions_of(6), pairs_of(6)
        store = store_of(model, pairs, questions, plan)
        logs.append(list(fit_pairs(model, MPO(), pairs, questions, store, plan, tmp_path / name)))
    assert "length_cosine" not in logs[0][0].terms
    assert -1 <= logs[0][2].terms["length_cosine"] <= 1
    assert logs[1][2].terms["length_cosine"] == pytest.approx(logs[0][2].terms["length_cosine"], rel=1e-3)
    assert logs[0][0].terms["rejected_tokens"] == pytest.approx(
        sum(len(pair.rejected.text) + 1 for pair in pairs_of(6)) / len(pairs_of(6))
    )

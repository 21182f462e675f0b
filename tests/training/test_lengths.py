"""The correlation of margin and length is Pearson's over the pairs of a step, however they are spread over passes."""

from pathlib import Path

import pytest
import torch
from tiny_trainable import TinyTrainable, pairs_of, questions_of, store_of

from seewhy.objectives.api import PairView
from seewhy.objectives.mpo import MPO
from seewhy.training.fit import fit_pairs
from seewhy.training.lengths import length_figures, with_correlation
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
    return with_correlation(
        {name: float(row.mean()) for name, row in figures.items()} | {"margin": sum(margins) / len(margins)}
    )


def test_margins_that_follow_the_length_difference_correlate_and_what_they_were_made_of_is_gone() -> None:
    """Differences 3, 1 and -4 (mean 0) with margins 0.5, 0.2 and -0.9 (mean -1/15) are nearly on a line.

    Sum of products 1.5 + 0.2 + 3.6 = 5.3; of squares 26 and 0.25 + 0.04 + 0.81 - 3/225 = 1.0867: 5.3 / 5.3155 = 0.9971.
    """
    chosen, rejected, margins = [5, 4, 2], [2, 3, 6], [0.5, 0.2, -0.9]
    found = told(chosen, rejected, margins)
    assert found["length_correlation"] == pytest.approx(0.9971, abs=1e-4)
    assert set(found) == {"margin", "chosen_tokens", "rejected_tokens", "length_correlation"}
    assert found["chosen_tokens"] == pytest.approx(11 / 3)
    assert found["rejected_tokens"] == pytest.approx(11 / 3)


def test_where_the_shorter_wins_it_is_below_zero() -> None:
    assert told([5, 2], [2, 5], [-1.0, 1.0])["length_correlation"] == pytest.approx(-1.0)


@pytest.mark.parametrize(("chosen", "margins"), [([5, 6], [0.3, 0.3]), ([5, 5], [0.1, 0.9]), ([5, 6], [1e-6, -1e-6])])
def test_without_a_spread_there_is_no_correlation(chosen: list[int], margins: list[float]) -> None:
    assert "length_correlation" not in told(chosen, [4, 4], margins)


def test_a_step_tells_the_correlation_of_its_own_pairs(tmp_path: Path) -> None:
    logs = []
    for name, row_tokens in (("one", 10_000), ("many", 60)):
        plan = FitPlan(learning_rate=1e-2, batch_size=100, epochs=3, row_tokens=row_tokens)
        model, questions, pairs = TinyTrainable(), questions_of(6), pairs_of(6)
        store = store_of(model, pairs, questions, plan)
        logs.append(list(fit_pairs(model, MPO(), pairs, questions, store, plan, tmp_path / name)))
    assert "length_correlation" not in logs[0][0].terms
    assert -1 <= logs[0][2].terms["length_correlation"] <= 1
    assert logs[1][2].terms["length_correlation"] == pytest.approx(logs[0][2].terms["length_correlation"], rel=1e-3)
    assert logs[0][0].terms["rejected_tokens"] == pytest.approx(
        sum(len(pair.rejected.text) + 1 for pair in pairs_of(6)) / len(pairs_of(6))
    )

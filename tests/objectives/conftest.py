"""Views whose sums are easy to work by hand."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from seewhy.objectives.api import PairView


@pytest.fixture
def pair() -> Callable[..., PairView]:
    """Makes one pair from per-token log-probs; what is left out is zero, and all given tokens are response tokens."""

    def make(
        policy_chosen: list[float],
        policy_rejected: list[float],
        reference_chosen: list[float] | None = None,
        reference_rejected: list[float] | None = None,
    ) -> PairView:
        chosen, rejected = torch.tensor([policy_chosen]), torch.tensor([policy_rejected])

        def given(values: list[float] | None, like: Tensor) -> Tensor:
            return torch.zeros_like(like) if values is None else torch.tensor([values])

        return PairView(
            policy_chosen=chosen,
            policy_rejected=rejected,
            reference_chosen=given(reference_chosen, chosen),
            reference_rejected=given(reference_rejected, rejected),
            chosen_mask=torch.ones_like(chosen, dtype=torch.bool),
            rejected_mask=torch.ones_like(rejected, dtype=torch.bool),
        )

    return make

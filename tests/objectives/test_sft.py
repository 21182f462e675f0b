"""What a lesson costs, worked by hand."""

import pytest
import torch

from seewhy.objectives.api import LessonView
from seewhy.objectives.sft import SFT


def test_a_lesson_costs_the_mean_of_its_own_tokens():
    """Lesson 0 has tokens -1, -2, -3: NLL (1 + 2 + 3) / 3 = 2. Lesson 1 has -5 and padding: 5 / 1 = 5.

    Over all tokens of the batch it would be (6 + 5) / 4 = 2.75 for both.
    """
    view = LessonView(
        policy=torch.tensor([[-1.0, -2.0, -3.0], [-5.0, 0.0, 0.0]]),
        mask=torch.tensor([[True, True, True], [True, False, False]]),
    )
    loss = SFT().loss(view)
    assert loss.each.tolist() == [2.0, 5.0]
    assert loss.terms["nll"].tolist() == [2.0, 5.0]


def test_each_token_of_a_lesson_pulls_with_one_over_its_length():
    """d/dx of -(x1 + ... + x4) / 4 is -1/4 at each token."""
    policy = torch.full((1, 4), -1.5, requires_grad=True)
    SFT().loss(LessonView(policy=policy, mask=torch.ones(1, 4, dtype=torch.bool))).each.sum().backward()
    assert policy.grad is not None
    assert policy.grad.tolist() == [[-0.25] * 4]


def test_a_lesson_without_tokens_counts_nothing():
    view = LessonView(policy=torch.zeros(1, 2), mask=torch.zeros(1, 2, dtype=torch.bool))
    assert SFT().loss(view).each.item() == pytest.approx(0.0)

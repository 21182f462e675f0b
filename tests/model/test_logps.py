"""Log-probabilities of given tokens, in one piece or in chunks."""

import math

import torch
from torch import nn

from seewhy.model.packed.logps import per_token_logps, scoring_entropies


def test_a_log_probability_is_the_logit_less_the_log_of_the_sum_of_exponents():
    hidden = torch.tensor([[math.log(3.0), 0.0], [0.0, math.log(7.0)]])
    found = per_token_logps(hidden, nn.Identity(), torch.tensor([0, 0]), 2)
    torch.testing.assert_close(found, torch.tensor([3 / 4, 1 / 8]).log())


def test_the_gradient_of_a_log_probability_is_one_at_its_token_less_the_softmax():
    logits = torch.randn(3, 5, requires_grad=True)
    targets = torch.tensor([4, 0, 2])
    (found,) = torch.autograd.grad(per_token_logps(logits, nn.Identity(), targets, 5).sum(), logits)
    torch.testing.assert_close(found, nn.functional.one_hot(targets, 5) - logits.detach().softmax(-1))


def test_chunks_change_neither_the_values_nor_the_gradients():
    head = nn.Linear(8, 50, bias=False)
    targets = torch.randint(50, (23,))
    found = []
    for chunk_logits in (1 << 25, 50 * 5, 1):
        hidden = torch.randn(23, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
        logps = per_token_logps(hidden, head, targets, 50, chunk_logits)
        weights = torch.linspace(0.5, 1.5, 23)
        found.append((logps, *torch.autograd.grad((logps * weights).sum(), [hidden, head.weight])))
    for chunked in found[1:]:
        for expected, value in zip(found[0], chunked, strict=True):
            torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)


def test_a_large_vocabulary_is_never_held_for_more_than_a_chunk_of_positions():
    rows = []
    head = nn.Linear(8, 50)
    head.register_forward_hook(lambda module, inputs, output: rows.append(len(output)))
    per_token_logps(torch.randn(23, 8), head, torch.randint(50, (23,)), 50, 50 * 5)
    assert rows == [5, 5, 5, 5, 3]


def test_the_entropy_of_an_even_choice_is_the_log_of_its_number_and_of_a_certain_one_nothing():
    """A half and two quarters have 1/2 ln 2 + 1/2 ln 4 = 3/2 ln 2 nats; a token of probability 0 adds none."""
    hidden = torch.tensor([[0.5, 0.25, 0.25, 0.0], [0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0]]).log()
    with scoring_entropies():
        found = per_token_logps(hidden, nn.Identity(), torch.tensor([0, 1, 2]), 4)
        chunked = per_token_logps(hidden, nn.Identity(), torch.tensor([0, 1, 2]), 4, 1)
    torch.testing.assert_close(found, math.log(2.0) * torch.tensor([1.5, 2.0, 0.0]))
    torch.testing.assert_close(chunked, found)
    again = per_token_logps(hidden, nn.Identity(), torch.tensor([0, 1, 0]), 4)
    torch.testing.assert_close(again, torch.tensor([0.5, 0.25, 1.0]).log())

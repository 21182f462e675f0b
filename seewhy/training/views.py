"""The log-probabilities of shared groups laid out as an objective wants them: one row an exercise."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from seewhy.model.packed.sending import to_device
from seewhy.objectives.api import LessonView, PairView
from seewhy.training.grouping import SharedGroup


def _padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """[rows, time] log-probabilities, 0 where there is no token, and the mask of the tokens."""
    values = pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return values, to_device(torch.arange(values.shape[1])[None] < lengths[:, None], values.device)


Logps = Sequence[Sequence[Tensor]]
"""For each group of a forward pass the [time] log-probabilities of each of its responses."""


def _split(shared: Sequence[SharedGroup], logps: Logps) -> tuple[list[Sequence[Tensor]], list[Sequence[Tensor]]]:
    """The responses that picks number, and those with varied pictures."""
    rows, own, varied = iter(logps), list[Sequence[Tensor]](), list[Sequence[Tensor]]()
    for part in shared:
        own.append([row for _ in part.own_groups for row in next(rows)])
        varied.append(next(rows) if part.varied else ())
    return own, varied


def _picked(shared: Sequence[SharedGroup], logps: Logps, side: int) -> list[Tensor]:
    own, _ = _split(shared, logps)
    return [of_group[pick[side]] for part, of_group in zip(shared, own, strict=True) for pick in part.picks]


def _picked_varied(shared: Sequence[SharedGroup], logps: Logps) -> list[Tensor]:
    _, varied = _split(shared, logps)
    return [of_group[pick[0]] for part, of_group in zip(shared, varied, strict=True) for pick in part.varied_picks]


def lesson_view(shared: Sequence[SharedGroup], logps: Logps) -> LessonView:
    """One row a lesson, in the order of groups and lessons."""
    policy, mask = _padded(_picked(shared, logps, 0))
    return LessonView(policy=policy, mask=mask)


def pair_view(shared: Sequence[SharedGroup], logps: Logps, reference: Sequence[tuple[Tensor, ...]] | None) -> PairView:
    """One row a pair, in the order of groups and pairs; a response that two pairs share is in two rows.

    So each pair weighs what it weighs when every pair is scored alone. `reference` holds, for each pair, the [time]
    log-probabilities under the reference of its chosen and of its rejected response, and, where pictures are compared,
    of the chosen one with the varied pictures; None leaves the reference out.
    """
    chosen, rejected = _picked(shared, logps, 0), _picked(shared, logps, 1)
    device = chosen[0].device
    policy_chosen, chosen_mask = _padded(chosen)
    policy_rejected, rejected_mask = _padded(rejected)
    varied = _picked_varied(shared, logps)
    sides = (0, 1, 2) if varied else (0, 1)
    frozen = [to_device(_padded([rows[side] for rows in reference])[0], device) if reference else None
              for side in sides]  # fmt: skip
    return PairView(
        policy_chosen=policy_chosen,
        policy_rejected=policy_rejected,
        reference_chosen=frozen[0],
        reference_rejected=frozen[1],
        chosen_mask=chosen_mask,
        rejected_mask=rejected_mask,
        policy_varied=_padded(varied)[0] if varied else None,
        reference_varied=frozen[2] if varied else None,
    )

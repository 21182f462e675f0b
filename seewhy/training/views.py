"""The log-probabilities of shared groups laid out as an objective wants them: one row an exercise."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from seewhy.objectives.api import LessonView, PairView
from seewhy.training.examples import SharedGroup


def _padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """[rows, time] log-probabilities, 0 where there is no token, and the mask of the tokens."""
    values = pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows], device=values.device)
    return values, torch.arange(values.shape[1], device=values.device)[None] < lengths[:, None]


def _picked(shared: Sequence[SharedGroup], logps: Sequence[Sequence[Tensor]], side: int) -> list[Tensor]:
    return [of_group[pick[side]] for part, of_group in zip(shared, logps, strict=True) for pick in part.picks]


def lesson_view(shared: Sequence[SharedGroup], logps: Sequence[Sequence[Tensor]]) -> LessonView:
    """One row a lesson, in the order of groups and exercises.

    `logps[g][r]` is the [time] log-probabilities of response r of group g.
    """
    policy, mask = _padded(_picked(shared, logps, 0))
    return LessonView(policy=policy, mask=mask)


def pair_view(
    shared: Sequence[SharedGroup], logps: Sequence[Sequence[Tensor]], reference: Sequence[tuple[Tensor, Tensor]] | None
) -> PairView:
    """One row a pair, in the order of groups and exercises; a response that two pairs share stands in two rows.

    So each pair weighs what it weighs when every pair is scored alone. `reference` holds, for each pair, the [time]
    log-probabilities of its chosen and of its rejected response under the reference; None leaves the reference out.
    """
    chosen, rejected = _picked(shared, logps, 0), _picked(shared, logps, 1)
    device = chosen[0].device
    policy_chosen, chosen_mask = _padded(chosen)
    policy_rejected, rejected_mask = _padded(rejected)
    frozen = [_padded([rows[side].to(device) for rows in reference])[0] if reference else None for side in (0, 1)]
    return PairView(
        policy_chosen=policy_chosen,
        policy_rejected=policy_rejected,
        reference_chosen=frozen[0],
        reference_rejected=frozen[1],
        chosen_mask=chosen_mask,
        rejected_mask=rejected_mask,
    )

"""One update of GRPO over groups of k rollouts: seewhy's packed group beside the same update as separate rows.

Goal: at least 3 times the rollouts a second at k = 8 and 4 times at k = 16, at 576 picture tokens, with the same loss.
Both sides have the same net, rollouts, advantages, objective and optimiser; pictures are encoded before the clock
starts, as where the vision encoder is frozen. The side "rows, tower each" sees the picture again in each row, as
TRL's GRPOTrainer does, whose loss is held against ours in `tests/parity/test_trl_policy_losses.py`.
"""

import copy

import torch
from dpo_sides import RATE, freeze_tower, make_groups, make_rows
from tiny_llava import LLAVA, add_clock, in_turns, make_net, make_processor, parser, set_up
from torch.nn.utils.rnn import pad_sequence

from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.vision.precompute import precompute_image_features
from seewhy.objectives.api import RolloutView
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.parts.reduction import reduce_tokens, row_weights


class Side:
    """An update: scores of all rollouts, the clipped surrogate, a step of AdamW."""

    def __init__(self, net, groups: list[Group], score) -> None:
        self.net = copy.deepcopy(net)
        self.optimizer = torch.optim.AdamW(freeze_tower(self.net), lr=RATE)
        self.groups, self.score, self.objective = groups, score, GRPO()
        with torch.no_grad():
            self.old = [row.clone() for rows in packed_logps(self.net, groups) for row in rows]

    def step(self) -> float:
        """The loss before the update."""
        self.optimizer.zero_grad(set_to_none=True)
        rows = [row for group in self.groups for row in self.score(self.net, [group])[0]]
        policy, old = (pad_sequence(side, batch_first=True) for side in (rows, self.old))
        mask = pad_sequence([torch.ones_like(row, dtype=torch.bool) for row in self.old], batch_first=True)
        signs = torch.tensor([1.0, -1.0, 0.5, -0.5]).repeat(len(rows))[: len(rows), None]
        view = RolloutView(policy=policy, old=old, advantages=torch.where(mask, signs, 0.0), mask=mask)
        weights = row_weights(mask.sum(1).float(), self.objective.reduction, mask.shape[1])
        loss = reduce_tokens(self.objective.loss(view, {}).each, mask, weights)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main() -> None:
    made = parser(__doc__, runs=5)
    made.add_argument("--rollouts", type=int, default=8, help="rollouts a question")
    add_clock(made)
    asked = made.parse_args()
    set_up(asked.threads)
    processor = make_processor()
    net = make_net(processor.tokenizer)
    raw = make_groups(make_rows(1, asked.rollouts // 2, LLAVA), processor, asked.rollouts // 2)
    seen = precompute_image_features(net, raw)
    sides = {
        "packed group": Side(net, seen, packed_logps),
        "separate rows": Side(net, seen, separate_logps),
        "rows, tower each": Side(net, raw, separate_logps),
    }
    losses = {name: [side.step() for _ in range(2)] for name, side in sides.items()}
    print("losses of two updates:", {name: [round(one, 6) for one in row] for name, row in losses.items()})
    rates = in_turns({name: side.step for name, side in sides.items()}, asked.runs, asked.rollouts, asked.clock)
    print(f"\n{asked.rollouts} rollouts a question, medians of {asked.runs}")
    for name, rate in rates.items():
        print(f"  {name:18} {rate:8.2f} rollouts/s, packed {rates['packed group'] / rate:.2f} times as many")


if __name__ == "__main__":
    main()

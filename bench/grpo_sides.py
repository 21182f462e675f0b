"""What the benches of a GRPO update share: the update of seewhy and that of TRL's GRPOTrainer on the same rollouts.

All sides have the same net, rollouts, advantages, log-probabilities before the update, loss (`grpo`: token losses are
averaged over each response, clip 0.2, no divergence) and optimiser; they train the language model and freeze vision
tower and projector. Pictures and texts are encoded before the clock starts.

TRL 1.16.0 runs its own `training_step`: the batch that it would have drawn is put where it looks for a drawn one. It
encodes the picture once a rollout, also where the tower is frozen, and computes the entropy of every token for its log.
On a CPU its head runs at every token of the row, on a GPU at response tokens alone: the side "TRL, head as on a GPU"
does the latter here as well.
"""

import copy
from collections.abc import Callable
from contextlib import nullcontext
from enum import Enum

import torch
from datasets import Dataset
from dpo_sides import RATE, TRL_SHORT, freeze_tower, make_groups, make_rows, step_of_trl
from tiny_llava import LLAVA, make_net, make_processor
from torch.nn.utils.rnn import pad_sequence
from transformers import LlavaForConditionalGeneration, LlavaProcessor
from trl import GRPOConfig, GRPOTrainer

from seewhy.model.packed.group import Group
from seewhy.model.packed.recompute import checkpointing, enable_checkpointing
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.vision.precompute import precompute_image_features
from seewhy.objectives.api import RolloutView
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.parts.reduction import reduce_tokens, row_weights

TRL = "TRL GRPOTrainer"
CHECKPOINTS = "TRL, checkpointing"
EPSILON = 0.2
FAR = 1_000_000
"""Updates on one batch, after which TRL would draw the next."""


class Way(Enum):
    """How seewhy computes the update."""

    PACKED = "seewhy"
    """One packed group; the picture is encoded once, within the update."""
    KEPT = "seewhy, features kept"
    """As in a round, where drawing has encoded the picture before."""
    SEPARATE = "separate rows, features kept"
    EACH = "separate rows, tower each"
    """The picture is encoded in each row."""
    AGAIN = "seewhy, checkpointing"
    """Packed, and layers are computed again in the backward pass."""
    KEPT_AGAIN = "seewhy, kept, checkpointing"
    SEPARATE_AGAIN = "separate rows, checkpointing"
    """Features kept."""


AGAIN = (Way.AGAIN, Way.KEPT_AGAIN, Way.SEPARATE_AGAIN)


def advantages_of(count: int) -> torch.Tensor:
    """[count] of either sign."""
    return torch.tensor([1.0, -1.0, 0.5, -0.5]).repeat(count)[:count]


class Ours:
    """Scores of all rollouts, the clipped surrogate, a step of AdamW."""

    def __init__(self, net: LlavaForConditionalGeneration, groups: list[Group], way: Way) -> None:
        self.net = copy.deepcopy(net)
        self.optimizer = torch.optim.AdamW(freeze_tower(self.net), lr=RATE)
        self.old, self.objective, self.way = old_of(self.net, groups), GRPO(epsilon=EPSILON), way
        if way in AGAIN:
            enable_checkpointing(self.net)
        is_kept = way not in (Way.PACKED, Way.AGAIN, Way.EACH)
        self.groups = precompute_image_features(self.net, groups) if is_kept else groups

    def step(self) -> float:
        """The loss before the update."""
        self.optimizer.zero_grad(set_to_none=True)
        is_seen_now = self.way in (Way.PACKED, Way.AGAIN)
        groups = precompute_image_features(self.net, self.groups) if is_seen_now else self.groups
        is_packed = is_seen_now or self.way in (Way.KEPT, Way.KEPT_AGAIN)
        with checkpointing(self.net) if self.way in AGAIN else nullcontext():
            rows = [
                row for scored in (packed_logps if is_packed else separate_logps)(self.net, groups) for row in scored
            ]
        policy, old = (pad_sequence(side, batch_first=True) for side in (rows, self.old))
        mask = pad_sequence([torch.ones_like(row, dtype=torch.bool) for row in self.old], batch_first=True)
        tokens = torch.where(mask, advantages_of(len(rows))[:, None], 0.0)
        view = RolloutView(policy=policy, old=old, advantages=tokens, mask=mask)
        weights = row_weights(mask.sum(1).float(), self.objective.reduction, mask.shape[1])
        loss = reduce_tokens(self.objective.loss(view, {}).each, mask, weights)
        loss.backward()
        self.optimizer.step()
        return loss.item()


@torch.no_grad()
def old_of(net: LlavaForConditionalGeneration, groups: list[Group]) -> list[torch.Tensor]:
    """The log-probabilities of each rollout before the first update."""
    return [row.clone() for rows in packed_logps(net, groups) for row in rows]


class Theirs:
    """A step of TRL: one batch of all rollouts, a row and a picture each."""

    def __init__(
        self,
        net: LlavaForConditionalGeneration,
        groups: list[Group],
        processor: LlavaProcessor,
        folder: str,
        *,
        short_head: bool = False,
        checkpointing: bool = False,
    ) -> None:
        policy = copy.deepcopy(net)
        trained = freeze_tower(policy)
        count = sum(len(group.responses) for group in groups)
        config = GRPOConfig(
            output_dir=folder, loss_type="grpo", beta=0.0, epsilon=EPSILON, num_iterations=FAR, num_generations=count,
            per_device_train_batch_size=count, gradient_checkpointing=checkpointing, bf16=False, use_cpu=True,
            report_to=[], disable_tqdm=True,
        )  # fmt: skip
        self.trainer = GRPOTrainer(
            policy, reward_funcs=lambda completions, **_: [0.0] * len(completions), args=config,
            train_dataset=Dataset.from_dict({"prompt": ["<user>"]}), processing_class=processor,
        )  # fmt: skip
        if checkpointing:
            # Trainer does so when train() begins, which is not called here.
            policy.gradient_checkpointing_enable()
        self.trainer.current_gradient_accumulation_steps = 1
        self.trainer._buffered_inputs, self.trainer._step = [batch_of(policy, groups)], 1
        self.optimizer = torch.optim.AdamW(trained, lr=RATE)
        self.short_head = short_head

    def step(self) -> float:
        """The loss before the update."""
        return step_of_trl(self.trainer, self.optimizer, {}, short_head=self.short_head)


def batch_of(net: LlavaForConditionalGeneration, groups: list[Group]) -> dict[str, object]:
    """What TRL's `_generate_and_score_completions` returns, for these rollouts; all prompts are of one length."""
    rows = [(group, response) for group in groups for response in group.responses]
    prompts = torch.tensor([group.prompt.ids for group, _ in rows])
    completions = [torch.tensor(response) for _, response in rows]
    mask = pad_sequence([torch.ones_like(row) for row in completions], batch_first=True)
    return {
        "prompt_ids": prompts, "prompt_mask": torch.ones_like(prompts),
        "completion_ids": pad_sequence(completions, batch_first=True), "completion_mask": mask,
        "advantages": advantages_of(len(rows)), "num_items_in_batch": mask.sum(),
        "old_per_token_logps": pad_sequence(old_of(net, groups), batch_first=True),
        "pixel_values": torch.cat([group.prompt.pictures["pixel_values"] for group, _ in rows]),
        "num_images": [1] * len(rows),
    }  # fmt: skip


def makers(rollouts: int, folder: str) -> dict[str, Callable[[], Ours | Theirs]]:
    """Each side of an update on one question, by its name; the net is the same in all."""
    processor = make_processor()
    net = make_net(processor.tokenizer)
    groups = make_groups(make_rows(1, rollouts // 2, LLAVA), processor, rollouts // 2)
    theirs: dict[str, dict[str, bool]] = {
        TRL: {}, TRL_SHORT: {"short_head": True}, CHECKPOINTS: {"short_head": True, "checkpointing": True},
    }  # fmt: skip
    return {
        **{way.value: lambda way=way: Ours(net, groups, way) for way in Way},
        **{name: lambda kinds=kinds: Theirs(net, groups, processor, folder, **kinds) for name, kinds in theirs.items()},
    }

"""What the benches of a step share: a step of seewhy and a step of TRL's DPOTrainer over the same net and pairs.

Both sides train the language model and freeze vision tower and projector, as LLaVA-Reasoner's DPO does; both take
float32, AdamW, no dropout, no gradient checkpointing. Pictures and texts are encoded before the clock starts, and the
reference runs within the step.

TRL's flags, as of 1.16.0: `precompute_ref_log_probs` is refused for pictures ("not supported for vision datasets");
`padding_free` is switched off with a warning, and nothing is padded here; `use_liger_kernel` needs Triton, so a GPU,
and its fused head is refused; `gradient_checkpointing` trades time for memory. On a CPU TRL's head runs at every token
of the row, on a GPU at response tokens alone: the side "TRL, head as on a GPU" does the latter here as well.
"""

import argparse
import copy
import math
import tempfile
from collections.abc import Mapping
from enum import Enum

import torch
import trl.trainer.utils as trl_utils
from datasets import Dataset, Features, Value
from datasets import Image as ImageFeature
from tiny_llava import Geometry, in_turns, letters, make_net, make_processor, picture, prompt_text
from torch.nn.utils.rnn import pad_sequence
from transformers import LlavaForConditionalGeneration, LlavaProcessor, Trainer
from trl import DPOConfig, DPOTrainer

from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.scores import packed_logps
from seewhy.model.vision.precompute import precompute_image_features
from seewhy.objectives.api import PairObjective, PairView
from seewhy.objectives.dpo import DPO

TOKENS = 90
RATE = 1e-4
TOLERANCE = 1e-4
OBJECTIVE = DPO(beta=0.1)
TRL, TRL_SHORT = "TRL DPOTrainer", "TRL, head as on a GPU"
Row = dict[str, object]


def make_rows(questions: int, pairs: int, geometry: Geometry) -> list[Row]:
    """Pairs of distinct responses; the pairs of a question stand beside each other."""
    return [
        {
            "images": [picture(number, geometry)],
            "prompt": prompt_text(number, geometry),
            "chosen": letters(TOKENS - 1, 1000 * number + 2 * place) + "<end>",
            "rejected": letters(TOKENS - 1, 1000 * number + 2 * place + 1) + "<end>",
        }
        for number in range(questions)
        for place in range(pairs)
    ]


def make_groups(rows: list[Row], processor: LlavaProcessor, pairs: int) -> list[Group]:
    """One group a question: its picture once, chosen and rejected of each pair in order."""
    made = []
    for row, *others in (rows[start : start + pairs] for start in range(0, len(rows), pairs)):
        encoded = processor(text=row["prompt"], images=row["images"], return_tensors="pt", add_special_tokens=False)
        texts = [each[side] for each in (row, *others) for side in ("chosen", "rejected")]
        prompt = Prompt(ids=tuple(encoded["input_ids"][0].tolist()), pictures={"pixel_values": encoded["pixel_values"]})
        ids = processor.tokenizer(texts, add_special_tokens=False)["input_ids"]
        made.append(Group(prompt=prompt, responses=tuple(tuple(each) for each in ids)))
    return made


def freeze_tower(net: LlavaForConditionalGeneration) -> list[torch.nn.Parameter]:
    """Leaves the language model to be trained, and returns it."""
    for part in (net.model.vision_tower, net.model.multi_modal_projector):
        part.requires_grad_(False)
    return [parameter for parameter in net.parameters() if parameter.requires_grad]


def pair_view(policy: list[list[torch.Tensor]], reference: list[list[torch.Tensor]]) -> PairView:
    """Chosen and rejected of every pair beside each other."""
    sides = {}
    for name, place in (("chosen", 0), ("rejected", 1)):
        rows = [row for scored in policy for row in scored[place::2]]
        known = [row for scored in reference for row in scored[place::2]]
        sides[f"policy_{name}"] = pad_sequence(rows, batch_first=True)
        sides[f"reference_{name}"] = pad_sequence(known, batch_first=True)
        filled = [torch.ones_like(row, dtype=torch.bool) for row in rows]
        sides[f"{name}_mask"] = pad_sequence(filled, batch_first=True)
    return PairView(**sides)


class Tower(Enum):
    """When the frozen part that sees runs."""

    EACH_PASS = "seewhy, tower in each pass"
    EACH_STEP = "seewhy"
    """Once a step: policy and reference share the features."""
    CACHED = "seewhy, tower cached"
    """Before the clock starts, as from the second epoch on where features are kept."""


class Ours:
    """A step of seewhy."""

    def __init__(
        self,
        net: LlavaForConditionalGeneration,
        groups: list[Group],
        tower: Tower = Tower.EACH_STEP,
        objective: PairObjective = OBJECTIVE,
    ) -> None:
        self.policy, self.reference = copy.deepcopy(net), copy.deepcopy(net).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(freeze_tower(self.policy), lr=RATE)
        self.groups = precompute_image_features(self.reference, groups) if tower is Tower.CACHED else groups
        self.shares_tower = tower is Tower.EACH_STEP
        self.objective, self.state = objective, objective.initial()

    def step(self) -> float:
        """The loss before the update."""
        self.optimizer.zero_grad(set_to_none=True)
        groups = precompute_image_features(self.reference, self.groups) if self.shares_tower else self.groups
        with torch.no_grad():
            reference = packed_logps(self.reference, groups)
        found = self.objective.loss(pair_view(packed_logps(self.policy, groups), reference), self.state)
        loss = found.each.mean()
        loss.backward()
        self.optimizer.step()
        rewards = torch.cat([found.terms["reward_chosen"], found.terms["reward_rejected"]])
        self.state = self.objective.advance(self.state, rewards)
        return float(loss.detach())


class Theirs:
    """A step of TRL: one batch of all pairs, padded together, chosen before rejected."""

    def __init__(
        self,
        net: LlavaForConditionalGeneration,
        rows: list[Row],
        processor: LlavaProcessor,
        folder: str,
        *,
        short_head: bool = False,
        checkpointing: bool = False,
    ) -> None:
        policy, reference = copy.deepcopy(net), copy.deepcopy(net)
        trained = freeze_tower(policy)
        config = DPOConfig(
            output_dir=folder, beta=OBJECTIVE.beta, max_length=None, gradient_checkpointing=checkpointing, bf16=False,
            use_cpu=True, report_to=[], per_device_train_batch_size=len(rows), disable_dropout=True,
        )  # fmt: skip
        self.trainer = DPOTrainer(
            policy, ref_model=reference, args=config, processing_class=processor, train_dataset=dataset_of(rows)
        )
        if checkpointing:
            # Trainer does so when train() begins, which is not called here.
            policy.gradient_checkpointing_enable()
        self.trainer.current_gradient_accumulation_steps = 1
        self.batch = self.trainer.data_collator([dict(row) for row in rows])
        self.optimizer = torch.optim.AdamW(trained, lr=RATE)
        self.short_head = short_head

    def step(self) -> float:
        """The loss before the update."""
        return step_of_trl(self.trainer, self.optimizer, dict(self.batch), short_head=self.short_head)


def step_of_trl(
    trainer: Trainer, optimizer: torch.optim.Optimizer, batch: dict[str, object], *, short_head: bool
) -> float:
    """The loss before the update; `short_head` runs the head at response tokens alone."""
    before = trl_utils._use_triton
    if short_head:
        # What decides in this module whether the head skips labels of -100; its kernels ask on their own.
        trl_utils._use_triton = lambda device: True
    try:
        optimizer.zero_grad(set_to_none=True)
        loss = trainer.training_step(trainer.model, batch, None)
        optimizer.step()
    finally:
        trl_utils._use_triton = before
    return float(loss)


def dataset_of(rows: list[Row]) -> Dataset:
    """What DPOTrainer asks for; its batches are made by its collator."""
    text = Value("string")
    kinds = Features({"images": [ImageFeature()], "prompt": text, "chosen": text, "rejected": text})
    return Dataset.from_list(rows, features=kinds)


def compare(geometry: Geometry, pairs: int, asked: argparse.Namespace) -> dict[str, float]:
    """Prints a line a side; pairs a second of each."""
    processor = make_processor(geometry)
    net = make_net(processor.tokenizer, geometry)
    rows = make_rows(asked.questions, pairs, geometry)
    groups = make_groups(rows, processor, pairs)
    with tempfile.TemporaryDirectory() as folder:
        sides = {
            TRL: Theirs(net, rows, processor, folder),
            TRL_SHORT: Theirs(net, rows, processor, folder, short_head=True),
            **{tower.value: Ours(net, groups, tower) for tower in Tower},
        }
        check_losses(sides)
        rates = in_turns({name: side.step for name, side in sides.items()}, asked.runs, len(rows), asked.clock)
    million = sum(parameter.numel() for parameter in net.parameters()) / 1e6
    print(f"\n{pairs} pair(s) a question, {asked.questions} question(s) a step, "
          f"{len(groups[0].prompt.ids)} prompt tokens, {TOKENS}-token responses, {million:.1f} M parameters, "
          f"medians of {asked.runs}")  # fmt: skip
    for name, rate in rates.items():
        print(f"  {name:28} {rate:8.3f} pairs/s   {rate / rates[TRL]:5.2f} x   {rate / rates[TRL_SHORT]:5.2f} x")
    return rates


def check_losses(sides: Mapping[str, Ours | Theirs]) -> None:
    """All sides must have the loss ln 2 before the first update, and the same loss after it."""
    for step in range(2):
        losses = {name: side.step() for name, side in sides.items()}
        expected = math.log(2) if step == 0 else losses[TRL]
        print(f"loss after {step} update(s): " + ", ".join(f"{name} {loss:.6f}" for name, loss in losses.items()))
        if any(not abs(loss - expected) <= TOLERANCE for loss in losses.values()):
            raise SystemExit(f"the losses differ by more than {TOLERANCE}: the sides do not compute the same step")


def print_ratios(rates: Mapping[str, float]) -> None:
    """Of seewhy to TRL as it is installed, and to TRL with its head as on a GPU; the line `ratio:` stands last."""
    ours = rates[Tower.EACH_STEP.value]
    print(f"cached: {rates[Tower.CACHED.value] / rates[TRL]:.2f}   "
          f"against TRL with its head as on a GPU: {ours / rates[TRL_SHORT]:.2f}, "
          f"cached {rates[Tower.CACHED.value] / rates[TRL_SHORT]:.2f}")  # fmt: skip
    print(f"ratio: {ours / rates[TRL]:.2f}")

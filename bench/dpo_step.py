"""A whole DPO step beside TRL's DPOTrainer: same net, same pairs, reference included, pairs a second.

Both sides train the language model and freeze vision tower and projector, as LLaVA-Reasoner's DPO does; both take
float32, AdamW, no dropout, no gradient checkpointing. Pictures and texts are encoded before the clock starts. TRL runs
the reference within the step, for it precomputes none for pictures; so does seewhy here, though its own training looks
reference log-probabilities up. The frozen tower's features are the same for policy and reference: seewhy makes them
once a step, and the line "tower in each pass" shows the same without that.
"""

import copy
import math
import tempfile

import torch
from datasets import Dataset, Features, Value
from datasets import Image as ImageFeature
from tiny_llava import in_turns, letters, make_net, make_processor, parser, picture, prompt_text, set_up
from torch.nn.utils.rnn import pad_sequence
from transformers import LlavaForConditionalGeneration, LlavaProcessor
from trl import DPOConfig, DPOTrainer

from seewhy.model.group import Group, Prompt
from seewhy.model.scores import packed_logps
from seewhy.model.towers import see
from seewhy.objectives.api import PairView
from seewhy.objectives.dpo import DPO

TOKENS = 90
RATE = 1e-4
TOLERANCE = 1e-4
OBJECTIVE = DPO(beta=0.1)


def make_rows(questions: int, pairs: int) -> list[dict[str, object]]:
    """Pairs of distinct responses; the pairs of a question stand beside each other."""
    return [
        {
            "images": [picture(number)],
            "prompt": prompt_text(number),
            "chosen": letters(TOKENS - 1, 1000 * number + 2 * place) + "<end>",
            "rejected": letters(TOKENS - 1, 1000 * number + 2 * place + 1) + "<end>",
        }
        for number in range(questions)
        for place in range(pairs)
    ]


def make_groups(rows: list[dict[str, object]], processor: LlavaProcessor, pairs: int) -> list[Group]:
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


class Ours:
    """A step of seewhy."""

    def __init__(self, net: LlavaForConditionalGeneration, groups: list[Group], shares_tower: bool) -> None:
        self.policy, self.reference = copy.deepcopy(net), copy.deepcopy(net).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(freeze_tower(self.policy), lr=RATE)
        self.groups, self.shares_tower = groups, shares_tower

    def step(self) -> float:
        """The loss before the update."""
        self.optimizer.zero_grad(set_to_none=True)
        groups = see(self.reference, self.groups) if self.shares_tower else self.groups
        with torch.no_grad():
            reference = packed_logps(self.reference, groups)
        loss = OBJECTIVE.loss(self.view(packed_logps(self.policy, groups), reference), {}).each.mean()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def view(self, policy: list[list[torch.Tensor]], reference: list[list[torch.Tensor]]) -> PairView:
        """Chosen and rejected of every pair beside each other."""
        sides = {}
        for name, place in (("chosen", 0), ("rejected", 1)):
            rows = [row for scored in policy for row in scored[place::2]]
            known = [row for scored in reference for row in scored[place::2]]
            sides[f"policy_{name}"] = pad_sequence(rows, batch_first=True)
            sides[f"reference_{name}"] = pad_sequence(known, batch_first=True)
            sides[f"{name}_mask"] = pad_sequence([torch.ones(len(row), dtype=torch.bool) for row in rows], True)
        return PairView(**sides)


class Theirs:
    """A step of TRL: one batch of all pairs, padded together, chosen before rejected."""

    def __init__(
        self, net: LlavaForConditionalGeneration, rows: list[dict[str, object]], processor: LlavaProcessor, folder: str
    ) -> None:
        policy, reference = copy.deepcopy(net), copy.deepcopy(net)
        trained = freeze_tower(policy)
        config = DPOConfig(
            output_dir=folder, beta=OBJECTIVE.beta, max_length=None, gradient_checkpointing=False, bf16=False,
            use_cpu=True, report_to=[], per_device_train_batch_size=len(rows), disable_dropout=True,
        )  # fmt: skip
        text = Value("string")
        kinds = Features({"images": [ImageFeature()], "prompt": text, "chosen": text, "rejected": text})
        self.trainer = DPOTrainer(
            policy, ref_model=reference, args=config, processing_class=processor,
            train_dataset=Dataset.from_list(rows, features=kinds),
        )  # fmt: skip
        self.trainer.current_gradient_accumulation_steps = 1
        self.batch = self.trainer.data_collator([dict(row) for row in rows])
        self.optimizer = torch.optim.AdamW(trained, lr=RATE)

    def step(self) -> float:
        """The loss before the update."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.trainer.training_step(self.trainer.model, dict(self.batch))
        self.optimizer.step()
        return float(loss)


def compare(questions: int, pairs: int, runs: int) -> float:
    """Prints a line a side, and returns how many times the pairs a second of TRL seewhy makes."""
    processor = make_processor()
    net = make_net(processor.tokenizer)
    rows = make_rows(questions, pairs)
    groups = make_groups(rows, processor, pairs)
    with tempfile.TemporaryDirectory() as folder:
        theirs = Theirs(net, rows, processor, folder)
        sides = {
            "TRL DPOTrainer": theirs,
            "seewhy, tower in each pass": Ours(net, groups, shares_tower=False),
            "seewhy": Ours(net, groups, shares_tower=True),
        }
        check_losses(sides)
        rates = in_turns({name: side.step for name, side in sides.items()}, runs, each=len(rows))
    million = sum(parameter.numel() for parameter in net.parameters()) / 1e6
    print(f"\n{pairs} pair(s) a question, {questions} question(s) a step, {len(groups[0].prompt.ids)} prompt tokens, "
          f"{TOKENS}-token responses, {million:.1f} M parameters, medians of {runs}")  # fmt: skip
    for name, rate in rates.items():
        print(f"  {name:28} {rate:8.3f} pairs/s   {rate / rates['TRL DPOTrainer']:5.2f} x")
    return rates["seewhy"] / rates["TRL DPOTrainer"]


def check_losses(sides: dict[str, "Ours | Theirs"]) -> None:
    """All sides must have the loss ln 2 before the first update, and the same loss after it."""
    for step in range(2):
        losses = {name: side.step() for name, side in sides.items()}
        expected = math.log(2) if step == 0 else losses["TRL DPOTrainer"]
        print(f"loss after {step} update(s): " + ", ".join(f"{name} {loss:.6f}" for name, loss in losses.items()))
        if any(not abs(loss - expected) <= TOLERANCE for loss in losses.values()):
            raise SystemExit(f"the losses differ by more than {TOLERANCE}: the sides do not compute the same step")


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--pairs", type=int, choices=(1, 3), help="pairs a question; left out: both")
    made.add_argument("--questions", type=int, default=2, help="questions a step")
    asked = made.parse_args()
    set_up(asked.threads)
    ratio = math.nan
    for pairs in (asked.pairs,) if asked.pairs else (1, 3):
        ratio = compare(asked.questions, pairs, asked.runs)
    print(f"ratio: {ratio:.2f}")


if __name__ == "__main__":
    main()

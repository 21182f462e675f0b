"""A DPO step at the real size of LLaVA-1.5-7B on one GPU, beside TRL's DPOTrainer. It has not been run on a GPU yet.

Geometry of LLaVA-1.5-7B (CLIP-L 336/14 and Vicuna-7B) with random weights, bfloat16, LoRA of rank 64 on all linear
layers of the language model, the reference being the net without its adapter; 576 picture tokens, 90-token responses.
Printed are pairs a second, model FLOP utilisation (useful operations of distinct tokens, flops.py, over the time and
the card's dense bfloat16 peak, else the rate of a large matmul measured here; goal 0.45) and the peak memory of a step
over what weights and optimisers hold. Both sides use one net in memory and one adapter, with an optimiser each.

seewhy packs a question in one row with scaled-dot-product attention and an explicit mask; its choice of FlexAttention,
which it makes by a trial on the GPU for long rows, has no column here yet. LoRA is peft's on both sides.

`--toy` runs the same code at toy widths in float32 on the CPU, as does a machine without a GPU: that tries the script,
checks that both sides have the same loss, and measures nothing worth reporting.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable

import torch
from dpo_sides import OBJECTIVE, RATE, TRL, Row, dataset_of, make_groups, make_rows, pair_view
from flops import step_flops
from peft import LoraConfig, PeftModel
from tiny_llava import LLAVA, PATCH, in_turns, make_net, make_processor, parser, set_up
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from trl import DPOConfig, DPOTrainer
from trl.trainer.utils import get_peak_flops

from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import packed_logps
from seewhy.model.packed.shared_prefix import branching
from seewhy.model.vision.precompute import precompute_image_features

OURS = "seewhy, packed, SDPA"
LAYERS = r".*language_model.*\.(q|k|v|o|gate|up|down)_proj"
RANK = 64
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2}
"""Of the losses of both sides on the same weights."""
GIB = 2**30


def real_net(tokenizer: PreTrainedTokenizerFast) -> LlavaForConditionalGeneration:
    """LLaVA-1.5-7B's shapes, random weights, bfloat16, on the GPU."""
    vision = CLIPVisionConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16,
        image_size=LLAVA.pixels, patch_size=PATCH,
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=32064, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32,
        max_position_embeddings=4096, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-2, vision_feature_select_strategy="default", image_seq_length=LLAVA.side**2,
    )  # fmt: skip
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device("cuda"):
            return LlavaForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(before)


def make_trainer(
    net: LlavaForConditionalGeneration, rows: list[Row], processor: LlavaProcessor, folder: str, checkpointing: bool
) -> DPOTrainer:
    """TRL's trainer, which puts the adapter on the net; adapters take the net's dtype."""
    dtype = net.dtype
    config = DPOConfig(
        output_dir=folder, beta=OBJECTIVE.beta, max_length=None, gradient_checkpointing=checkpointing,
        bf16=dtype == torch.bfloat16, use_cpu=net.device.type == "cpu", report_to=[],
        per_device_train_batch_size=len(rows), disable_dropout=True,
    )  # fmt: skip
    lora = LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=0.0, target_modules=LAYERS)
    trainer = DPOTrainer(net, args=config, processing_class=processor, train_dataset=dataset_of(rows), peft_config=lora)
    trainer.current_gradient_accumulation_steps = 1
    if checkpointing:
        net.gradient_checkpointing_enable()
    # peft makes adapters float32; without an autocast around them their matmuls would be float32 on both sides.
    for parameter in trainer.model.parameters():
        parameter.data = parameter.data.to(dtype)
    return trainer


class Step:
    """A side: its loss with gradients, and its optimiser over the one adapter."""

    def __init__(self, loss: Callable[[], float], model: PeftModel) -> None:
        self.loss, self.peak = loss, 0
        self.optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=RATE)

    def step(self) -> None:
        """One update; on a GPU, notes its peak memory and waits for its end."""
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
            base = torch.cuda.memory_allocated()
        self.optimizer.zero_grad(set_to_none=True)
        self.loss()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
            self.peak = torch.cuda.max_memory_allocated() - base


def our_loss(model: PeftModel, groups: list[Group]) -> float:
    """Forward of reference and policy, and backward."""
    net = model.get_base_model()
    seen = precompute_image_features(net, groups)
    with torch.no_grad(), model.disable_adapter():
        reference = packed_logps(net, seen)
    # The backward pass too, for layers that are recomputed in it call the attention again.
    with branching(net):
        loss = OBJECTIVE.loss(pair_view(packed_logps(net, seen), reference), {}).each.mean()
        loss.backward()
    return float(loss.detach())


def check_losses(sides: dict[str, Step], dtype: torch.dtype) -> None:
    """On the same weights both sides have the same loss: ln 2 before an update, and any after it."""
    for updates in range(2):
        losses = {}
        for name, side in sides.items():
            losses[name] = side.loss()
            side.optimizer.zero_grad(set_to_none=True)
        print(f"loss after {updates} update(s): " + ", ".join(f"{name} {loss:.6f}" for name, loss in losses.items()))
        expected = math.log(2) if updates == 0 else losses[TRL]
        if any(not abs(loss - expected) <= TOLERANCE[dtype] for loss in losses.values()):
            raise SystemExit(f"the losses differ by more than {TOLERANCE[dtype]}: the sides do not compute the same")
        sides[OURS].step()


def peak_rate(device: torch.device, dtype: torch.dtype) -> tuple[float, str]:
    """Operations a second that a share is taken of, and where the number comes from."""
    named = get_peak_flops(torch.cuda.get_device_name(device), "bfloat16") if device.type == "cuda" else None
    if named is not None:
        return named, "dense bfloat16 peak of the card"
    size = 8192 if device.type == "cuda" else 1024
    square = torch.randn(size, size, device=device, dtype=dtype)
    best = math.inf
    for _ in range(10):
        began = time.perf_counter()
        float((square @ square)[0, 0])
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best, f"measured matmul of {size}"


def compare(pairs: int, asked: argparse.Namespace) -> float:
    """Prints a line a side; pairs a second of seewhy to those of TRL."""
    processor = make_processor()
    net = make_net(processor.tokenizer) if asked.toy else real_net(processor.tokenizer)
    rows = make_rows(asked.questions, pairs, LLAVA)
    groups = make_groups(rows, processor, pairs)
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(net, rows, processor, folder, asked.checkpointing)
        model, batch = trainer.model, trainer.data_collator([dict(row) for row in rows])
        sides = {
            TRL: Step(lambda: float(trainer.training_step(model, dict(batch))), model),
            OURS: Step(lambda: our_loss(model, groups), model),
        }
        check_losses(sides, net.dtype)
        rates = in_turns({name: side.step for name, side in sides.items()}, asked.runs, each=len(rows))
    peak, source = peak_rate(net.device, net.dtype)
    work = step_flops(model.get_base_model(), groups, adapter=True) / len(rows)
    print(f"\n{pairs} pair(s) a question, {asked.questions} question(s) a step, {len(groups[0].prompt.ids)} prompt "
          f"tokens, medians of {asked.runs}; utilisation of {peak / 1e12:.2f} TFLOP/s, {source}")  # fmt: skip
    for name, rate in rates.items():
        memory = f"{sides[name].peak / GIB:8.2f} GiB" if torch.cuda.is_available() else "memory: not on a CPU"
        print(f"  {name:24} {rate:8.3f} pairs/s   utilisation {rate * work / peak:.3f}   {memory}")
    return rates[OURS] / rates[TRL]


def main() -> None:
    made = parser(__doc__, runs=3)
    made.add_argument("--pairs", type=int, help="pairs a question; left out: 1 and 3")
    made.add_argument("--questions", type=int, default=1, help="questions a step")
    made.add_argument("--checkpointing", action="store_true", help="recompute activations, on both sides")
    made.add_argument("--toy", action="store_true", help="toy widths on the CPU: a trial of the script")
    asked = made.parse_args()
    set_up(asked.threads)
    if not torch.cuda.is_available():
        asked.toy = True
    if asked.toy:
        print("toy widths on the CPU, float32: this tries the script and measures nothing of a GPU")
    ratio = math.nan
    for pairs in (asked.pairs,) if asked.pairs else (1, 3):
        try:
            ratio = compare(pairs, asked)
        except torch.OutOfMemoryError as error:
            raise SystemExit(f"{error}\nout of memory: try --checkpointing, or fewer --questions") from error
    print(f"ratio: {ratio:.2f}")


if __name__ == "__main__":
    main()

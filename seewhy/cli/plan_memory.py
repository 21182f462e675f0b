"""Memory of the training stages of a run, from the rows that were looked at; nothing is computed for it."""

import math
import os
import statistics
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoProcessor, GenerationConfig, PreTrainedModel

from seewhy.cli.shelf import place_of
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.opening import ON_CPU
from seewhy.model.loading.prompt_cache import MOST_BYTES, bytes_of
from seewhy.model.packed.group import Group, Prompt, tokens_of
from seewhy.model.plan import BF16, AdapterPlan, ComputePlan
from seewhy.recipes.plans import Recipe
from seewhy.records.types import Question, Response, Style
from seewhy.training.memory.estimate import StepBytes, WeightBytes, checked_bytes, step_bytes
from seewhy.training.memory.peak import MIB
from seewhy.training.memory.trace import meta_net, trace_memory, weight_bytes
from seewhy.training.plan import FitPlan
from seewhy.training.schedule import moved_parameters

MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingBytes:
    """What a training stage holds at most, term by term."""

    step: StepBytes
    checked: int
    """The peak of the comparison of packed and separate rows before the first step."""
    weights: WeightBytes
    tokens: int
    """Of the heaviest forward pass."""
    passes: int
    """Forward passes of the heaviest step."""
    step_tokens: float
    """Tokens of an average step."""

    @property
    def peak(self) -> int:
        """The larger of the two peaks."""
        return max(self.step.peak, self.checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaModel:
    """A model without weights as training sees it: a `Trainable` that knows its parts, and cannot be run or saved."""

    hub: HubModel
    fingerprint: str = "no weights"
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def has_adapter(self) -> bool:
        """As the model with weights."""
        return self.hub.has_adapter

    @property
    def net(self) -> PreTrainedModel:
        """On the meta device."""
        return self.hub.net

    def prompt(self, question: Question, style: Style, blind: bool = False) -> Prompt:
        """As the model with weights."""
        return self.hub.prompt(question, style, blind)

    def response_ids(self, response: Response) -> tuple[int, ...]:
        """As the model with weights."""
        return self.hub.response_ids(response)

    def group_tokens(self, group: Group) -> int:
        """As the model with weights."""
        return tokens_of(group)

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """As the model with weights."""
        return self.hub.parameter_groups()

    def group_logps(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        """Nothing: there are no weights."""
        raise ValueError("a model without weights scores nothing; open it by HubModel.load")

    def save_adapter(self, directory: Path) -> None:
        """Nothing: there are no weights."""
        self.save(directory)

    def save(self, directory: Path) -> None:
        """Nothing: there are no weights."""
        raise ValueError(f"{directory}: a model without weights cannot be saved")


def open_paper(name: str) -> HubModel:
    """The model of a recipe without its weights: it encodes prompts and knows its parts.

    Raises:
        ValueError: it cannot be opened; the message names the remedy.
    """
    place = place_of(name)
    try:
        net, processor = meta_net(place), AutoProcessor.from_pretrained(place)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"model {name!r} cannot be opened ({error}); give `tiny`, a folder in Hugging Face format with its "
            "processor, or the name of a vision-language model on the Hub"
        ) from error
    if not place_has_no_generation(place):
        net.generation_config = GenerationConfig.from_pretrained(place)
    return HubModel(net, processor, name)


def place_has_no_generation(place: str) -> bool:
    """Whether a model is a folder without the file that names its end tokens; its configuration names them then."""
    return Path(place).is_dir() and not (Path(place) / "generation_config.json").is_file()


def open_bytes(model: HubModel, adapter: AdapterPlan, compute: ComputePlan) -> int:
    """Bytes of the reference: bfloat16 in that precision, unless the model that is trained beside it is float32."""
    size = 2 if compute.precision == BF16 and adapter.rank else 4
    return sum(size * parameter.numel() for parameter in model.net.parameters())


def largest_sum(sizes: Sequence[int], count: int, times: int) -> int:
    """The largest of `times` sums of `count` draws from these sizes, expected: mean + sd * sqrt(2 ln times).

    Example:
        >>> largest_sum([10, 10], 5, 100), largest_sum([8, 12], 4, 1)
        (50, 40)
    """
    spread = statistics.pstdev(sizes) * math.sqrt(2 * count * math.log(max(1, times)))
    return min(count * max(sizes), round(count * statistics.fmean(sizes) + spread))


def training_bytes(
    model: HubModel, plan: FitPlan, groups: Sequence[Group], per_step: int, steps: int, *, base: int, prompts: int = 0,
    others: int = 0, is_packed: bool, compute: ComputePlan = ON_CPU,
) -> TrainingBytes:  # fmt: skip
    """Rehearse the heaviest pass of a training whose steps hold `per_step` groups such as these.

    `prompts` is how many the process has encoded by then, and keeps as far as its cache reaches. The model is as
    `as_trained` makes it.
    """
    net = model.net
    sizes = [tokens_of(group) for group in groups]
    step = largest_sum(sizes, per_step, steps)
    wanted = min(step, max(plan.row_tokens, *sizes))
    passes = math.ceil(step / plan.row_tokens)
    heaviest = trace_memory(net, fill(groups, wanted), is_packed=is_packed, is_half=compute.precision == BF16)
    weights = weight_bytes(net)
    kept = min(MOST_BYTES, round(prompts * statistics.fmean(bytes_of(group.prompt) for group in groups)))
    return TrainingBytes(
        step=step_bytes(weights, heaviest, passes=passes, base=base, prompts=kept, others=others,
                        is_checkpointed=compute.gradient_checkpointing),
        checked=checked_bytes(weights, base, others, has_adapter=model.has_adapter), weights=weights,
        tokens=heaviest.tokens, passes=passes,
        step_tokens=per_step * statistics.fmean(sizes),
    )  # fmt: skip


@contextmanager
def as_trained(model: HubModel, plan: FitPlan, adapter: AdapterPlan, compute: ComputePlan) -> Generator[None]:
    """The model as a training holds it, while the context lasts: its adapter, precisions, and who asks for a gradient.

    Weights under an adapter lie in the precision of the plan; those of a model that is trained itself are float32.
    """
    net = model.net
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    model.adapt(adapter)
    moving = {id(parameter) for part in moved_parameters(MetaModel(hub=model), plan).values() for parameter in part}
    for parameter in net.parameters():
        parameter.requires_grad_(id(parameter) in moving)
        if adapter.rank and compute.precision == BF16 and id(parameter) not in moving:
            parameter.data = parameter.data.to(torch.bfloat16)
    try:
        yield
    finally:
        net.float()
        model.adapt(AdapterPlan())


def fill(groups: Sequence[Group], tokens: int) -> list[Group]:
    """The groups again and again, in order, as long as they stay within `tokens`; at least the first one.

    The order is theirs but that the largest one comes first, for a pass holds it somewhere.
    """
    ordered = sorted(groups, key=lambda group: -tokens_of(group))[:1] + list(groups)
    taken: list[Group] = []
    room, place = tokens, 0
    while not taken or tokens_of(ordered[place % len(ordered)]) <= room:
        room -= tokens_of(ordered[place % len(ordered)])
        taken.append(ordered[place % len(ordered)])
        place += 1
    return taken


def machine_mb() -> float:
    """Memory that this machine could give now, in MiB: Linux tells what is available, others what is built in."""
    if MEMINFO.is_file():
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        return next(float(line.split()[1]) / 2**10 for line in lines if line.startswith("MemAvailable:"))
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MIB


def resident_bytes() -> int:
    """What this process holds now, with all libraries loaded; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.is_file() else 0


def remedy(stage: str, recipe: Recipe, told: TrainingBytes) -> str:
    """What would make it fit, by what takes most."""
    terms = told.step
    if terms.passes + terms.held > terms.weights + terms.moments:
        checkpointing = "" if recipe.compute.gradient_checkpointing else ", or --compute.gradient-checkpointing"
        return (
            f"most of it are activations of a row of {told.tokens:,} tokens: try --{stage}.row-tokens "
            f"{max(1, told.tokens // 2)}{checkpointing}"
        )
    if not recipe.adapter.rank:
        return (
            "most of it are weights, gradients and AdamW's moments: train an adapter, such as --adapter.rank 64, or "
            "take a smaller model"
        )
    precision = "--compute.precision bf16, or " if recipe.compute.precision != BF16 else ""
    return f"most of it are weights: try {precision}a smaller model"

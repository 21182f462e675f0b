"""LoRA adapters through peft, put into the net in place: the net stays what it was to everyone who holds it."""

import copy
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig, get_peft_model_state_dict, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from peft.utils.integrations import dequantize_module_weight
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.plan import AdapterPlan

NAME = "default"
"""What peft calls the one adapter of a net."""
WEIGHTS = "adapter_model.safetensors"
PREFIX = "base_model.model."
"""Before each name in peft's files."""


def is_adapted(net: nn.Module) -> bool:
    """Whether the net carries an adapter."""
    return any(True for _ in _layers(net))


def _layers(net: nn.Module) -> Iterator[tuple[str, LoraLayer]]:
    """The adapted layers by name."""
    return ((name, module) for name, module in net.named_modules() if isinstance(module, LoraLayer))


def target_names(net: PreTrainedModel, plan: AdapterPlan, language: Sequence[nn.Parameter]) -> list[str]:
    """The layers that the plan adapts: linear ones whose weight is among `language`, and never the output layer.

    Raises:
        ValueError: a target of the plan names none of them.
    """
    own, head = {id(parameter) for parameter in language}, net.get_output_embeddings()
    names = [
        name
        for name, module in net.named_modules()
        if isinstance(module, nn.Linear) and module is not head and id(module.weight) in own
    ]
    for end in plan.exclude:
        left = [name for name in names if not f".{name}".endswith(f".{end}")]
        if left == names:
            raise ValueError(f"--adapter.exclude {end!r} names no linear layer of the language model")
        names = left
    ends = {target: [name for name in names if f".{name}".endswith(f".{target}")] for target in plan.targets}
    for target, found in ends.items():
        if not found:
            known = sorted({name.rpartition(".")[2] for name in names})
            raise ValueError(
                f"--adapter.targets {target!r} names no linear layer of the language model: it has " + ", ".join(known)
            )
    return sorted({name for found in ends.values() for name in found}) if ends else names


def put(net: PreTrainedModel, plan: AdapterPlan, language: Callable[[], Sequence[nn.Parameter]]) -> None:
    """The adapter of the plan: the net's own, or a new one, before which the net's own is added into the weights."""
    if plan.go_on:
        go_on(net, plan)
        return
    if is_adapted(net):
        merge(net)
    if plan.rank:
        attach(net, plan, language())


def attach(net: PreTrainedModel, plan: AdapterPlan, language: Sequence[nn.Parameter]) -> None:
    """Puts an adapter that changes nothing yet beside the plan's layers, in float32, and freezes all else."""
    if is_adapted(net):
        raise ValueError(f"{net.name_or_path} carries an adapter already: merge it first")
    config = LoraConfig(
        r=plan.rank, lora_alpha=plan.lora_alpha, target_modules=target_names(net, plan, language),
        lora_dropout=0.0, bias="none", use_rslora=plan.rank_stabilised, base_model_name_or_path=net.name_or_path,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        _inject(net, config)


def go_on(net: PreTrainedModel, plan: AdapterPlan) -> None:
    """The net's adapter is what is trained from here on, in float32, and all else is frozen.

    Raises:
        ValueError: the net has no adapter, or one of another rank or scale than the plan's.
    """
    if not is_adapted(net):
        raise ValueError(
            f"adapter.go_on: {net.name_or_path} has no adapter; start from the folder `adapter` of a training"
        )
    for name, layer in _layers(net):
        scale = plan.lora_alpha / (plan.rank**0.5 if plan.rank_stabilised else plan.rank)
        if layer.r[NAME] != plan.rank or layer.scaling[NAME] != scale:
            raise ValueError(
                f"adapter.go_on: the adapter of {name} has rank {layer.r[NAME]} and scale {layer.scaling[NAME]:g}, and "
                f"the plan asks for rank {plan.rank} and scale {scale:g}; give its own"
            )
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(_is_adapters(name))


def _inject(net: PreTrainedModel, config: PeftConfig) -> None:
    inject_adapter_in_model(config, net, NAME)
    net.eval()
    for name, parameter in net.named_parameters():
        if _is_adapters(name):
            parameter.data = parameter.data.float()


def _is_adapters(name: str) -> bool:
    return ".lora_" in name


@contextmanager
def without_adapter(net: nn.Module) -> Generator[None]:
    """The net as its base is, while the context lasts; which weights ask for a gradient is the same after it."""
    layers = [layer for _, layer in _layers(net)]
    asked = [(parameter, parameter.requires_grad) for parameter in net.parameters()]
    try:
        for layer in layers:
            layer.enable_adapters(False)
        yield
    finally:
        for layer in layers:
            layer.enable_adapters(True)
        for parameter, flag in asked:
            parameter.requires_grad_(flag)


def _update(layer: LoraLayer) -> Tensor:
    """What the adapter adds to the layer's weight."""
    return layer.get_delta_weight(NAME)  # pyright: ignore[reportAttributeAccessIssue]


def base_weights(net: nn.Module) -> dict[str, Tensor]:
    """All weights but the adapter's, under the names that they have without one."""
    return {
        name.replace(".base_layer.", "."): tensor for name, tensor in net.state_dict().items() if not _is_adapters(name)
    }


def telling_weights(net: nn.Module) -> dict[str, Tensor]:
    """What tells two nets apart that compute differently: an adapter that still adds zero tells nothing."""
    told = base_weights(net)
    for name, layer in _layers(net):
        if any(tensor.any() for tensor in layer.lora_B.state_dict().values()):
            told |= layer.lora_A.state_dict(prefix=f"{name}.lora_A.") | layer.lora_B.state_dict(
                prefix=f"{name}.lora_B."
            )
            told[f"{name}.scale"] = torch.tensor([layer.scaling[NAME]])
    return told


def describe(net: nn.Module) -> str:
    """Rank, scale and place of the adapter as one line of text."""
    return json.dumps([[name, layer.r[NAME], layer.scaling[NAME]] for name, layer in _layers(net)])


@torch.no_grad()
def merged_weights(net: PreTrainedModel) -> dict[str, Tensor]:
    """All weights on the CPU with the adapter added in, under the names of a net without one; nothing is in 4 bits."""
    weights = base_weights(net)
    for name, module in net.named_modules():
        base = module.get_base_layer() if isinstance(module, LoraLayer) else module
        if not isinstance(base, nn.Linear) or f"{name}.weight" not in weights:
            continue
        whole = dequantize_module_weight(base)
        if isinstance(module, LoraLayer):
            whole = (whole.float() + _update(module).float()).to(whole.dtype)
        for key in [key for key in weights if key.startswith(f"{name}.weight")]:
            del weights[key]  # with what tells how 4 bits are read
        weights[f"{name}.weight"] = whole
    return {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}


def save_merged(net: PreTrainedModel, directory: Path) -> None:
    """Writes the net with its adapter added in, in plain Hugging Face format; the net itself is not touched."""
    config = copy.deepcopy(net.config)
    vars(config).pop("quantization_config", None)
    with torch.device("meta"):
        plain = type(net)(config)
    plain.to(net.dtype)  # pyright: ignore[reportArgumentType]
    plain.generation_config = net.generation_config
    plain.save_pretrained(directory, state_dict=merged_weights(net))


def merge(net: PreTrainedModel) -> None:
    """Adds the adapter into the weights and takes it away; all weights ask for a gradient again."""
    for name, layer in list(_layers(net)):
        layer.merge()
        net.set_submodule(name, layer.get_base_layer())
    for parameter in net.parameters():
        parameter.requires_grad_(parameter.is_floating_point())
    del net.peft_config


def save_adapter(net: PreTrainedModel, directory: Path) -> None:
    """Writes the adapter alone, in peft's own format."""
    config: PeftConfig = copy.deepcopy(net.peft_config[NAME])  # pyright: ignore[reportAssignmentType]
    config.inference_mode = True
    directory.mkdir(parents=True, exist_ok=True)
    # False: peft would look on the Hub whether the vocabulary has grown, and seewhy never lets it grow.
    weights = get_peft_model_state_dict(net, adapter_name=NAME, save_embedding_layers=False)
    save_file({f"{PREFIX}{name}": w.detach().cpu().contiguous() for name, w in weights.items()}, directory / WEIGHTS)
    config.save_pretrained(str(directory))


def load_adapter(net: PreTrainedModel, folder: Path) -> None:
    """Puts the adapter of a folder in peft's format into its base.

    Raises:
        ValueError: it is no LoRA, trains more than LoRA's matrices, or does not fit the net.
    """
    config = PeftConfig.from_pretrained(str(folder))
    if not isinstance(config, LoraConfig) or config.use_dora or config.modules_to_save or config.bias != "none":
        raise ValueError(
            f"{folder}: seewhy opens LoRA without DoRA, biases or whole modules (modules_to_save); merge this adapter "
            "into its base with peft, and open the merged model"
        )
    _inject(net, config)
    weights = {name.removeprefix(PREFIX): tensor for name, tensor in load_file(folder / WEIGHTS).items()}
    result = set_peft_model_state_dict(net, weights, adapter_name=NAME)
    strange = [*result.unexpected_keys, *(name for name in result.missing_keys if _is_adapters(name))]
    if strange:
        raise ValueError(f"{folder}: the adapter does not fit {net.name_or_path}, such as {strange[0]}")

"""LoRA adapters through peft, put into the net in place: the net stays what it was to everyone who holds it."""

import copy
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.loading.adapter_parts import (
    LORA,
    NAME,
    START,
    Layer,
    drop_by_example,
    is_trained,
    start_of,
    start_with,
    starts,
    whole_modules,
)
from seewhy.model.plan import ZERO, AdapterPlan


def is_adapted(net: nn.Module) -> bool:
    """Whether the net carries an adapter."""
    return any(True for _ in adapted_layers(net))


def adapted_layers(net: nn.Module) -> Iterator[tuple[str, Layer]]:
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
            raise ValueError(f"adapter.exclude {end!r} names no linear layer of the language model; {_known(names)}")
        names = left
    ends = {target: [name for name in names if f".{name}".endswith(f".{target}")] for target in plan.targets}
    for target, found in ends.items():
        if not found:
            raise ValueError(f"adapter.targets {target!r} names no linear layer of the language model; {_known(names)}")
    return sorted({name for found in ends.values() for name in found}) if ends else names


def _known(names: Sequence[str]) -> str:
    return f"there are {', '.join(sorted({name.rpartition('.')[2] for name in names}))}"


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
    """Puts an adapter that changes nothing yet to the plan's layers, in float32, and freezes all else.

    Raises:
        ValueError: the net carries one already, or a name of the plan fits nothing.
    """
    if is_adapted(net):
        raise ValueError(f"{net.name_or_path} carries an adapter already: merge it first")
    targets = target_names(net, plan, language)
    whole = whole_modules(net, plan.modules_to_save)
    inside = [name for name in targets if any(f"{name}.".startswith(f"{module}.") for module in whole)]
    if inside and plan.targets:
        raise ValueError(f"adapter.modules_to_save trains {inside[0]} whole, and adapter.targets adapts it")
    config = LoraConfig(
        r=plan.rank, lora_alpha=plan.lora_alpha, target_modules=sorted(set(targets) - set(inside)),
        lora_dropout=plan.dropout, bias="none", use_rslora=plan.rank_stabilised, use_dora=plan.dora,
        init_lora_weights="gaussian" if plan.initial == "gaussian" else True,
        base_model_name_or_path=net.name_or_path,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        inject(net, config, whole)
        if plan.is_by_weights:
            for name, layer in adapted_layers(net):
                start_with(layer, name, plan.initial)
    train_alone(net)


def go_on(net: PreTrainedModel, plan: AdapterPlan) -> None:
    """The net's adapter is what is trained from here on, in float32, and all else is frozen.

    Raises:
        ValueError: the net has no adapter, or one of another kind, rank or scale than the plan's.
    """
    if not is_adapted(net):
        raise ValueError(
            f"adapter.go_on: {net.name_or_path} has no adapter; start from the folder `adapter` of a training"
        )
    for name in ("targets", "exclude"):
        if getattr(plan, name):
            raise ValueError(f"adapter.go_on: the adapter's own layers are trained; leave adapter.{name} away")
    if plan.initial != ZERO:
        raise ValueError(f"adapter.go_on: the adapter has values already; leave adapter.initial {plan.initial} away")
    for name, layer in adapted_layers(net):
        scale = plan.lora_alpha / (plan.rank**0.5 if plan.rank_stabilised else plan.rank)
        if layer.r[NAME] != plan.rank or layer.scaling[NAME] != scale:
            raise ValueError(
                f"adapter.go_on: the adapter of {name} has rank {layer.r[NAME]} and scale {layer.scaling[NAME]:g}, and "
                f"the plan asks for rank {plan.rank} and scale {scale:g}; give its own"
            )
        if (NAME in layer.lora_variant) != plan.dora:
            raise ValueError(
                f"adapter.go_on: adapter.dora is {plan.dora}, and the adapter of {name} is of the other kind"
            )
        drop_by_example(layer, name, plan.dropout)
    own, asked = config_of(net).modules_to_save or [], whole_modules(net, plan.modules_to_save)
    if sorted(own) != sorted(asked):
        raise ValueError(f"adapter.go_on: the adapter trains {own or 'no modules'} whole: name the same as "
                         "adapter.modules_to_save")  # fmt: skip
    train_alone(net)


def config_of(net: nn.Module) -> LoraConfig:
    """Peft's settings of the net's adapter."""
    return net.peft_config[NAME]  # pyright: ignore[reportIndexIssue, reportReturnType, reportArgumentType]


def inject(net: PreTrainedModel, config: LoraConfig, whole: Sequence[str] = ()) -> None:
    """Puts peft's layers into the net; `whole` modules are trained in their places, and no copy of them is kept."""
    plain = copy.deepcopy(config)
    plain.modules_to_save = None
    inject_adapter_in_model(plain, net, NAME)
    plain.modules_to_save = list(whole) or None
    net.eval()
    for name, layer in adapted_layers(net):
        drop_by_example(layer, name, config.lora_dropout)
    for name, parameter in net.named_parameters():
        if LORA in name:
            parameter.data = parameter.data.float()


def train_alone(net: nn.Module) -> None:
    """What the adapter trains, modules that it holds whole too, is in float32 and asks for a gradient; all else not."""
    whole = config_of(net).modules_to_save or []
    for name, parameter in net.named_parameters():
        own = is_trained(name, whole)
        if own:
            parameter.data = parameter.data.float()
        parameter.requires_grad_(own)


def drops(net: nn.Module) -> bool:
    """Whether the net's adapter has dropout."""
    return any(layer.lora_dropout[NAME].share for _, layer in adapted_layers(net))


@contextmanager
def without_adapter(net: nn.Module) -> Generator[None]:
    """The net as its base is, while the context lasts; which weights ask for a gradient is the same after it.

    Raises:
        ValueError: the adapter trains modules whole, of which the base's own values are not kept.
    """
    layers = [layer for _, layer in adapted_layers(net)]
    if layers and config_of(net).modules_to_save:
        raise ValueError(f"the adapter trains {config_of(net).modules_to_save} whole: open its base with it")
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


def base_weights(net: nn.Module) -> dict[str, Tensor]:
    """All weights but the adapter's, under the names that they have without one."""
    return {name.replace(".base_layer.", "."): tensor for name, tensor in net.state_dict().items() if LORA not in name}


@torch.no_grad()
def telling_weights(net: nn.Module) -> dict[str, Tensor]:
    """What distinguishes two nets that compute differently: an adapter that still adds nothing does not."""
    weights = base_weights(net)
    for name, layer in adapted_layers(net):
        if not starts(layer):
            own = layer.state_dict(prefix=f"{name}.")
            weights |= {key: tensor for key, tensor in own.items() if LORA in key and f".{START}." not in key}
            weights[f"{name}.scale"] = torch.tensor([layer.scaling[NAME]])
            weights |= {f"{name}.{key}": tensor for key, tensor in start_of(layer).items()}
    return weights


def describe(net: nn.Module) -> str:
    """Kind, rank, scale and place of the adapter as one line of text."""
    found: list[object] = [[name, layer.r[NAME], layer.scaling[NAME]] for name, layer in adapted_layers(net)]
    config = config_of(net)
    more = {"dropout": config.lora_dropout, "dora": config.use_dora, "modules_to_save": config.modules_to_save,
            "start": any(start_of(layer) for _, layer in adapted_layers(net))}  # fmt: skip
    return json.dumps([*found, *([{k: v for k, v in more.items() if v}] if any(more.values()) else [])])


def merge(net: PreTrainedModel) -> None:
    """Adds the adapter into the weights and takes it away; all weights ask for a gradient again."""
    for name, layer in list(adapted_layers(net)):
        layer.merge()
        net.set_submodule(name, layer.get_base_layer())
    for parameter in net.parameters():
        parameter.requires_grad_(parameter.is_floating_point())
    del net.peft_config

"""What an adapter is written as and opened from: the merged model in plain Hugging Face format, and peft's own."""

import copy
from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from peft.utils.integrations import dequantize_module_weight
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.loading.adapter_parts import (
    LORA,
    NAME,
    START,
    adds_nothing,
    doubled,
    doubled_alpha,
    is_trained,
    merged_weight,
    start_of,
)
from seewhy.model.loading.adapters import adapted_layers, base_weights, config_of, inject
from seewhy.model.loading.whole_weights import ADAPTER_WEIGHTS, require_adapter_file
from seewhy.model.weights import ADAPTER

REMEDY = f"correct base_model_name_or_path in its {ADAPTER}, or copy the adapter again"
PREFIX = "base_model.model."
"""Before each name in peft's files."""


@torch.no_grad()
def merged_weights(net: PreTrainedModel) -> dict[str, Tensor]:
    """All weights on the CPU with the adapter added in, under the names of a net without one; nothing is in 4 bits."""
    weights = base_weights(net)
    for name, module in net.named_modules():
        base = module.get_base_layer() if isinstance(module, LoraLayer) else module
        if not isinstance(base, nn.Linear) or f"{name}.weight" not in weights:
            continue
        whole = merged_weight(module) if isinstance(module, LoraLayer) else dequantize_module_weight(base)
        for key in [key for key in weights if key.startswith(f"{name}.weight")]:
            del weights[key]  # with what says how 4 bits are read
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


def save_adapter(net: PreTrainedModel, directory: Path) -> None:
    """Writes the adapter alone, in peft's own format; one that began by the weights has twice its rank there."""
    config = copy.deepcopy(config_of(net))
    config.inference_mode = True
    directory.mkdir(parents=True, exist_ok=True)
    # False: peft would look on the Hub whether the vocabulary has grown, and seewhy never lets it grow.
    weights = get_peft_model_state_dict(net, adapter_name=NAME, save_embedding_layers=False)
    weights = {name: tensor for name, tensor in weights.items() if LORA in name and f".{START}." not in name}
    begun = [(name, layer) for name, layer in adapted_layers(net) if start_of(layer)]
    for name, layer in begun:
        weights |= {f"{name}.{part}.weight": tensor for part, tensor in doubled(layer).items()}
    if begun:
        config.lora_alpha = doubled_alpha(config.lora_alpha, rank_stabilised=config.use_rslora)  # pyright: ignore
        config.r = 2 * config.r
    whole = config.modules_to_save or []
    weights |= {name: tensor for name, tensor in base_weights(net).items() if is_trained(name, whole)}
    save_file(
        {f"{PREFIX}{name}": w.detach().cpu().contiguous() for name, w in weights.items()}, directory / ADAPTER_WEIGHTS
    )
    config.save_pretrained(str(directory))


def load_adapter(net: PreTrainedModel, folder: Path) -> None:
    """Puts the adapter of a folder in peft's format into its base.

    Raises:
        ValueError: it is no LoRA, trains biases too, or a name in it fits nothing of the net, or the other way about.
    """
    config = PeftConfig.from_pretrained(str(folder))
    if not isinstance(config, LoraConfig) or config.bias != "none":
        raise ValueError(
            f"{folder}: seewhy opens LoRA and DoRA without biases; merge this adapter into its base with peft, and "
            "open the merged model"
        )
    require_adapter_file(folder)
    found = load_file(folder / ADAPTER_WEIGHTS).items()
    weights = {name.removeprefix(PREFIX): tensor.to("meta") if net.device.type == "meta" else tensor
               for name, tensor in found}  # fmt: skip
    own = {name: tensor for name, tensor in weights.items() if LORA in name}
    try:
        inject(net, config)
        result = set_peft_model_state_dict(net, own, adapter_name=NAME)
    except (ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{folder}: the adapter does not fit {net.name_or_path} ({said:.240}); {REMEDY}") from error
    strange = [*result.unexpected_keys, *(name for name in result.missing_keys if LORA in name)]
    if strange:
        raise ValueError(
            f"{folder}: the adapter does not fit {net.name_or_path}, such as {strange[0]}, whose own layers are called "
            f"like {next(adapted_layers(net))[0]}; {REMEDY}"
        )
    _put_whole(net, folder, config.modules_to_save or [], {n: t for n, t in weights.items() if n not in own})


def require_effect(net: PreTrainedModel, place: str) -> None:
    """Raises ValueError where the net's adapter adds nothing: what is measured of it would be its base's."""
    config = config_of(net)
    if not config.modules_to_save and all(adds_nothing(layer) for _, layer in adapted_layers(net)):
        raise ValueError(
            f"{place}: the adapter adds nothing, for it was saved before it had moved, and all that is measured of it "
            f"would be its base's; name {config.base_model_name_or_path} itself, or the trained adapter"
        )


@torch.no_grad()
def _put_whole(net: PreTrainedModel, folder: Path, modules: list[str], weights: dict[str, Tensor]) -> None:
    """Modules that the adapter holds whole, in the places of the net's; later all of them are known by full names."""
    places = {name.replace(".base_layer.", "."): p for name, p in net.named_parameters() if LORA not in name}
    found = [name for name, _ in net.named_modules() if name and any(name.endswith(module) for module in modules)]
    found = [name for name in found if any(is_trained(key, [name]) for key in weights)]
    wanted = {name for name in places if is_trained(name, found)}
    strange = sorted(weights.keys() ^ wanted) + [m for m in modules if not any(n.endswith(m) for n in found)]
    if strange:
        raise ValueError(
            f"{folder}: the modules that the adapter holds whole ({', '.join(modules) or 'none'}) do not fit "
            f"{net.name_or_path}, such as {strange[0]}; {REMEDY}"
        )
    for name, tensor in weights.items():
        if places[name].shape != tensor.shape:
            raise ValueError(
                f"{folder}: the adapter does not fit {net.name_or_path}: its {name} is {tuple(tensor.shape)}, and the "
                f"model's {tuple(places[name].shape)}; {REMEDY}"
            )
        places[name].data = tensor.to(places[name].device)
    config_of(net).modules_to_save = found or None

"""Families of transformers by their settings alone, made small; and text models of many families under a LLaVA."""

import copy

import torch
from families_plain import llava_over
from family_parts import STD, TEXT
from transformers import CONFIG_MAPPING, AutoModelForImageTextToText, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
from untrained import responses, shaken

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.encoding import positions_of
from seewhy.model.packed.group import Group, Prompt

KINDS = tuple(MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES)
"""All families of transformers that read pictures and text and write text, by `config.model_type`."""
LANGUAGES = (
    "bamba", "cohere", "cohere2", "deepseek_v3", "exaone4", "falcon_h1", "gemma", "gemma2", "glm4", "gpt_neox",
    "gpt_oss", "granite", "jamba", "lfm2", "llama", "ministral", "mistral", "mixtral", "nemotron", "olmo2", "phi",
    "phi3", "qwen2", "qwen3", "qwen3_moe", "qwen3_next", "smollm3", "stablelm", "starcoder2",
)  # fmt: skip
"""Text models that are put under a LLaVA."""
EXPERTS = {"num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
OWN = {
    "bamba": {"attn_layer_indices": [1], "mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_state": 16},
    "deepseek_v3": {
        "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 16, "qk_rope_head_dim": 16, "v_head_dim": 16,
        "num_key_value_heads": 4, "n_routed_experts": 4, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1,
    },
    "jamba": {"attn_layer_offset": 1, "attn_layer_period": 2, "use_mamba_kernels": False},
    "qwen3_next": {"layer_types": ["linear_attention", "full_attention"], "linear_num_key_heads": 2,
                   "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16},
}  # fmt: skip
"""What some of them need beside the sizes of all."""
SMALL = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 512, "num_experts": 4, "num_local_experts": 4,
    "n_routed_experts": 4, "moe_num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "n_group": 1,
    "topk_group": 1, "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 16, "qk_rope_head_dim": 16,
    "v_head_dim": 16, "ffn_dim": 96, "hidden_size_per_layer_input": 16, "vocab_size_per_layer_input": 512,
    "global_head_dim": 16, "num_global_key_value_heads": 2, "first_k_dense_replace": 1,
}  # fmt: skip
"""Of a language model, where its settings have the name."""
NARROW = {
    "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_heads": 4, "embed_dim": 32,
    "attention_heads": 4, "num_key_value_heads": 4, "head_dim": 8,
}  # fmt: skip
"""Of everything else, where that fits together."""
DEPTHS = ("num_hidden_layers", "depth", "encoder_layers", "decoder_layers", "num_layers", "vision_layers")
MOST_WEIGHTS = 200_000_000
"""Of a net that is built: two layers of some encoders have more, and they do not run on text."""
UNBUILT = (AttributeError, ImportError, KeyError, NotImplementedError, TypeError, ValueError, RuntimeError)


def _shrink(config: PreTrainedConfig, text: PreTrainedConfig, sizes: dict[str, int]) -> None:
    for name, value in list(vars(config).items()):
        wanted = (SMALL if config is text else sizes).get(name)
        if isinstance(value, PreTrainedConfig):
            _shrink(value, text, sizes)
        elif name in DEPTHS and isinstance(value, int):
            setattr(config, name, 2)
        elif wanted is not None and type(value) is int:
            setattr(config, name, wanted)
        elif name.endswith("pad_token_id"):
            setattr(config, name, 0)
        elif name.endswith(("_token_id", "_token_index")) and isinstance(value, int):
            setattr(config, name, 500)


def small_config(kind: str, sizes: dict[str, int]) -> PreTrainedConfig:
    """The settings of a family with a small language model of two layers, or of one of each kind it has."""
    config = CONFIG_MAPPING[kind]()
    text = config.get_text_config()
    kinds = list(dict.fromkeys(vars(text).get("layer_types") or ()))
    _shrink(config, text, sizes)
    if "kv_lora_rank" in vars(text):
        text.num_key_value_heads = SMALL["num_attention_heads"]  # latent attention has no shared keys
    if "sliding_window" in vars(text):
        text.sliding_window = 8
    if kinds:
        text.layer_types = (kinds * 2)[: max(2, len(kinds))]
        text.num_hidden_layers = len(text.layer_types)
    _halve(config, text)
    return config


def _halve(config: PreTrainedConfig, text: PreTrainedConfig) -> None:
    """Rotary positions over the whole small head; three axes where the family counts on them."""
    for each in (config, text):
        rope = vars(each).get("rope_parameters") or {}
        for one in (rope, *rope.values()):
            if isinstance(one, dict) and "rope_type" in one:
                one |= {"partial_rotary_factor": 1.0, "mrope_section": [2, 3, 3]}


def small_net(kind: str) -> PreTrainedModel | str:
    """A small net of the family with large weights, or why there is none here."""
    why = ""
    for sizes in (NARROW, {}):
        try:
            config = small_config(kind, sizes)
            with torch.device("meta"):
                paper = AutoModelForImageTextToText.from_config(copy.deepcopy(config))
            if sum(parameter.numel() for parameter in paper.parameters()) > MOST_WEIGHTS:
                why = "its encoder is too large to be built here"
                continue
            torch.manual_seed(0)
            return shaken(AutoModelForImageTextToText.from_config(config).eval(), STD)
        except UNBUILT as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:90]}"
    return why


def full_net(kind: str) -> PreTrainedModel | None:
    """A net of the family's own widths and without weights; None where its settings have no defaults."""
    try:
        config = CONFIG_MAPPING[kind]()
        _cut_depth(config)
        with torch.device("meta"):
            return AutoModelForImageTextToText.from_config(config)
    except UNBUILT:
        return None


def _cut_depth(config: PreTrainedConfig) -> None:
    for name, value in list(vars(config).items()):
        if isinstance(value, PreTrainedConfig):
            _cut_depth(value)
        elif name in DEPTHS and isinstance(value, int):
            setattr(config, name, 2)


def text_group(net: PreTrainedModel) -> Group:
    """A prompt of text and two responses, as numbers: what a language model needs to be tried."""
    ids = tuple(range(20, 60))
    prompt = Prompt(ids=ids, pictures={}, positions=positions_of(net, ids, {}, {}))
    return Group(prompt=prompt, responses=responses((3, 12), seed=1))


def over(kind: str) -> HubModel:
    """A LLaVA whose language model is a small one of this family."""
    return llava_over({**TEXT, **EXPERTS, "sliding_window": 8, "model_type": kind, **OWN.get(kind, {})}, kind)

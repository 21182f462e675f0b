"""Whether a net is of a shape that seewhy can train: asked once, when it is opened."""

from transformers import PreTrainedModel

OTHERWISE = "choose a model with one causal decoder, such as those of docs/families.md"
REFUSED = {"ernie4_5_vl_moe": "its experts are chosen by the kind of each token, which packed rows do not hand on"}
"""Families, by `config.model_type`, that have the shape and are refused all the same, and why."""


def check_supported(net: PreTrainedModel) -> None:
    """ValueError that names what a net lacks."""
    name, kind = type(net).__name__, str(net.config.model_type)
    if why := REFUSED.get(kind) or _lacks(net):
        raise ValueError(f"{name} ({kind}) is not supported: {why}; {OTHERWISE}")


def _lacks(net: PreTrainedModel) -> str:
    if net.config.is_encoder_decoder or net.config.get_text_config().is_encoder_decoder:
        return "it reads its prompt with an encoder and has no decoder that sees prompt and reply in one row"
    if not hasattr(net, "model"):
        return "it has no `model` that gives the last hidden states of pictures and words together"
    if net.get_output_embeddings() is None:
        return "it has no output layer over its vocabulary"
    return ""

"""Useful floating-point operations of a DPO step, counted by hand; a multiplication with its addition counts as two.

Useful is what a step needs that computes every distinct token once: of each question its prompt without the last token,
and each response. A pass of the language model over T such tokens costs

    linear layers   2 x (their weights) x T, the output head at response tokens alone
    attention       4 x heads x head width x layers x (query-key pairs that see each other): scores and weighted sums

less what the last layer would make of a prompt's token beside its key and value, which nobody reads: its query, the
output projection, the feed-forward part, and the pairs within the prompt. A step takes the reference's pass forward
once and the policy's forward and backward. The backward costs of each
linear layer one pass for the gradient of its input and, where its weight is trained, one more for that of its weight;
of attention two passes. The frozen tower and projector run forward once a picture, attention between all patches.
Norms, softmax, activations, rotary positions, the loss and the optimiser are left out: what they take counts as lost.
"""

from collections.abc import Iterable, Sequence

from torch import nn
from transformers import LlavaForConditionalGeneration

from seewhy.model.packed.group import Group


def weights(modules: Iterable[nn.Module]) -> tuple[int, int]:
    """Weights of the linear layers within: all, and those that are trained."""
    linear = [module for module in modules if isinstance(module, nn.Linear)]
    sizes = [(module.weight.numel(), module.weight.requires_grad) for module in linear]
    return sum(size for size, _ in sizes), sum(size for size, trained in sizes if trained)


def seen_pairs(group: Group) -> int:
    """Pairs of a token and one that it sees: causal within the prompt, prompt and own branch for a response."""
    prompt = len(group.prompt.ids) - 1
    branches = sum(len(each) * prompt + triangle(len(each)) for each in group.responses)
    return triangle(prompt) + branches


def weights_unread(net: LlavaForConditionalGeneration) -> tuple[int, int]:
    """Of the last layer, what a prompt's token goes through in vain: all and trained, as `weights` gives them."""
    layer = net.model.language_model.layers[-1]
    parts = (layer.self_attn.q_proj, layer.self_attn.o_proj, layer.mlp)
    sizes = [weights(part.modules()) for part in parts]
    return sum(size for size, _ in sizes), sum(trained for _, trained in sizes)


def triangle(count: int) -> int:
    """1 + 2 + ... + count."""
    return count * (count + 1) // 2


def tower_flops(net: LlavaForConditionalGeneration, pictures: int) -> int:
    """The vision tower up to the layer that is read, and the projector, forward."""
    config = net.config.vision_config
    patches = (config.image_size // config.patch_size) ** 2
    layers = config.num_hidden_layers + 1 + net.config.vision_feature_layer
    layer, _ = weights(net.model.vision_tower.encoder.layers[0].modules())
    projector, _ = weights(net.model.multi_modal_projector.modules())
    patch = 3 * config.patch_size**2 * config.hidden_size
    attention = 4 * config.hidden_size * (patches + 1) ** 2 * layers
    return pictures * (2 * patches * (patch + projector) + 2 * (patches + 1) * layer * layers + attention)


def step_flops(net: LlavaForConditionalGeneration, groups: Sequence[Group], *, adapter: bool = False) -> int:
    """Of a DPO step over these groups, reference included; `net` is the policy, so that trained weights are known.

    With `adapter` the trained linear weights are an adapter's, which the reference does without.
    """
    text = net.config.text_config
    responses = sum(len(each) for group in groups for each in group.responses)
    tokens = sum(len(group.prompt.ids) - 1 for group in groups) + responses
    body, body_trained = weights(net.model.language_model.modules())
    head, head_trained = weights([net.lm_head])
    prompts = sum(len(group.prompt.ids) - 1 for group in groups)
    unread, unread_trained = weights_unread(net)
    heads = text.num_attention_heads * (text.hidden_size // text.num_attention_heads)
    pairs = text.num_hidden_layers * sum(map(seen_pairs, groups))
    pairs -= sum(triangle(len(group.prompt.ids) - 1) for group in groups)
    attention = 4 * heads * pairs
    reference = body - body_trained if adapter else body
    reference_unread = unread - unread_trained if adapter else unread
    # Reference forward, policy forward, gradient of the input, gradient of the weight.
    linear = 2 * tokens * (reference + 2 * body + body_trained) + 2 * responses * (3 * head + head_trained)
    linear -= 2 * prompts * (reference_unread + 2 * unread + unread_trained)
    return linear + 4 * attention + tower_flops(net, pictures=len(groups))

"""Replies after one run of their prompt: its keys, values and states are kept once and continued by each reply.

For nets on which packed rows are wrong: layers that carry a state, prompts that see themselves both ways, attention
that caps its scores. The prompt runs once a question, with its pictures, and not once a reply; gradients flow back
through it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, LinearAttentionCacheLayerMixin

from seewhy.model.packed.context import check_rows
from seewhy.model.packed.dropping import dropout_for_prompt, dropout_for_responses
from seewhy.model.packed.group import CROSSING, Group, Prompt, crossing_of, joined_marks, joined_pictures
from seewhy.model.packed.head import head_of
from seewhy.model.packed.logps import per_token_logps
from seewhy.model.packed.sending import to_device


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefilled:
    """A prompt after its run."""

    cache: Cache
    hidden: Tensor
    """[1, width] last hidden state of the prompt's last token."""
    newest: Tensor | None
    """[axes, 1, 1] position of that token, where the net counts on several axes."""
    cross_attention_mask: Tensor | None
    """[1, 1, pictures, tiles] where later tokens look, in nets that see by cross-attention."""


def prefill(net: PreTrainedModel, prompt: Prompt) -> Prefilled:
    """Runs a whole prompt once, for its tokens may see each other both ways."""
    positions = None if prompt.positions is None else to_device(prompt.positions[:, None], net.device)
    run = net.model(  # pyright: ignore[reportCallIssue]
        input_ids=to_device(torch.tensor([prompt.ids]), net.device),
        use_cache=True,
        **({} if positions is None else {"position_ids": positions}),
        **joined_pictures([prompt], net.device),
        **joined_marks([(prompt, len(prompt.ids))], net.device),
        **(looks := crossing_of(prompt, len(prompt.ids), net.device)),
    )
    return Prefilled(
        cache=run.past_key_values,
        hidden=run.last_hidden_state[0, -1:],
        newest=None if positions is None else positions[:, :, -1:],
        cross_attention_mask=looks[CROSSING][:, -1:] if looks else None,
    )


def copy_rows(cache: Cache, rows: Tensor) -> None:
    """Keeps these rows of a cache, in place; a row may be there more than once."""
    # The one way of copying rows that layers of every kind have, those with a state among them.
    cache.reorder_cache(rows)  # pyright: ignore[reportArgumentType]


def continued_logps(net: PreTrainedModel, groups: Sequence[Group]) -> list[list[Tensor]]:
    """Per group, per response: float32 log-probabilities of its tokens; differentiable."""
    lengths = [len(group.prompt.ids) - 1 + len(response) for group in groups for response in group.responses]
    check_rows(net, max(lengths, default=0))
    return [_continued_group(net, group) for group in groups]


def tokens_of_continued(group: Group) -> int:
    """Tokens that the language model runs on, without padding: of the prompt once, and of each reply but its last."""
    return len(group.prompt.ids) + sum(len(response) - 1 for response in group.responses)


def _continued_group(net: PreTrainedModel, group: Group) -> list[Tensor]:
    with dropout_for_prompt(group, net.device):
        first = prefill(net, group.prompt)
    longest = max(map(len, group.responses))
    hidden = first.hidden.expand(len(group.responses), 1, -1)
    if longest > 1:
        with dropout_for_responses(group, net.device):
            hidden = torch.cat([hidden, _further(net, first, group.responses, longest - 1)], dim=1)
    read = torch.cat([hidden[k, : len(response)] for k, response in enumerate(group.responses)])
    targets = to_device(torch.tensor([token for response in group.responses for token in response]), net.device)
    flat = per_token_logps(read, head_of(net), targets, int(net.config.get_text_config().vocab_size))
    return list(flat.split([len(response) for response in group.responses]))


def _further(net: PreTrainedModel, first: Prefilled, responses: Sequence[tuple[int, ...]], width: int) -> Tensor:
    """[responses, width, hidden] after the prompt, filled up on the right with what no token before sees."""
    count = len(responses)
    rows = [(*response[:-1], *response[-1:] * (width + 1 - len(response))) for response in responses]
    copy_rows(first.cache, torch.zeros(count, dtype=torch.long, device=net.device))
    for layer in first.cache.layers:
        if isinstance(layer, LinearAttentionCacheLayerMixin):
            # A state is written in place, and the backward pass needs it as it was.
            layer.update_recurrent_state = _left_alone
    more: dict[str, Tensor] = {}
    if first.newest is not None:
        places = first.newest + 1 + torch.arange(width, device=net.device)
        more["position_ids"] = places.expand(-1, count, -1)
    if first.cross_attention_mask is not None:
        more[CROSSING] = first.cross_attention_mask.expand(count, width, -1, -1)
    ids = to_device(torch.tensor(rows), net.device)
    run = net.model(input_ids=ids, past_key_values=first.cache, use_cache=True, **more)  # pyright: ignore[reportCallIssue]
    return run.last_hidden_state


def _left_alone(recurrent_states: Tensor, state_idx: int = 0) -> Tensor:
    """In place of the method that keeps a state for later tokens: there are none."""
    return recurrent_states

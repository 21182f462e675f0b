"""Draw chains: one prefill a question, its branches beside each other, a chain that ends leaves the batch.

The prompt's keys and values are kept once a question and never copied to its branches. Every chain draws from a
generator seeded by (seed, question id, style, index), so it does not depend on what shares its batch.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from seewhy.model.api import Ask, Decoding
from seewhy.model.branches import DecodeAttention, branching
from seewhy.model.group import Prompt, joined_pictures, layout_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Token ids of one chain, their log-probabilities at temperature 1, and whether the model ended it."""

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    ended: bool


class _Recorder(Cache):
    """Takes the keys and values of a prefill as they are."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.taken: list[tuple[Tensor, Tensor]] = []

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object) -> tuple[
        Tensor, Tensor
    ]:
        self.taken.append((key_states, value_states))
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return 0


class _Steps(Cache):
    """Hands each step's keys and values to the decode attention."""

    def __init__(self, attention: DecodeAttention) -> None:
        super().__init__(layers=[])
        self.attention = attention

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object) -> tuple[
        Tensor, Tensor
    ]:
        self.attention.store(key_states, value_states, layer_idx)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return 0


def chain_seed(seed: int, question_id: str, style: str, index: int) -> int:
    """The seed of one chain: 63 bits of a hash of its address."""
    digest = hashlib.sha256(f"{seed}/{question_id}/{style}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def uniforms(asks: Sequence[Ask], decoding: Decoding) -> Tensor:
    """[chains, most tokens] the random numbers of all chains, each row from its own generator."""
    generator = torch.Generator()
    rows = []
    for ask in asks:
        for index in range(ask.first, ask.first + ask.count):
            generator.manual_seed(chain_seed(decoding.seed, ask.question.id, ask.style, index))
            rows.append(torch.rand(decoding.max_tokens, generator=generator, dtype=torch.float64))
    return torch.stack(rows)


def _kept(logits: Tensor, decoding: Decoding) -> Tensor:
    """Logits with everything outside top-k and top-p at minus infinity."""
    if decoding.top_k:
        least = logits.topk(min(decoding.top_k, logits.shape[-1])).values[:, -1:]
        logits = logits.masked_fill(logits < least, float("-inf"))
    if decoding.top_p < 1.0:
        ordered, order = logits.sort(descending=True)
        before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
        dropped = (before >= decoding.top_p).scatter(1, order, before >= decoding.top_p)
        logits = logits.masked_fill(dropped, float("-inf"))
    return logits


def choose(logits: Tensor, decoding: Decoding, draws: Tensor) -> Tensor:
    """[rows] a token for each row of logits [rows, vocabulary], by inverse transform of `draws` in [0, 1)."""
    if decoding.temperature == 0:
        return logits.argmax(-1)
    weights = _kept(logits / decoding.temperature, decoding).double().softmax(-1).cumsum(-1)
    wanted = (draws * weights[:, -1])[:, None]
    token = torch.searchsorted(weights, wanted, right=True).squeeze(1)
    return token.clamp(max=logits.shape[-1] - 1)


@torch.no_grad()
def _prefill(net: PreTrainedModel, prompts: Sequence[Prompt]) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
    """Keys and values of each layer as [G, kv heads, P, width] without the prompts' last tokens, and [G, P] filled."""
    lengths = [len(prompt.ids) - 1 for prompt in prompts]
    layout = layout_of(lengths, [], [])
    recorder = _Recorder()
    net.model(  # pyright: ignore[reportCallIssue]
        input_ids=torch.tensor([[token for prompt in prompts for token in prompt.ids[:-1]]]),
        position_ids=torch.cat([torch.arange(length) for length in lengths])[None],
        past_key_values=recorder,
        use_cache=True,
        branch_layout=layout,
        **joined_pictures(prompts),
    )
    filled = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    index = layout.prefix_index
    padded = [
        tuple(states[0][:, index].transpose(0, 1).contiguous() for states in layer) for layer in recorder.taken
    ]
    return [(keys, values) for keys, values in padded], filled


@torch.no_grad()
def draw(
    net: PreTrainedModel, prompts: Sequence[Prompt], asks: Sequence[Ask], decoding: Decoding,
    ends: frozenset[int], banned: Sequence[int],
) -> list[list[Drawn]]:
    """Chains of each ask; `ends` are the tokens that end a chain, `banned` those that may never be drawn."""
    counts = [ask.count for ask in asks]
    group = torch.tensor([number for number, count in enumerate(counts) for _ in range(count)])
    slot = torch.tensor([place for count in counts for place in range(count)])
    draws = uniforms(asks, decoding)
    with branching(net):
        attention = DecodeAttention(*_prefill(net, prompts), group, slot, decoding.max_tokens)
        finished = _steps(net, attention, prompts, draws, decoding, ends, banned)
    drawn = iter(finished)
    return [[next(drawn) for _ in range(count)] for count in counts]


def _steps(
    net: PreTrainedModel, attention: DecodeAttention, prompts: Sequence[Prompt], draws: Tensor, decoding: Decoding,
    ends: frozenset[int], banned: Sequence[int],
) -> list[Drawn]:
    """Step all chains together until each has ended or reached the limit."""
    head = net.get_output_embeddings()
    total = len(attention.group)
    ids = torch.zeros(total, decoding.max_tokens, dtype=torch.long)
    logprobs = torch.zeros(total, decoding.max_tokens)
    lengths = torch.full((total,), decoding.max_tokens)
    ended = torch.zeros(total, dtype=torch.bool)
    end_tokens = torch.tensor(sorted(ends))
    start = torch.tensor([len(prompt.ids) - 1 for prompt in prompts])
    token = torch.tensor([prompt.ids[-1] for prompt in prompts])[attention.group]
    active = torch.arange(total)
    cache = _Steps(attention)
    for time in range(decoding.max_tokens):
        attention.time = time
        hidden = net.model(  # pyright: ignore[reportCallIssue]
            input_ids=token[None], position_ids=(start[attention.group] + time)[None], past_key_values=cache,
            use_cache=True, decode_step=attention,
        ).last_hidden_state[0]
        logits = head(hidden).float()
        normal = logits.logsumexp(-1)
        allowed = logits.index_fill(1, torch.tensor(banned, dtype=torch.long), float("-inf"))
        token = choose(allowed, decoding, draws[active, time])
        ids[active, time] = token
        logprobs[active, time] = logits.gather(1, token[:, None]).squeeze(1) - normal
        done = torch.isin(token, end_tokens)
        lengths[active[done]] = time + 1
        ended[active[done]] = True
        attention.time = time + 1
        if bool(done.any()) and time + 1 < decoding.max_tokens:
            rows = (~done).nonzero().squeeze(1)
            if len(rows) == 0:
                break
            active, token = active[rows], token[rows]
            attention.keep(rows)
    return [
        Drawn(ids=tuple(row[:n]), logprobs=tuple(logp[:n]), ended=end)
        for row, logp, n, end in zip(ids.tolist(), logprobs.tolist(), lengths.tolist(), ended.tolist(), strict=True)
    ]

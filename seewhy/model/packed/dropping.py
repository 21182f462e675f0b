"""Dropout of adapters by example: what is dropped of a token follows from a seed and the tokens of its example alone.

So it does not depend on how examples are packed, parted or dealt out to processes, nor on the path on which they are
scored, nor on whether a layer is computed again in the backward pass; and the log-probabilities of a rollout before and
after an update can be of the same net.
"""

import zlib
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

import numpy as np
import torch
from torch import Tensor, nn

from seewhy.model.packed.group import Group
from seewhy.model.packed.sending import to_device

ADDRESS: ContextVar[str | None] = ContextVar("address", default=None)
"""The seed of what is dropped in this context; None drops nothing."""
TOKENS: ContextVar[Tensor | None] = ContextVar("tokens", default=None)
"""[rows, time] int32: a number of its own for each token that runs through the net."""
GOLDEN = 0x9E3779B9
MOST = 1 << 31


@contextmanager
def dropping(address: str) -> Generator[None]:
    """While it lasts, adapters with dropout drop; the same address drops the same."""
    before = ADDRESS.set(address)
    try:
        yield
    finally:
        ADDRESS.reset(before)


def _numbers(ids: Sequence[int], before: int, count: int) -> tuple[np.ndarray, int]:
    """[count] a number for each token of a text that follows on a hash, and the hash of both."""
    digest = zlib.crc32(np.asarray(ids, dtype=np.int64).tobytes(), before)
    return (digest + np.arange(count, dtype=np.uint64) * GOLDEN).astype(np.uint32), digest


def _of_group(address: str, group: Group) -> tuple[np.ndarray, list[np.ndarray]]:
    """Numbers of the prompt's tokens and of those of each response."""
    prompt, digest = _numbers(group.prompt.ids, zlib.crc32(address.encode()), len(group.prompt.ids))
    return prompt, [_numbers(response, digest, len(response))[0] for response in group.responses]


@contextmanager
def keyed(tokens: Tensor | None) -> Generator[None]:
    """While it lasts, these are the tokens that run through the net."""
    before = TOKENS.set(tokens)
    try:
        yield
    finally:
        TOKENS.reset(before)


def _tensor(rows: Sequence[np.ndarray], device: torch.device) -> Tensor:
    """[rows, longest] of numbers, filled up with 0."""
    width = max(map(len, rows))
    filled = np.stack([np.pad(row, (0, width - len(row))) for row in rows])
    return to_device(torch.from_numpy(filled.view(np.int32)), device)


def dropout_for_row(groups: Sequence[Group], device: torch.device) -> AbstractContextManager[None]:
    """A packed row runs: all prompts but their last tokens, then each response behind that token."""
    address = ADDRESS.get()
    if address is None:
        return nullcontext()
    found = [_of_group(address, group) for group in groups]
    parts = [prompt[:-1] for prompt, _ in found]
    parts += [part for prompt, rows in found for row in rows for part in (prompt[-1:], row[:-1])]
    return keyed(_tensor([np.concatenate(parts)], device))


def dropout_for_rows(group: Group, device: torch.device) -> AbstractContextManager[None]:
    """Separate rows run: the prompt and a response in each, but for the response's last token."""
    address = ADDRESS.get()
    if address is None:
        return nullcontext()
    prompt, rows = _of_group(address, group)
    return keyed(_tensor([np.concatenate([prompt, row[:-1]]) for row in rows], device))


def dropout_for_prompt(group: Group, device: torch.device) -> AbstractContextManager[None]:
    """The prompt of a group runs."""
    address = ADDRESS.get()
    return nullcontext() if address is None else keyed(_tensor([_of_group(address, group)[0]], device))


def dropout_for_responses(group: Group, device: torch.device) -> AbstractContextManager[None]:
    """The responses of a group run after their prompt, each but for its last token."""
    address = ADDRESS.get()
    if address is None:
        return nullcontext()
    return keyed(_tensor([row[:-1] for row in _of_group(address, group)[1]], device))


class DropByExample(nn.Module):
    """In the place of an adapter's dropout module: drops where the running tokens are set, and nothing elsewhere.

    Example:
        >>> drop, states = DropByExample(0.5, "layers.0.q_proj"), torch.ones(1, 2, 4)
        >>> with keyed(torch.tensor([[1, 2]], dtype=torch.int32)):
        ...     bool((drop(states) == drop(states)).all()), sorted(set(drop(states).flatten().tolist()))
        (True, [0.0, 2.0])
    """

    def __init__(self, share: float, name: str) -> None:
        """`share` of the values become 0, the rest is scaled up; layers of other names drop other values."""
        super().__init__()
        self.share, self.name = share, name

    def forward(self, states: Tensor) -> Tensor:
        """[rows, time, width], or [rows x time, width]; of the last layer of a packed row, the end of it.

        Raises:
            ValueError: the layer is given other states than those of the tokens, as experts are.
        """
        tokens = TOKENS.get()
        if tokens is None or not self.share:
            return states
        known = _fitting(tokens, states)
        if known is None:
            raise ValueError(
                f"adapter.dropout: {self.name} is given {tuple(states.shape)} and not the {tuple(tokens.shape)} tokens "
                "of the row, as layers behind a router or over pictures are; leave it out (adapter.exclude), or set "
                "adapter.dropout to 0"
            )
        return states * self._kept(known, states.shape[-1]).to(states.dtype) / (1 - self.share)

    @torch.no_grad()
    def _kept(self, tokens: Tensor, width: int) -> Tensor:
        """[..., width] whether a value stays: by a hash of token, layer and place (Wellons' lowbias32)."""
        first = np.uint32(zlib.crc32(self.name.encode())).astype(np.int32).item()
        places = torch.arange(width, dtype=torch.int32, device=tokens.device) * (GOLDEN - (1 << 32)) + first
        mixed = tokens[..., None] ^ _mixed(places)
        return (_mixed(mixed) & (MOST - 1)) >= int(self.share * MOST)


def _mixed(values: Tensor) -> Tensor:
    """Each bit of the result depends on all bits of the value; int32, which overflows as it should."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B - (1 << 32)), (16, 1)):
        values = (values ^ ((values >> shift) & ((1 << (32 - shift)) - 1))) * factor
    return values


def _fitting(tokens: Tensor, states: Tensor) -> Tensor | None:
    """The tokens of these states; None where they are of others."""
    shape = tuple(states.shape[:-1])
    if shape == (tokens.numel(),):
        return tokens.flatten()
    if len(shape) == 2 and shape[0] == len(tokens) and shape[1] <= tokens.shape[1]:
        return tokens[:, tokens.shape[1] - shape[1] :]
    return None

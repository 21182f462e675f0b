"""The one alignment rule: `per_token[t]` is the log-probability of token t given those before it.

Hidden states arrive at the positions that predict the wanted tokens and nowhere else, so full logits over a row
never exist; large chunks are recomputed in the backward pass.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.checkpoint import checkpoint

CHUNK_LOGITS = 1 << 25
"""Most logits (positions times vocabulary) that exist at once; 128 MiB in float32."""


ENTROPIES: ContextVar[bool] = ContextVar("entropies", default=False)
"""Whether `per_token_logps` gives entropies in this context."""


@contextmanager
def scoring_entropies(give: bool = True) -> Generator[None]:
    """While it lasts, each token's log-probability gives way to the entropy, in nats, of what it was drawn from.

    What packed rows are held against to begin with (`scoring_as_drawn`) stays log-probabilities. For values, not for
    gradients.
    """
    before = ENTROPIES.set(give)
    try:
        yield
    finally:
        ENTROPIES.reset(before)


def _chunk(hidden: Tensor, head: Callable[[Tensor], Tensor], targets: Tensor) -> Tensor:
    logits = head(hidden).float()
    if ENTROPIES.get():
        # entr(0) is 0: tokens that may not be drawn add nothing.
        return torch.special.entr(logits.softmax(dim=-1)).sum(dim=-1)
    return logits.gather(-1, targets[:, None]).squeeze(-1) - logits.logsumexp(dim=-1)


def per_token_logps(
    hidden: Float[Tensor, "time width"],
    head: Callable[[Tensor], Tensor],
    targets: Int[Tensor, "time"],
    vocabulary: int,
    chunk_logits: int = CHUNK_LOGITS,
) -> Float[Tensor, "time"]:
    """Log-probabilities (natural, float32) of `targets`, where `hidden[t]` predicts `targets[t]`.

    `head` takes [n, width] to [n, vocabulary].
    """
    size = max(1, chunk_logits // vocabulary)
    if len(targets) <= size:
        return _chunk(hidden, head, targets)
    parts = [
        checkpoint(_chunk, hidden[start : start + size], head, targets[start : start + size], use_reentrant=False)
        for start in range(0, len(targets), size)
    ]
    return torch.cat(parts)

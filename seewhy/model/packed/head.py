"""From the last hidden states to logits, as the net's own forward pass makes them."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import product
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.packed.logps import scoring_entropies
from seewhy.model.packed.sending import to_device


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The output layer with what some nets do after it.

    Example:
        >>> Head(layer=nn.Identity(), cap=2.0)(torch.tensor([0.0, 100.0]))
        tensor([0., 2.])
    """

    layer: nn.Module
    divisor: float = 1.0
    """Logits are divided by it: Granite's `logits_scaling`, or one over Cohere's `logit_scale`."""
    cap: float | None = None
    """Logits are bent to stay below it: Gemma 2's `final_logit_softcapping` (arXiv 2408.00118, section 2)."""
    temperature: float = 1.0
    """Logits are divided by it at last."""
    banned: tuple[int, ...] = ()
    """Tokens of probability 0."""

    def __call__(self, hidden: Tensor) -> Tensor:
        """[..., width] to [..., vocabulary]."""
        logits = self.layer(hidden)
        if self.divisor != 1.0:
            logits = logits / self.divisor
        if self.cap is not None:
            logits = self.cap * torch.tanh(logits / self.cap)
        if self.banned:
            logits = logits.index_fill(-1, to_device(torch.tensor(self.banned), logits.device), float("-inf"))
        return logits if self.temperature == 1.0 else logits.float() / self.temperature


DRAWN: ContextVar[tuple[float, tuple[int, ...]]] = ContextVar("drawn", default=(1.0, ()))
"""Temperature and banned tokens of the distribution that log-probabilities are of in this context."""


@contextmanager
def scoring_as_drawn(temperature: float, banned: Sequence[int]) -> Generator[None]:
    """While it lasts, log-probabilities are those of chains drawn at this temperature without these tokens."""
    before = DRAWN.set((temperature, tuple(banned)))
    try:
        with scoring_entropies(give=False):
            yield
    finally:
        DRAWN.reset(before)


DIVISORS, MULTIPLIERS = ("logits_scaling",), ("logit_scale", "output_multiplier", "lm_head_multiplier")
"""Names of settings by which families scale their logits: Granite; Cohere, Muse, Falcon-H1."""
CHOSEN: WeakKeyDictionary[nn.Module, tuple[float, float | None]] = WeakKeyDictionary()
"""Divisor and cap of nets whose own logits have been looked at."""


def candidates(net: PreTrainedModel) -> Iterator[tuple[float, float | None]]:
    """Divisors and caps that the net's settings name, applied or not: some heads do not do what the text's say."""
    config = net.config.get_text_config().to_dict()
    divisors = [1.0 / float(config[name]) for name in MULTIPLIERS if config.get(name)]
    divisors += [float(config[name]) for name in DIVISORS if config.get(name)]
    yield from product(dict.fromkeys([*divisors, 1.0]), dict.fromkeys([config.get("final_logit_softcapping"), None]))


def head_of(net: PreTrainedModel) -> Head:
    """The net's head: the one chosen by its own logits, else what its settings say; ValueError where it has none."""
    layer = net.get_output_embeddings()
    if layer is None:
        raise ValueError(f"{type(net).__name__} has no output layer: load the model with its language-model head")
    divisor, cap = CHOSEN.get(net) or next(candidates(net))
    temperature, banned = DRAWN.get()
    return Head(layer=layer, divisor=divisor, cap=cap, temperature=temperature, banned=banned)


@torch.no_grad()
def choose_head(net: PreTrainedModel, hidden: Tensor, logits: Tensor) -> None:
    """From now on `head_of` is the candidate that comes nearest to the net's own `logits` of `hidden`."""
    layer = head_of(net).layer

    def gap(choice: tuple[float, float | None]) -> float:
        made = Head(layer=layer, divisor=choice[0], cap=choice[1])(hidden)
        return float((made.float().log_softmax(-1) - logits.float().log_softmax(-1)).abs().max())

    CHOSEN[net] = min(candidates(net), key=gap)

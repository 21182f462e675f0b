"""The hand-made model of `tiny_trainable`, which can reply as well; and one whose every next token has known odds."""

import hashlib
from collections.abc import Sequence

import torch
from tiny_trainable import END, VOCABULARY, TinyTrainable

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Chain, FinishReason


class Talker(TinyTrainable):
    """A `Probed`: each reply is drawn from the net's own next-token odds, by a generator of its own."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.asked: list[int] = []

    @torch.no_grad()
    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        self.asked.append(len(asks))
        return [tuple(self._reply(ask, index, decoding) for index in range(ask.count)) for ask in asks]

    def _reply(self, ask: GenerateRequest, index: int, decoding: SamplingParams) -> Chain:
        address = f"{decoding.seed}/{ask.question.id}/{ask.style}/{index}".encode()
        rng = torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(address).digest()[:6], "big"))
        prompt, ids = self.prompt(ask.question, ask.style), []
        while len(ids) < decoding.max_tokens and ids[-1:] != [END]:
            odds = self._next(prompt.pictures["pixels"], (*prompt.ids, *ids))
            ids.append(int(torch.multinomial(odds, 1, generator=rng)))
        stop = FinishReason.END if ids[-1] == END else FinishReason.LENGTH
        return Chain(
            question_id=ask.question.id, index=index, style=ask.style, text=str(ids), token_ids=tuple(ids),
            logprobs=(0.0,) * len(ids), stop=stop, sampler=self.name, seed=decoding.seed,
        )  # fmt: skip

    def _next(self, pixels: torch.Tensor, ids: Sequence[int]) -> torch.Tensor:
        net = self.net
        seen = net.projector(torch.tanh(net.tower(pixels))).sum(0)
        return net.head(torch.tanh(net.mix(net.embed(torch.tensor(ids)).mean(0) + seen))).softmax(-1)


def with_odds(odds: Sequence[float]) -> Talker:
    """A talker whose next token has these odds whatever was said before; token `END` is the second of them."""
    talker = Talker()
    with torch.no_grad():
        talker.net.head.weight.zero_()
        talker.net.head.bias.copy_(torch.tensor([*odds, *[0.0] * (VOCABULARY - len(odds))]).log().clamp(min=-30.0))
    return talker

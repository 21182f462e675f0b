"""Draw chains: one prefill a question, its branches in one batch, a chain that ends leaves the batch.

The prompt's keys and values are kept once a question and never copied to its branches. Every chain draws from a
generator seeded by (seed, question id, style, index), so it does not depend on what shares its batch.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from transformers import PreTrainedModel

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.generation.steps import BranchSteps, RowSteps, Steps
from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.scores import Path, separate_logps
from seewhy.model.packed.sending import to_device
from seewhy.model.packed.trials import PathCheck

TRIAL_TOKENS = 6
"""Of the chains that show whether branches can be trusted: enough for the second to use what the first left."""
LOOK_EVERY = 8
"""Steps of a device after which it is asked which chains have ended: for an answer it must have done all before."""
LEAVE_SHARE = 1 / 8
"""Chains that have ended leave the batch when they are this share of it: leaving copies the keys of all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Token ids of one chain, their log-probabilities at temperature 1, and whether the model ended it."""

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    ended: bool


def chain_seed(seed: int, question_id: str, style: str, index: int) -> int:
    """The seed of one chain: 63 bits of a hash of its address."""
    digest = hashlib.sha256(f"{seed}/{question_id}/{style}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def address_of(ask: GenerateRequest) -> str:
    """The style, and what the reply begins with where it begins with something."""
    return ask.style.value if ask.beginning is None else f"{ask.style.value}/{ask.beginning.text}"


def uniforms(asks: Sequence[GenerateRequest], decoding: SamplingParams) -> Tensor:
    """[chains, most tokens] the random numbers of all chains, each row from its own generator."""
    generator = torch.Generator()
    rows = []
    for ask in asks:
        for index in range(ask.first, ask.first + ask.count):
            generator.manual_seed(chain_seed(decoding.seed, ask.question.id, address_of(ask), index))
            rows.append(torch.rand(decoding.max_tokens, generator=generator, dtype=torch.float64))
    return torch.stack(rows)


def _kept(logits: Tensor, decoding: SamplingParams) -> Tensor:
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


def choose(logits: Tensor, decoding: SamplingParams, draws: Tensor) -> Tensor:
    """[rows] a token for each row of logits [rows, vocabulary], by inverse transform of `draws` in [0, 1)."""
    if decoding.temperature == 0:
        return logits.argmax(-1)
    weights = _kept(logits / decoding.temperature, decoding).double().softmax(-1).cumsum(-1)
    wanted = (draws * weights[:, -1])[:, None]
    token = torch.searchsorted(weights, wanted, right=True).squeeze(1)
    return token.clamp(max=logits.shape[-1] - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """What has been drawn so far: n chains of at most T tokens."""

    ids: Tensor
    """[n, T] and so are the log-probabilities."""
    logprobs: Tensor
    lengths: Tensor
    """[n] T until the chain has ended."""
    ended: Tensor

    @classmethod
    def blank(cls, chains: int, most: int, device: torch.device) -> "_Drawing":
        return cls(
            ids=torch.zeros(chains, most, dtype=torch.long, device=device),
            logprobs=torch.zeros(chains, most, device=device),
            lengths=torch.full((chains,), most, device=device),
            ended=torch.zeros(chains, dtype=torch.bool, device=device),
        )

    def record(self, chains: Tensor, time: int, tokens: Tensor, logprobs: Tensor, ending: Tensor) -> None:
        """Writes a step; what a chain draws after its end is written too and never read."""
        self.ids[chains, time] = tokens
        self.logprobs[chains, time] = logprobs
        ended = self.ended[chains]
        self.lengths[chains] = self.lengths[chains].masked_fill(ending & ~ended, time + 1)
        self.ended[chains] = ended | ending

    def drawn(self) -> list[Drawn]:
        """The chains, each cut at its end."""
        # One table, for each read waits for the device; doubles hold token ids and log-probabilities as they are.
        columns = (self.ids, self.logprobs, self.lengths[:, None], self.ended[:, None])
        rows: list[list[float]] = torch.cat([column.double() for column in columns], dim=1).tolist()
        most = self.ids.shape[1]
        return [
            Drawn(
                ids=tuple(int(token) for token in row[: int(row[-2])]),
                logprobs=tuple(row[most : most + int(row[-2])]),
                ended=bool(row[-1]),
            )
            for row in rows
        ]


@torch.no_grad()
def draw(
    net: PreTrainedModel,
    prompts: Sequence[Prompt],
    asks: Sequence[GenerateRequest],
    decoding: SamplingParams,
    ends: frozenset[int],
    banned: Sequence[int],
    path: Path = Path.PACKED,
    look_every: int = 0,
    watch: Callable[[int], None] | None = None,
) -> list[list[Drawn]]:
    """Chains of each ask; `ends` are the tokens that end a chain, `banned` those that may never be drawn.

    After `look_every` steps it is asked which chains have ended; 0 means each step on the CPU, else `LOOK_EVERY`.
    `watch` is called with each token of the first chain while it is drawn, its end included.
    """
    counts = [ask.count for ask in asks]
    rules = _Rules(
        decoding=decoding,
        ends=to_device(torch.tensor(sorted(ends)), net.device),
        banned=to_device(torch.tensor(banned, dtype=torch.long), net.device),
        look_every=1 if watch else look_every or (1 if net.device.type == "cpu" else LOOK_EVERY),
        watch=watch,
    )
    match path:
        case Path.PACKED:
            newest = [prompt.ids[-1] for prompt, count in zip(prompts, counts, strict=True) for _ in range(count)]
            last = to_device(torch.tensor(newest), net.device)
            steps = BranchSteps.begin(net, prompts, counts, decoding.max_tokens)
            drawn = iter(_all_steps(steps, last, uniforms(asks, decoding), rules))
            return [[next(drawn) for _ in range(count)] for count in counts]
        case Path.SEPARATE | Path.CONTINUED:
            return [
                _all_steps(
                    RowSteps.begin(net, prompt, ask.count),
                    torch.full((ask.count,), prompt.ids[-1], device=net.device),
                    uniforms([ask], decoding),
                    rules,
                )
                for prompt, ask in zip(prompts, asks, strict=True)
            ]


@torch.no_grad()
def check_drawing(
    net: PreTrainedModel, prompt: Prompt, ask: GenerateRequest, banned: Sequence[int], tolerance: float = 1e-4
) -> PathCheck:
    """Draw two short chains of `ask` by branches, score them in separate rows, and trust branches where both agree.

    A net may score packed rows well and still not draw from them: one that looks for what it keeps of a picture in a
    cache of its own goes on without the picture.
    """
    short = SamplingParams(max_tokens=TRIAL_TOKENS)
    try:
        (drawn,) = draw(net, [prompt], [replace(ask, count=2)], short, frozenset(), banned)
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        why = f"branches do not run on this net ({error}); drawing in separate rows"
        return PathCheck(path=Path.SEPARATE, value_gap=math.inf, gradient_gap=0.0, why=why)
    (scored,) = separate_logps(net, [Group(prompt=prompt, responses=tuple(chain.ids for chain in drawn))])
    drawn_logprobs = torch.tensor([value for chain in drawn for value in chain.logprobs], device=net.device)
    gap = float((torch.cat(scored) - drawn_logprobs).abs().max())
    if gap <= tolerance:
        return PathCheck(path=Path.PACKED, value_gap=gap, gradient_gap=0.0, why="branches draw as separate rows do")
    why = f"chains drawn by branches differ from separate rows (log-probability by {gap:.2g}); drawing in separate rows"
    return PathCheck(path=Path.SEPARATE, value_gap=gap, gradient_gap=0.0, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """How tokens are chosen, and which ones end a chain or may never be in one."""

    decoding: SamplingParams
    ends: Tensor
    banned: Tensor
    look_every: int
    watch: Callable[[int], None] | None = None


def _all_steps(steps: Steps, token: Tensor, draws: Tensor, rules: _Rules) -> list[Drawn]:
    """Step all chains together from their prompts' last `token` [n] until each has ended or reached the limit."""
    most = rules.decoding.max_tokens
    drawing = _Drawing.blank(len(token), most, token.device)
    draws = to_device(draws, token.device)
    active = torch.arange(len(token), device=token.device)
    for time in range(most):
        logits = steps.logits(token)
        allowed = logits.index_fill(1, rules.banned, float("-inf"))
        token = choose(allowed, rules.decoding, draws[active, time])
        if rules.decoding.as_drawn and rules.decoding.temperature:
            logits = allowed / rules.decoding.temperature
        logprobs = logits.gather(1, token[:, None]).squeeze(1) - logits.logsumexp(-1)
        drawing.record(active, time, token, logprobs, torch.isin(token, rules.ends))
        if rules.watch and int(active[0]) == 0 and int(drawing.lengths[0]) > time:
            rules.watch(int(token[0]))
        if (time + 1) % rules.look_every:
            continue
        rows = (~drawing.ended[active]).cpu().nonzero().squeeze(1)
        if len(rows) == 0:
            break
        if len(active) - len(rows) >= len(active) * LEAVE_SHARE:
            there = to_device(rows, token.device)
            active, token = active[there], token[there]
            steps.keep(rows)
    return drawing.drawn()

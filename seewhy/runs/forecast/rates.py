"""How fast this machine does what a run is made of: a few real steps, forward passes and chains, timed."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.budget import spans_within
from seewhy.model.packed.group import tokens_of
from seewhy.objectives.sft import SFT
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain
from seewhy.runs.forecast.encoding import EncodedPrompt
from seewhy.training.examples import TrainingExample
from seewhy.training.monitor.plan import UNGUARDED
from seewhy.training.optimizers import optimizer_of
from seewhy.training.plan import FitPlan
from seewhy.training.schedule import moved_parameters
from seewhy.training.scoring import LessonScoring
from seewhy.training.step import Run, take_step

PROBE_SECONDS = 5.0
"""Each of the three probes grows while it is expected to take less."""
GROWTH = 4
DECODED = 24
"""Questions whose chains are drawn together, at most: about as many as a run draws at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Seconds a token, each with how many tokens it was taken from."""

    train: float
    train_tokens: int
    score: float
    decode: float
    """Of a chain's token, prompts included."""
    decode_tokens: int
    chain_bytes: float
    """On disk, of a chain's token."""
    peak_mb: float | None
    """Measured in the timed steps; None where the system does not tell."""


def grow(work: Callable[[int], int], most: int) -> tuple[float, int]:
    """Seconds and tokens of the last call of `work`, on 1, 4, 16... things up to `most`, while time allows.

    A call before them is not timed: the first of its kind loads and prepares what all others find.
    """
    size, seconds, tokens = 1, 0.0, work(1)
    while True:
        began = time.perf_counter()
        tokens = work(size)
        seconds = time.perf_counter() - began
        if size >= most or seconds * GROWTH > PROBE_SECONDS:
            return seconds, max(1, tokens)
        size = min(most, size * GROWTH)


def probe(model: HubModel, plan: FitPlan, rows: Sequence[EncodedPrompt], chains: int, tokens: int) -> Rates:
    """Time decoding, scoring and training steps on sampled rows; the weights of `model` are moved.

    `chains` are drawn of each question, of at most `tokens` tokens.
    """
    drawn: list[Chain] = []

    def decode(size: int) -> int:
        asks = [GenerateRequest(question=row.question, style=row.style, count=chains) for row in rows[:size]]
        drawn[:] = [chain for of_ask in model.generate(asks, SamplingParams(max_tokens=tokens)) for chain in of_ask]
        return sum(len(chain.token_ids or ()) for chain in drawn)

    peaks: list[float] = []
    decode_seconds, decode_tokens = grow(decode, min(len(rows), DECODED))
    score_seconds, score_tokens = grow(lambda size: _score(model, rows[:size]), len(rows))
    most = min(plan.batch_size, len(rows))
    train_seconds, train_tokens = grow(lambda size: _train(model, plan, rows[:size], peaks), most)
    return Rates(
        train=train_seconds / train_tokens, train_tokens=train_tokens, score=score_seconds / score_tokens,
        decode=decode_seconds / decode_tokens, decode_tokens=decode_tokens, chain_bytes=_chain_bytes(drawn),
        peak_mb=max(peaks, default=None),
    )  # fmt: skip


@torch.no_grad()
def _score(model: HubModel, rows: Sequence[EncodedPrompt]) -> int:
    groups = [row.first for row in rows]
    for start, stop in spans_within([tokens_of(group) for group in groups], model.row_tokens):
        model.group_logps(groups[start:stop])
    return sum(tokens_of(group) for group in groups)


def _train(model: HubModel, plan: FitPlan, rows: Sequence[EncodedPrompt], peaks: list[float]) -> int:
    """One step on these rows, whose peak joins `peaks` where it is the step's own; its tokens."""
    examples = [
        TrainingExample(question_id=row.question.id, style=row.style, responses=row.first.responses) for row in rows
    ]
    run = Run(
        model=model, scoring=LessonScoring(objective=SFT()), examples=examples,
        questions={row.question.id: row.question for row in rows}, plan=plan, directory=Path("no-directory"),
        guard=UNGUARDED,
        steps=[tuple(range(len(rows)))], extra={},
    )  # fmt: skip
    log, _ = take_step(run, optimizer_of(moved_parameters(model, plan), plan), 0, {})
    peaks += [value for name, value in log.terms.items() if name == "peak_mb"]
    return int(log.terms["tokens"])


def _chain_bytes(chains: Sequence[Chain]) -> float:
    """On disk, of a token of a chain, as its rows are written."""
    with tempfile.TemporaryDirectory() as place:
        write_shard(Path(place), 0, list(chains), Chain)
        size = sum(path.stat().st_size for path in Path(place).rglob("*.parquet"))
    return size / max(1, sum(len(chain.token_ids or ()) for chain in chains))

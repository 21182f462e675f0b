"""What the model says while it is trained: replies to a few prompts of its rows, compared with the start.

The replies of the start are drawn at temperature 1 and kept with their log-probabilities. Scored by the model as it is
now, they show how far it has moved, without a second net: log start - log now, over replies of the start, estimates
KL(start || now). It is the forward direction, which grows where the start's replies have become unlikely.
"""

import hashlib
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.files import write_text_atomically
from seewhy.records.repeats import repeated_share
from seewhy.records.types import Chain, FinishReason, Question, Style
from seewhy.training.api import Probed
from seewhy.training.examples import TrainingExample
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.parallel.ranks import ALONE, Ranks
from seewhy.training.plan import FitPlan
from seewhy.training.reference import score_examples
from seewhy.training.table import units_of

FOLDER = "probe"
START = "start.json"


def divergence(start: Sequence[float], now: Sequence[float]) -> float:
    """Nats by which the model has left its start on one reply of the start: k3 of Schulman (2020), summed over tokens.

    With r = now / start for each token drawn from the start, r - 1 - log r is never negative, and its mean is
    KL(start || now), as is that of -log r, which scatters more.

    Example:
        >>> round(divergence([math.log(0.5)], [math.log(0.25)]), 6)
        0.193147
    """
    ratios = [late - early for early, late in zip(start, now, strict=True)]
    return sum(math.expm1(ratio) - ratio for ratio in ratios)


def figures_of(chains: Sequence[Chain], name: str) -> dict[str, float]:
    """Means over replies: share of repeated 4-grams, tokens, and share that did not end within the limit."""
    rows = [chain.token_ids or () for chain in chains]
    return {
        f"{name}_repetition": sum(map(repeated_share, rows)) / len(rows),
        f"{name}_length": sum(map(len, rows)) / len(rows),
        f"{name}_cut": sum(chain.stop is FinishReason.LENGTH for chain in chains) / len(chains),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A few prompts of a training's rows, and what the start replied to them."""

    model: Probed
    questions: Mapping[str, Question]
    asks: tuple[GenerateRequest, ...]
    decoding: SamplingParams
    row_tokens: int
    directory: Path
    start: tuple[Chain, ...]
    """Replies with the log-probabilities that the start gives them, by the forward pass that trains."""
    ranks: Ranks = ALONE
    """The processes that train: all draw the same, for a sharded net needs them all, and the first writes it."""

    def look(self, step: int) -> dict[str, float]:
        """Figures of the model as it is now; its replies are written next to the run's steps, under `step`."""
        chains = draw(self.model, self.asks, self.decoding)
        if self.ranks.is_first:
            write_chains(self.directory / f"step-{step}.json", "", chains)
        known = score(self.model, self.questions, self.start, self.row_tokens)
        parts = [divergence(chain.logprobs or (), now) for chain, now in zip(self.start, known, strict=True)]
        tokens = sum(map(len, known))
        return {
            **figures_of(chains, "probe"),
            **figures_of(self.start, "start"),
            "kl_from_start": sum(parts) / tokens,
            "kl_from_start_chain": sum(parts) / len(parts),
        }


def start_probe(
    model: Probed,
    examples: Sequence[TrainingExample],
    questions: Mapping[str, Question],
    plan: GuardPlan,
    fit: FitPlan,
    directory: Path,
    fingerprint: str,
    ranks: Ranks = ALONE,
) -> Probe:
    """A probe of the model, which still is the start and has this fingerprint; kept replies are not drawn again.

    Of the training's plan, `seed` and `row_tokens` are read.
    """
    asks = prompts_of(examples, questions, plan.probe_questions, fit.seed)
    decoding = SamplingParams(temperature=1.0, max_tokens=plan.probe_tokens, seed=fit.seed)
    asked = [fingerprint, asdict(decoding), [[ask.question.id, str(ask.style)] for ask in asks]]
    key = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    file = directory / FOLDER / START
    kept = read_chains(file, key) if ranks.broadcast(lambda: read_chains(file, key) is not None) else None
    if kept is None:
        chains = draw(model, asks, decoding)
        known = score(model, questions, chains, fit.row_tokens)
        kept = tuple(replace(chain, logprobs=row) for chain, row in zip(chains, known, strict=True))
        if ranks.is_first:
            write_chains(file, key, kept)
    return Probe(
        model=model, questions=questions, asks=asks, decoding=decoding, row_tokens=fit.row_tokens,
        directory=directory / FOLDER, start=kept, ranks=ranks,
    )  # fmt: skip


def prompts_of(
    examples: Sequence[TrainingExample], questions: Mapping[str, Question], count: int, seed: int
) -> tuple[GenerateRequest, ...]:
    """As many distinct prompts of the rows, or all there are, drawn by the seed."""
    units = units_of(examples)
    drawn = random.Random(f"probe/{seed}").sample(range(len(units)), min(count, len(units)))
    rows = [examples[units.first(prompt)] for prompt in drawn]
    return tuple(GenerateRequest(question=questions[row.question_id], style=row.style) for row in rows)


def draw(model: Probed, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> tuple[Chain, ...]:
    """One reply to each prompt; each has random numbers of its own, the same at every probe."""
    return tuple(chains[0] for chains in model.generate(asks, decoding))


def score(
    model: Probed, questions: Mapping[str, Question], chains: Sequence[Chain], row_tokens: int
) -> list[tuple[float, ...]]:
    """Log-probabilities of each reply's tokens under the model as it is now, without gradient."""
    rows = [
        TrainingExample(question_id=chain.question_id, style=chain.style, responses=(chain.token_ids or (),))
        for chain in chains
    ]
    known = {row.prompt_key: logps for row, _, logps in score_examples(model, rows, questions, row_tokens)}
    return [known[row.prompt_key] for row in rows]


def write_chains(path: Path, key: str, chains: Sequence[Chain]) -> None:
    """Replies as JSON, whole or not at all."""
    write_text_atomically(path, json.dumps({"key": key, "chains": [asdict(chain) for chain in chains]}, indent=1))


def read_chains(path: Path, key: str) -> tuple[Chain, ...] | None:
    """Replies as they were written; None where there are none of this key."""
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if found["key"] != key:
        return None
    return tuple(
        Chain(
            **row
            | {"token_ids": tuple(row["token_ids"]), "logprobs": tuple(row["logprobs"])}
            | {"style": Style(row["style"]), "stop": FinishReason(row["stop"])}
        )
        for row in found["chains"]
    )

"""Chains from outside a run, for runs that load no model."""

from pathlib import Path

from seewhy.benchmarks import inkgrid
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, Question, Split, Style
from seewhy.testing.oracle import Oracle

TRAIN, ASKED, CHAINS = 20, 10, 4


def pages(place: Path) -> list[Question]:
    """Questions as a run of so many training questions draws them, drawn beside it."""
    return list(inkgrid.load(place / "pages", Split.TRAIN, count=TRAIN))


def oracle_chains(place: Path) -> Path:
    """Chains of an erring oracle on the last questions, in a folder."""
    asks = [GenerateRequest(question=question, style=Style.REASON, count=CHAINS)
            for question in pages(place)[TRAIN - ASKED :]]  # fmt: skip
    chains = [chain for group in Oracle(error_rate=0.5, seed=3).generate(asks, SamplingParams()) for chain in group]
    write_shard(place / "chains", 0, chains, Chain)
    return place / "chains"

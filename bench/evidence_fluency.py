"""How the chains of each training of the recipe `evidence` read, greedy on the test questions."""

from collections.abc import Iterator, Sequence

from evidence_credit import has
from evidence_pairs import works_out

from seewhy.judging.agreement import sentences
from seewhy.judging.asking.splitting import split_sentences
from seewhy.records.types import Chain, FinishReason
from seewhy.runs.run import OpenRun

MODELS = (
    "test.base", "test.sft", "test.rft", "test.dpo", "test-mpo.mpo", "test-losses.hard-dpo", "test-losses.hard-cut",
    "test-losses.hard-cosine", "test-losses.hard-bco", "test-losses.hard-nll", "test-losses.hard-mpo",
    "test-dropout.dropout-50", "test-truth.dropout-truth", "test-few.mpo-few", "test-grpo.grpo", "test-ppo.ppo",
    "test-ppo-sentences.ppo-sentences", "test-grpo-sentences.grpo-sentences", "test-corrected.corrected",
)  # fmt: skip


def fluency_table(runs: Sequence[OpenRun]) -> Iterator[str]:
    """One line a model, over all runs."""
    yield "| model | seeds | words a chain | chains that work out | that say a sentence twice | cut at 96 tokens |"
    yield "|---|---|---|---|---|---|"
    for name in MODELS:
        done = [run for run in runs if has(run, f"{name}/reason/verdicts")]
        chains = [chain for run in done for chain in run.read(f"{name}/reason/chains", Chain)]
        model = name.partition(".")[2]
        if not chains:
            yield f"| {model} | not run | | | | |"
            continue
        words = sum(len(chain.text.split()) for chain in chains) / len(chains)
        shares = (share([works_out(chain.text) for chain in chains]), share([repeats(chain) for chain in chains]),
                  share([chain.stop is FinishReason.LENGTH for chain in chains]))  # fmt: skip
        yield f"| {model} | {len(done)} | {words:.1f} | {' | '.join(shares)} |"


def repeats(chain: Chain) -> bool:
    """Whether a chain says a sentence twice, case and spaces aside."""
    said = sentences(chain, split_sentences(chain.text))
    return len(set(said)) < len(said)


def share(values: Sequence[bool]) -> str:
    """In per cent."""
    return f"{sum(values) / len(values):.1%}"

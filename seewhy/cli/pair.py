"""`seewhy pair`: from graded chains to pairs of a right and a wrong one, with an account of what was dropped."""

from collections.abc import Iterable, Sequence

from seewhy.cli.workspace import Workspace
from seewhy.pairs.by_outcome import Account, account_of, pair_chains
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Pair, Verdict
from seewhy.runners.local import run_blocks


def run(space: Workspace) -> None:
    """Rows `pair/pairs`."""
    rule = space.recipe.pairing
    chains = space.need("sample", "chains", stage="sample")
    verdicts = space.need("judge", "verdicts", stage="judge")
    drawn = list(read_rows(chains, Chain))
    graded = list(read_rows(verdicts, Verdict))

    def work(_: Sequence[str]) -> Iterable[Pair]:
        return pair_chains(rule, drawn, graded)

    is_whole = space.are_whole(("pair", "pairs"))
    with space.screen.track("pair right with wrong", len(drawn), "chains", is_whole=is_whole) as advance:
        manifest = run_blocks(
            space.place("pair", "pairs"), ["all"], work, Pair, per_shard=1, stage="pair", plan=rule,
            input_hashes=space.hashes(chains=chains, verdicts=verdicts), command=space.command("pair"),
            on_done=lambda _: advance(len(drawn)), tally=lambda _: _told(account_of(rule, drawn, graded)),
        )  # fmt: skip
    if manifest.counts["rows"] == 0:
        raise ValueError(
            f"{space.place('pair', 'pairs')}: no pair is left of {manifest.counts['questions seen']} questions "
            f"({manifest.counts['dropped below band']} below the band, {manifest.counts['dropped above band']} above, "
            f"{manifest.counts['dropped no distinct answers']} without two different answers): widen the band with "
            "--pairing.lowest and --pairing.highest, or sample more chains, into another --run"
        )


def _told(account: Account) -> dict[str, int]:
    """The account as counts by name."""
    return {
        "questions seen": account.seen,
        "questions kept": account.kept,
        "dropped below band": account.below_band,
        "dropped above band": account.above_band,
        "dropped unjudged": account.unjudged,
        "dropped no distinct answers": account.no_distinct_answers,
    }

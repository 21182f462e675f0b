"""`seewhy pair`: from judged chains to pairs of a better and a worse one, with an account of what was dropped."""

from collections.abc import Iterable, Mapping, Sequence

from seewhy.cli.claim import RECIPE_FILE
from seewhy.cli.workspace import Workspace
from seewhy.pairs.by_outcome import ByOutcome, account_of, pair_chains
from seewhy.pairs.by_score import ByScore, account_of_scores, widest_gap
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Outcome, Pair, Verdict
from seewhy.runners.local import run_blocks

Rule = ByOutcome | ByScore


def run(space: Workspace) -> None:
    """Rows `pair/pairs`; nothing is written where no pair is left."""
    plan = space.recipe.pairing
    rule = plan.rule
    chains = space.need("sample", "chains", stage="sample")
    verdicts = space.need("judge", "verdicts", stage="judge")
    drawn = list(read_rows(chains, Chain))
    graded = list(read_rows(verdicts, Verdict))

    def work(_: Sequence[str]) -> Iterable[Pair]:
        return pair_chains(rule, drawn, graded)

    is_whole = space.are_whole(("pair", "pairs"))
    if not is_whole:
        _require_pairs(space, rule, drawn, graded)
    what = "pair right with wrong" if isinstance(rule, ByOutcome) else "pair best with worst"
    with space.screen.track(what, len(drawn), "chains", is_whole=is_whole) as advance:
        run_blocks(
            space.place("pair", "pairs"), ["all"], work, Pair, per_shard=1, stage="pair", plan=rule,
            input_hashes=space.hashes(chains=chains, verdicts=verdicts), command=space.command("pair"),
            on_done=lambda _: advance(len(drawn)), tally=lambda _: count_fates(rule, drawn, graded),
        )  # fmt: skip


def count_fates(rule: Rule, chains: Sequence[Chain], verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Where every question went, by name."""
    if isinstance(rule, ByOutcome):
        account = account_of(rule, chains, verdicts)
        return {
            "questions seen": account.seen,
            "questions kept": account.kept,
            "dropped below band": account.below_band,
            "dropped above band": account.above_band,
            "dropped unjudged": account.unjudged,
            "dropped no distinct answers": account.no_distinct_answers,
        }
    scored = account_of_scores(rule, chains, verdicts)
    return {
        "questions seen": scored.seen,
        "questions kept": scored.kept,
        "dropped too few scored chains": scored.too_few_judged,
        "dropped best too low": scored.best_too_low,
        "dropped no margin": scored.no_margin,
        "chains without a score": scored.no_score,
        "chains cut off": scored.cut_off,
        "chains repeated": scored.repeated,
    }


def _require_pairs(space: Workspace, rule: Rule, chains: Sequence[Chain], verdicts: Sequence[Verdict]) -> None:
    if isinstance(rule, ByScore):
        _require_scores(space, verdicts)
    counts = count_fates(rule, chains, verdicts)
    if counts["questions kept"]:
        return
    why = _too_narrow(counts) if isinstance(rule, ByOutcome) else _too_alike(rule, counts, widest_gap(chains, verdicts))
    raise ValueError(
        f"{space.place('pair', 'pairs')}: no pair is left of {counts['questions seen']} questions {why}, into another "
        f"--run. To keep chains and verdicts, change `pairing` in {space.place(RECIPE_FILE)} and run "
        f"`{space.command('pair')}`"
    )


def _too_narrow(counts: Mapping[str, int]) -> str:
    return (
        f"({counts['dropped below band']} below the band, {counts['dropped above band']} above, "
        f"{counts['dropped no distinct answers']} without two different answers): widen the band with "
        "--pairing.lowest and --pairing.highest, or sample more chains"
    )


def _too_alike(rule: ByScore, counts: Mapping[str, int], gap: float) -> str:
    low = f"{counts['dropped best too low']} whose best is not above {rule.above:g}, " if rule.above is not None else ""
    options = "--pairing.margin and --pairing.above" if low else "--pairing.margin"
    return (
        f"({counts['dropped too few scored chains']} with fewer than {rule.least_judged} scored chains, {low}"
        f"{counts['dropped no margin']} whose best and worst are less than {rule.margin:g} apart; the widest gap is "
        f"{gap:.3g}): choose {options} in the judge's own unit, or sample more chains"
    )


def _require_scores(space: Workspace, verdicts: Sequence[Verdict]) -> None:
    if any(verdict.score is not None for verdict in verdicts):
        return
    judges = " and ".join(sorted({verdict.judge for verdict in verdicts})) or "nobody"
    unjudged = sum(verdict.outcome is Outcome.UNJUDGED for verdict in verdicts)
    raise ValueError(
        f"{space.place('judge', 'verdicts')}: --pairing.by score needs scores, and none of {len(verdicts)} verdicts by "
        f"{judges} has one ({unjudged} are unjudged): choose a judge that scores, such as --judge.name rubric, or "
        "--pairing.by outcome, into another --run"
    )

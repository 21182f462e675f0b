"""Ten claims of the seed systems, measured: the table of `docs/evidence.md` from runs of the recipe `evidence`.

    seewhy run evidence --run runs/evidence-0 --seed 0      # and 1, 2, ...
    python bench/evidence.py runs/evidence-0 runs/evidence-1 runs/evidence-2 --into docs/evidence.md

Both sides of a contrast answer the same test questions in every run; the interval pools the runs, with all questions on
one picture as one cluster. A run whose steps are not finished is left out of the contrasts that want them.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from evidence_credit import credit_summary, credit_table, has
from evidence_fluency import fluency_table
from evidence_pairs import pair_table
from evidence_rows import ROWS, Contrast, Row
from evidence_wins import clusters_of, wins_table

from seewhy.evaluation.pooled import (
    PooledDifference,
    Standing,
    pooled_difference,
    share_correct,
    standing_of,
    together,
)
from seewhy.evaluation.rerank import Candidate, best_of_n, gather_candidates, self_consistency, weighted_vote
from seewhy.evaluation.rewards import Pooling, chain_reward
from seewhy.judging.answers.decoration import normalise
from seewhy.records.types import Question, ScoredChain, Verdict
from seewhy.runs.open import open_run
from seewhy.runs.run import OpenRun

BEGIN, END = "<!-- begin: bench/evidence.py -->", "<!-- end: bench/evidence.py -->"
VERIFIER = "verifier:"
Way = Callable[[Sequence[Candidate]], int]
WAYS: Mapping[str, Way] = {
    "one": lambda _: 0, "majority": self_consistency, "vote": weighted_vote, "best": best_of_n,
    "best-mean": best_of_n,
}  # fmt: skip


def main() -> None:
    """Print the table, or put it between the marks of a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, help="run folders of several seeds; runs/evidence-* if none")
    parser.add_argument("--into", type=Path, help="a page with the two marks")
    given = parser.parse_args()
    runs = [open_run(path) for path in given.runs or sorted(Path("runs").glob("evidence-*"))]
    if not runs:
        print("no runs: seewhy run evidence --run runs/evidence-0 --seed 0")
        return
    text = "\n".join(
        [
            *summary(runs),
            "",
            *details(runs),
            "",
            *credit_table(runs),
            "",
            *pair_table(runs),
            "",
            *fluency_table(runs),
            "",
            *wins_table(runs),
        ]
    )
    print(text)
    if given.into:
        page = given.into.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        given.into.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def summary(runs: Sequence[OpenRun]) -> Iterator[str]:
    """One line a claim."""
    yield "| | claim | there | here, with 95 % interval | seeds | verdict |"
    yield "|---|---|---|---|---|---|"
    for row in ROWS:
        if not row.contrasts:
            here, seeds, said = credit_summary(runs)
            yield f"| {row.number} | {row.claim} ({row.source}) | {row.theirs} | {here} | {seeds} | {said} |"
            continue
        found = {one: measure(runs, one) for one in row.contrasts if one.decides}
        known = {one: measured for one, measured in found.items() if measured}
        there = "<br>".join(f"{one.label}: {one.theirs}" for one in found)
        here = "<br>".join(f"{one.label}: {points(measured)}" for one, measured in known.items())
        seeds = "/".join(sorted({str(len(measured.each)) for measured in known.values()})) or "–"
        said = f"{row.claim} ({row.source})"
        yield f"| {row.number} | {said} | {there} | {here or 'not run'} | {seeds} | {verdict(row, found)} |"


def verdict(row: Row, found: Mapping[Contrast, PooledDifference | None]) -> str:
    """Of a claim; `not run` where a deciding contrast is missing in all runs."""
    known = [standing_of(measured, one.claim) for one, measured in found.items() if measured]
    if len(known) < len(found):
        return "not run" if not known else f"{together([*known, Standing.CANNOT_TELL])} (in part not run)"
    return str(together(known))


def details(runs: Sequence[OpenRun]) -> Iterator[str]:
    """One line a contrast."""
    yield "| | contrast | says | there | before | after | difference | each seed | questions | |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for row in ROWS:
        for one in row.contrasts:
            found = measure(runs, one)
            mark = "" if one.decides else " (beside)"
            if found is None:
                yield f"| {row.number} | {one.label}{mark} | {one.claim} | {one.theirs} | | | not run | | | |"
                continue
            done = finished(runs, one)
            before, after = (
                share_correct([verdicts(run.root, ref) for run in done]) for ref in (one.before, one.after)
            )
            each = ", ".join(f"{100 * value:+.1f}" for value in found.each)
            said = standing_of(found, one.claim) if len(found.each) > 1 else "one seed"
            yield (f"| {row.number} | {one.label}{mark} | {one.claim} | {one.theirs} | {before:.1%} | {after:.1%} | "
                   f"{points(found)} | {each} | {found.whole.n:,} | {said} |")  # fmt: skip


def points(found: PooledDifference) -> str:
    """A difference in points with its interval."""
    whole = found.whole
    return f"{100 * whole.difference:+.1f} ({100 * whole.low:.1f} to {100 * whole.high:.1f})"


def measure(runs: Sequence[OpenRun], one: Contrast) -> PooledDifference | None:
    """A contrast over the runs that have it; None where none has."""
    done = finished(runs, one)
    if not done:
        return None
    clusters = clusters_of(run.questions(origin_of(run, one.before)) for run in done)
    return pooled_difference(
        [(verdicts(run.root, one.before), verdicts(run.root, one.after)) for run in done], clusters
    )


def finished(runs: Sequence[OpenRun], one: Contrast) -> list[OpenRun]:
    """The runs that have both sides."""
    return [run for run in runs if all(has(run, unit_of(ref)) for ref in (one.before, one.after))]


def unit_of(ref: str) -> str:
    """The unit whose end says that a measurement is there."""
    return "verifier.curves" if ref.startswith(VERIFIER) else f"{ref}/verdicts"


def origin_of(run: OpenRun, ref: str) -> str:
    """The questions that were asked."""
    return run.origin("verifier.verdicts" if ref.startswith(VERIFIER) else f"{ref}/verdicts", Question)


@cache
def verdicts(root: Path, ref: str) -> Sequence[Verdict]:
    """One verdict a question."""
    run = open_run(root)
    if not ref.startswith(VERIFIER):
        return list(run.read(unit_of(ref), Verdict))
    way = ref.removeprefix(VERIFIER)
    chosen = {name: WAYS[way](group) for name, group in candidates(root, way.endswith("-mean")).items()}
    rows: dict[str, list[Verdict]] = {}
    for row in run.read("verifier.verdicts", Verdict):
        rows.setdefault(row.question_id, []).append(row)
    each = {name: sorted(group, key=lambda row: row.index) for name, group in rows.items()}
    return [replace(each[name][place], index=0) for name, place in chosen.items()]


@cache
def candidates(root: Path, by_mean: bool) -> Mapping[str, Sequence[Candidate]]:
    """The verifier's candidates with their rewards."""
    run = open_run(root)
    pooling = Pooling.MEAN if by_mean else Pooling.SUM
    rewards = {(row.question_id, row.index): chain_reward(row, beta=1.0, pooling=pooling)
               for row in run.read("verifier.scores", ScoredChain)}  # fmt: skip
    return gather_candidates(run.read("verifier.verdicts", Verdict), rewards, normalise)


if __name__ == "__main__":
    main()

"""Claim 8 as ARES measures it: win rates of greedy chains on the test questions, by a judge asked in both orders.

The judge is the oracle behind a server on this machine, which knows the page: it prefers the reply whose answer is
right, and of two right or two wrong ones the one with the higher mean score of its sentences. ARES asks GPT-4o.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from evidence_credit import has, shown

from seewhy.evaluation.pictures import picture_clusters
from seewhy.evaluation.versus import AHEAD, BEHIND, win_rate
from seewhy.judging.outcome import OutcomeJudge
from seewhy.recipes.evidence import CONTESTS
from seewhy.records.measures import Contest
from seewhy.records.types import Chain, Outcome, Question
from seewhy.runs.open import open_run
from seewhy.runs.run import OpenRun

LABELS: Mapping[str, str] = {
    "ppo": "PPO by sentences against SFT", "outcome": "PPO by sentences against PPO by outcome",
    "corrected": "SFT on corrections against SFT", "repaired": "SFT on corrections against PPO by sentences",
}  # fmt: skip


def wins_table(runs: Sequence[OpenRun]) -> Iterator[str]:
    """Two lines a contest: of all questions, and of those that both models answer right."""
    yield ("| contest (claim 8) | questions | n | won, tied, lost | won of all | won of those not tied | "
           "won, ties half | each seed | orders agree |")  # fmt: skip
    yield "|---|---|---|---|---|---|---|---|---|"
    for name in CONTESTS:
        done = [run for run in runs if has(run, f"wins-{name}.contests")]
        if not done:
            yield f"| {LABELS[name]} | not run | | | | | | | |"
            continue
        clusters = clusters_of(run.questions("questions.test") for run in done)
        rows = [contests(run.root, name) for run in done]
        yield _line(LABELS[name], "all", rows, clusters)
        both = [right_on_both(run.root, name) for run in done]
        yield _line("", "both right", both, clusters)


def _line(label: str, which: str, runs: Sequence[Sequence[Contest]], clusters: Mapping[str, str]) -> str:
    pooled = [replace(row, question_id=f"{number}/{row.question_id}") for number, rows in enumerate(runs)
              for row in rows]  # fmt: skip
    if not pooled:
        return f"| {label} | {which} | 0 | none | | | | | |"
    keys = {f"{number}/{name}": key for number in range(len(runs)) for name, key in clusters.items()}
    found, decided = win_rate(pooled, clusters=keys), [row for row in pooled if _is_decided(row)]
    each = ", ".join(f"{win_rate(rows, clusters=clusters).score.value:.3f}" for rows in runs if rows)
    untied = shown(win_rate(decided, clusters=keys).won) if decided else "none"
    counts = f"{found.wins:,}, {found.ties:,}, {found.losses:,}"
    rates = f"{shown(found.won)} | {untied} | {shown(found.score)}"
    return f"| {label} | {which} | {found.n:,} | {counts} | {rates} | {each} | {found.agreement:.1%} |"


def _is_decided(row: Contest) -> bool:
    """Whether it was judged in both orders, and they do not come to a tie."""
    return row.ahead is not None and row.behind is not None and AHEAD[row.ahead] + BEHIND[row.behind] != 1.0


def clusters_of(asked: Iterable[Iterable[Question]]) -> Mapping[str, str]:
    """Question id to the key of its picture, of the questions of several runs."""
    found: dict[str, str] = {}
    for each in asked:
        questions = list(each)
        found |= picture_clusters(questions) or {question.id: question.id for question in questions}
    return found


@cache
def contests(root: Path, name: str) -> Sequence[Contest]:
    """The rows of a step."""
    return list(open_run(root).read(f"wins-{name}.contests", Contest))


def right_on_both(root: Path, name: str) -> Sequence[Contest]:
    """The contests of questions that both models answer right."""
    run = open_run(root)
    asked = {question.id: question for question in run.questions("questions.test")}
    sides = [
        {chain.question_id for chain in run.read(f"wins-{name}.{part}", Chain)
         if OutcomeJudge().judge(asked[chain.question_id], (chain,))[0].outcome is Outcome.CORRECT}
        for part in ("first", "second")
    ]  # fmt: skip
    return [row for row in contests(root, name) if all(row.question_id in side for side in sides)]

"""Rows of the rarer kinds: ranked groups, a curve, a second judge, scored tokens, and an online training."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from looked_at import HARM

from seewhy.records.measures import CurvePoint, Selection
from seewhy.records.ranked import PairPick, RankedGroup, RankedResponse
from seewhy.records.rollouts import RewardRow, TrainedRollout
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Chain, FinishReason, Outcome, Pair, Response, ScoredChain, StepLog, Style, Verdict


def write_more(root: Path) -> Path:
    """Add them to a run of `write_run`; the second judge calls one chain of q/1 otherwise."""
    scored = [RankedResponse(response=Response(text=f"It is {text}. {HARM}"), score=score, scorer="rubric", index=i)
              for i, (text, score) in enumerate((("11", 2.0), ("12", 4.5), ("13", 1.0)))]  # fmt: skip
    group = RankedGroup(question_id="q/1", style=Style.REASON, responses=tuple(scored), source=HARM,
                        picks=(PairPick(chosen=1, rejected=0), PairPick(chosen=1, rejected=2)))  # fmt: skip
    put(root / "ranked", [group], RankedGroup)
    mined = [replace(pair, source="mined", weight=0.5) for pair in read_rows(root / "pairs", Pair)]
    put(root / "mined", mined, Pair)
    points = [CurvePoint(method=method, n=n, value=0.5, low=0.25, high=0.75)
              for method in (Selection.BEST_OF_N, Selection.PASS_AT_K) for n in (1, 2)]  # fmt: skip
    put(root / "curve", points, CurvePoint)
    others = [replace(row, judge="rubric", outcome=Outcome.INCORRECT if (row.question_id, row.index) == ("q/1", 0) else
                      row.outcome) for row in read_rows(root / "verdicts", Verdict)]  # fmt: skip
    put(root / "rubric", others, Verdict)
    scored = ScoredChain(question_id="q/1", index=0, style=Style.REASON, policy=(-0.25, -2.0), reference=(-1.25, -1.0))
    put(root / "scored", [scored], ScoredChain)
    for number in range(2):
        write_round(root / "grpo" / "rollouts" / f"round-{number:05d}", number)
    logs = [
        StepLog(step=i, loss=0.5 / (i + 1), learning_rate=1e-5, terms={"reward": i / 2}, seconds=1.0) for i in (0, 1)
    ]
    (root / "grpo" / "steps.jsonl").write_text("".join(json.dumps(asdict(log)) + "\n" for log in logs))
    return root


def write_round(folder: Path, number: int) -> None:
    """Two rollouts to q/1: in the first round both earn nothing, in the second one is right."""
    keys = {"question_id": "q/1", "style": Style.REASON}
    chains = [Chain(index=i, text=f"Round {number} {HARM}", stop=FinishReason.END, sampler="s", seed=0, **keys)
              for i in range(2)]  # fmt: skip
    values = (0.0, float(number))
    rewards = [RewardRow(index=i, reward=name, value=value, why=HARM, **keys)
               for i, value in enumerate(values) for name in ("outcome", "format")]  # fmt: skip
    trained = [
        TrainedRollout(index=i, total=2 * value, old=(-0.5, -0.25), reference=(-0.5, -0.5),
                       advantages=(value - number / 2,) * 2, **keys)
        for i, value in enumerate(values)
    ]  # fmt: skip
    put(folder / "chains", chains, Chain)
    put(folder / "rewards", rewards, RewardRow)
    put(folder / "trained", trained, TrainedRollout)


def put(folder: Path, rows: Sequence[object], record: type) -> None:
    """A folder with one shard."""
    folder.mkdir(parents=True)
    write_shard(folder, 0, rows, record)

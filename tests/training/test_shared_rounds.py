"""Online training on several processes is online training on one: rollouts, advantages, losses, weights, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pytest
from safetensors.torch import load_file
from several import together
from small_hub import ADAPTER
from small_online import FIT, FULL, PLAN, online

from seewhy.model.plan import AdapterPlan
from seewhy.objectives.api import PolicyObjective
from seewhy.objectives.bco import BCO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.ppo import PPO
from seewhy.records.rollouts import RewardRow, TrainedRollout
from seewhy.records.shards import read_shard, shard_path
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain, Pair, StepLog
from seewhy.training.checkpoint import checkpoints
from seewhy.training.online.draw import CHAINS, REWARDS, TRAINED, folder_of
from seewhy.training.online.fit import fit_online
from seewhy.training.online.pairs import PAIRS, OnlinePairs
from seewhy.training.online.plan import CriticPlan, PairsPlan, RolloutPlan
from seewhy.training.parallel.plan import SHARDED, ShardPlan
from seewhy.training.parallel.ranks import Ranks, ranks_here

WIDE = replace(PLAN, questions=3, rounds=2)
"""Three questions a round: two processes have shares of different sizes, and of four one has none."""
SLOW = replace(FIT, learning_rate=1e-3, batch_size=8)
COUNTED = (
    "rows",
    "updates",
    "empty_updates",
    "draws",
    "dropped_questions",
    "length",
    "cut",
    "steps",
    "flat_groups",
    "unrewarded",
)
OF_PROCESSES = ("draw_seconds", "resident_mb")


@dataclass(frozen=True)
class Setting:
    """What a run is made of."""

    objective: PolicyObjective
    critic: CriticPlan | None = None
    adapter: AdapterPlan = FULL
    plan: RolloutPlan = WIDE


SETTINGS: Mapping[str, Setting] = {
    "grpo": Setting(GRPO(kl=0.1)),
    "ppo": Setting(PPO(), CriticPlan(learning_rate=1e-3)),
    "ppo, shared net": Setting(PPO(kl=0.0), CriticPlan(learning_rate=1e-3, net="shared", frozen=())),
    "adapter": Setting(GRPO(), adapter=replace(ADAPTER, dropout=0.2)),
    "longer": Setting(PPO(), CriticPlan(learning_rate=1e-3), plan=replace(WIDE, rounds=4)),
    "redraw": Setting(GRPO(), plan=replace(WIDE, redraw=2, questions=2)),
    "pairs": Setting(OnlinePairs(objective=BCO(beta=0.5), plan=PairsPlan(most=2))),
}
EVERY_TIME = ("grpo", "pairs")
QUICK = [name if name in EVERY_TIME else pytest.param(name, marks=pytest.mark.nightly) for name in SETTINGS]


def run(directory: Path, name: str, kind: str, stop: int | None = None) -> None:
    """The setting's rounds, in as many processes as have joined."""
    one = SETTINGS[kind]
    made = online(directory, name, objective=one.objective, critic=one.critic, adapter=one.adapter, plan=one.plan,
                  fit=SLOW)  # fmt: skip
    list(islice(fit_online(made), stop))
    net, critic = made.learner.model.net, made.learner.critic
    held = [*net.parameters(), *(critic.parameters() if critic else ())]
    told = ranks_here().gather([float(p.detach().double().sum()) for p in held])
    assert all(sums == told[0] for sums in told)


def steps_in(folder: Path) -> list[StepLog]:
    return list(read_steps(folder / "steps.jsonl"))


def assert_same_run(one: Path, other: Path) -> None:
    """Rollouts and rewards equal; log-probabilities, advantages, losses and weights to rounding."""
    logs, others = steps_in(one), steps_in(other)
    assert [log.step for log in logs] == [log.step for log in others]
    for number, (a, b) in enumerate(zip(logs, others, strict=True)):
        assert_same_rows(folder_of(one, number), folder_of(other, number))
        assert a.learning_rate == b.learning_rate
        assert a.terms.keys() == b.terms.keys()
        assert {name: a.terms[name] for name in COUNTED} == {name: b.terms[name] for name in COUNTED}
        assert b.loss == pytest.approx(a.loss, rel=1e-4, abs=2e-6)
        for name in a.terms.keys() - {*OF_PROCESSES, "sampler_gap"}:
            assert b.terms[name] == pytest.approx(a.terms[name], rel=2e-3, abs=1e-5), (number, name)
    a, b = (load_file(place / "model" / "model.safetensors") for place in (one, other))
    assert a.keys() == b.keys()
    for name, weight in a.items():
        if not name.endswith("k_proj.bias"):  # its gradient is nothing but rounding, of which AdamW makes a whole step
            assert float((weight - b[name]).abs().mean()) < 2e-6, name


def assert_same_rows(one: Path, other: Path) -> None:
    for draw in range(len(list((one / CHAINS).iterdir()))):
        a, b = (read_shard(shard_path(place / CHAINS, draw), Chain) for place in (one, other))
        assert [(row.question_id, row.index, row.seed, row.token_ids) for row in a] == [
            (row.question_id, row.index, row.seed, row.token_ids) for row in b
        ]
        rewards, told = (read_shard(shard_path(place / REWARDS, draw), RewardRow) for place in (one, other))
        assert rewards == told
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in other.iterdir())
    if (one / PAIRS).exists():
        pairs, told = (read_shard(shard_path(place / PAIRS, 0), Pair) for place in (one, other))
        assert pairs == told
    kept, also = (read_shard(shard_path(place / TRAINED, 0), TrainedRollout) for place in (one, other))
    for a, b in zip(kept, also, strict=True):
        assert (a.question_id, a.index, a.total) == (b.question_id, b.index, b.total)
        for name in ("old", "reference", "values", "advantages", "returns"):
            assert close(getattr(a, name), getattr(b, name)), name


def close(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    return one is other is None or (
        one is not None and other is not None and list(other) == pytest.approx(list(one), rel=2e-3, abs=2e-4)
    )


@pytest.mark.parametrize("kind", QUICK)
def test_two_processes_train_as_one(tmp_path: Path, kind: str) -> None:
    run(tmp_path, "one", kind)
    assert together(2, run, tmp_path, "two", kind) == [0, 0]
    assert sum(log.terms["updates"] for log in steps_in(tmp_path / "one")) >= 2
    assert_same_run(tmp_path / "one", tmp_path / "two")


@pytest.mark.nightly
def test_a_run_stopped_on_four_processes_one_of_them_idle_goes_on_on_one_and_on_two(tmp_path: Path) -> None:
    run(tmp_path, "one", "longer")
    assert together(4, run, tmp_path, "moved", "longer", 1) == [0] * 4
    run(tmp_path, "moved", "longer", 3)
    assert [path.name for path in checkpoints(tmp_path / "moved")] == ["checkpoint-2"]
    assert together(2, run, tmp_path, "moved", "longer") == [0, 0]
    assert_same_run(tmp_path / "one", tmp_path / "moved")


def test_sharded_weights_are_refused_before_a_round(tmp_path: Path) -> None:
    made = online(tmp_path, "shards")
    several = replace(made, learner=replace(made.learner, ranks=Ranks(size=2)), shard=ShardPlan(kind=SHARDED))
    with pytest.raises(ValueError, match=r"set machine\.shard\.kind to copies"):
        next(iter(fit_online(several)))
    assert not (tmp_path / "shards").exists()

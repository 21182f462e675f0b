"""Parts of online training: what has no reward, equal rollouts, the critic, corrections, refusals."""

import json
import random
from dataclasses import replace
from itertools import islice
from math import log
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small_hub import ADAPTER
from small_online import FIT, PLAN, EvenReward, online

from seewhy.model.packed.scores import Path as Way
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.ppo import PPO
from seewhy.objectives.rloo import RLOO
from seewhy.records.rollouts import TrainedRollout
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, FinishReason, Question
from seewhy.rewards.api import Earned
from seewhy.rewards.length import LengthReward
from seewhy.training.monitor.alarms import alarms_of
from seewhy.training.online.draw import TRAINED, draw_round, folder_of
from seewhy.training.online.fit import fit_online
from seewhy.training.online.plan import CriticPlan, RolloutPlan
from seewhy.training.online.prepare import prepare
from seewhy.training.online.scored import examples_of, passes_of
from seewhy.training.online.update import mini_batches


class Sometimes:
    """Applies to rollouts of even number alone."""

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return tuple(Earned(value=None if c.index % 2 else float(len(c.text)), why="odd") for c in chains)


def test_a_rollout_without_a_reward_is_not_trained_on_and_is_counted(tmp_path: Path) -> None:
    notes: list[str] = []
    run = online(tmp_path, "odd", rewards={"mine": Sometimes()}, plan=replace(PLAN, rounds=1), notes=notes)
    (step,) = fit_online(run)
    assert step.terms["unrewarded"] == 4.0
    assert step.terms["applies/mine"] == 4.0
    rows = list(read_rows(folder_of(tmp_path / "odd", 0) / TRAINED, TrainedRollout))
    assert all((row.total is None) == bool(row.index % 2) for row in rows)
    assert not any(any(row.advantages) for row in rows if row.index % 2)
    assert any("reward mine: odd (4 rollouts)" in note for note in notes)


def test_equal_rollouts_share_a_branch_and_count_as_often_as_they_were_drawn(tmp_path: Path) -> None:
    run = online(tmp_path, "equal")
    drawn = draw_round(run.drawing, 0, 0)
    chains = (drawn.chains[0], *(replace(drawn.chains[0], index=n) for n in (1, 2)), drawn.chains[3])
    prepared = prepare(run.learner, replace(drawn, chains=chains, earned={"even": drawn.earned["even"][:4]}), {})
    assert len(prepared.examples) == 4
    assert prepared.batch.old[0].tolist() == prepared.batch.old[2].tolist()
    parts = list(mini_batches(prepared, 8, random.Random(0)))
    assert parts == [[0, 1, 2, 3]]


def test_a_cut_rollout_ends_with_nought_or_with_the_critics_value_as_asked(tmp_path: Path) -> None:
    """The value after the first n tokens of a rollout is the one before token n + 1 of the whole; ended ones have 0."""
    for bootstrap in (False, True):
        run = online(tmp_path, f"cut{bootstrap}", objective=PPO(kl=0.0, whiten=False),
                     plan=replace(PLAN, bootstrap_cut=bootstrap))  # fmt: skip
        with torch.no_grad():
            run.learner.critic.head[2].weight.normal_(0, 1, generator=torch.Generator().manual_seed(0))
        drawn = draw_round(run.drawing, 0, 0)
        whole = prepare(run.learner, drawn, {}).batch
        chains = tuple(
            replace(one, token_ids=one.token_ids[:-1], logprobs=None, stop=FinishReason.END if n % 2 else one.stop)
            for n, one in enumerate(drawn.chains)
        )
        batch = prepare(run.learner, replace(drawn, chains=chains), {}).batch
        is_cut = torch.tensor([chain.stop is FinishReason.LENGTH for chain in chains])
        before_last = torch.stack([whole.values[n, len(one.token_ids)] for n, one in enumerate(chains)])
        assert 1 < int(is_cut.sum()) < len(chains)
        assert before_last.abs().min() > 1e-3
        torch.testing.assert_close(batch.after[is_cut], bootstrap * before_last[is_cut], atol=1e-5, rtol=1e-4)
        assert not batch.after[~is_cut].any()


@pytest.mark.parametrize("net", ["own", "shared"])
def test_values_are_the_same_in_packed_and_separate_rows_and_the_branches_share_the_first(tmp_path: Path, net) -> None:
    run = online(tmp_path, net, objective=PPO(), critic=CriticPlan(net=net))
    with torch.no_grad():
        run.learner.critic.head[2].weight.normal_(0, 1, generator=torch.Generator().manual_seed(0))
    drawn = draw_round(run.drawing, 0, 0)
    examples = examples_of(drawn.chains)
    from_both = []
    for path in ("packed", "separate"):
        passes = passes_of(run.learner.model, run.learner.questions, examples, range(8), 4000)
        rows = {
            n: row.detach()
            for one in passes
            for n, row in zip(
                one.numbers,
                one.pick(run.learner.critic.values([part.group for part in one.shared], Way(path))),
                strict=True,
            )
        }
        from_both.append([rows[n] for n in range(8)])
    for packed, separate in zip(*from_both, strict=True):
        torch.testing.assert_close(packed, separate, atol=1e-4, rtol=1e-4)
    assert from_both[0][0][0] == pytest.approx(float(from_both[0][1][0]), abs=1e-5)


def test_the_critic_learns_is_in_the_checkpoint_and_its_frozen_parts_stay(tmp_path: Path) -> None:
    run = online(
        tmp_path, "critic", objective=PPO(), critic=CriticPlan(learning_rate=1e-2, frozen=("tower", "language"))
    )
    body = {name: p.detach().clone() for name, p in run.learner.critic.body.named_parameters()}
    list(fit_online(run))
    kept = load_file(tmp_path / "critic" / "checkpoint-4" / "weights.safetensors")
    assert {"critic.head.0.weight", "critic.head.2.bias"} <= kept.keys()
    assert kept["critic.head.2.bias"].any()
    moved = {name for name, p in run.learner.critic.body.named_parameters() if not torch.equal(body[name], p)}
    assert moved
    assert all("multi_modal_projector" in name for name in moved)


def test_an_adapter_is_trained_with_the_base_as_its_reference_and_the_critic_moves_too(tmp_path: Path) -> None:
    run = online(tmp_path, "lora", objective=PPO(kl=0.1), adapter=ADAPTER, critic=CriticPlan(net="shared"))
    logs = list(fit_online(run))
    assert logs[0].terms["kl_reference"] == pytest.approx(0.0, abs=1e-6)
    assert (tmp_path / "lora" / "adapter").is_dir()
    assert logs[-1].terms["value_loss"] > 0


def test_while_the_critic_warms_up_the_policy_stays(tmp_path: Path) -> None:
    run = online(tmp_path, "warm", objective=PPO(), plan=replace(PLAN, rounds=1), critic=CriticPlan(warmup_rounds=1))
    before = {name: p.detach().clone() for name, p in run.learner.model.net.named_parameters()}
    (step,) = fit_online(run)
    assert step.terms["updates"] == 4.0
    assert all(torch.equal(before[name], p) for name, p in run.learner.model.net.named_parameters())


def test_missing_log_probabilities_of_the_sampler_weigh_one_and_others_are_held_at_a_ceiling(
    tmp_path: Path,
) -> None:
    run = online(tmp_path, "tis", plan=replace(PLAN, correct_above=2.0))
    drawn = draw_round(run.drawing, 0, 0)
    first = drawn.chains[0]
    off = (float("-inf"), first.logprobs[1] - log(5), first.logprobs[2] - log(1.5), *first.logprobs[3:])
    chains = (replace(first, logprobs=off), replace(drawn.chains[1], logprobs=None), *drawn.chains[2:])
    told = prepare(run.learner, replace(drawn, chains=chains), {})
    assert told.weights[0, :3].tolist() == pytest.approx([1.0, 2.0, 1.5], rel=1e-4)
    assert told.weights[1].tolist() == [1.0] * told.weights.shape[1]
    assert told.sampler_gap == pytest.approx(log(5), rel=1e-4)


def test_a_planted_length_reward_is_named_by_its_components_and_alarms(tmp_path: Path) -> None:
    rewards = {"length": LengthReward(tokens=6), "even": EvenReward()}
    run = online(tmp_path, "hack", rewards=rewards, weights={"length": 1.0, "even": 0.0})
    logs = list(fit_online(run))
    assert {"reward/length", "reward/even", "held_out"} <= logs[0].terms.keys()
    assert logs[0].terms["reward"] == pytest.approx(logs[0].terms["reward/length"])
    assert "length_correlation" in {alarm.name for alarm in alarms_of(logs)}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"objective": RLOO()}, "fit.epochs is 2; set it to 1"),
        ({"plan": replace(PLAN, questions=9)}, "rollouts.questions"),
        ({"plan": replace(PLAN, redraw_by="other")}, "rollouts.redraw_by"),
        ({"fit": replace(FIT, keep_tokens=3)}, "fit.keep_tokens"),
    ],
    ids=["on policy", "too few questions", "unknown reward", "kept tokens"],
)
def test_what_does_not_fit_together_is_refused_by_its_field(tmp_path: Path, change, named) -> None:
    with pytest.raises(ValueError, match=named):
        list(fit_online(online(tmp_path, "bad", **change)))


@pytest.mark.parametrize("field", ["rounds", "questions", "per_question", "max_tokens", "temperature", "redraw"])
def test_a_bad_number_of_the_plan_is_refused_by_its_name(field) -> None:
    with pytest.raises(ValueError, match=field):
        RolloutPlan(**{field: -1})


def test_a_checkpoint_of_other_rewards_or_another_objective_is_refused(tmp_path: Path) -> None:
    list(islice(fit_online(online(tmp_path, "one")), 2))
    with pytest.raises(ValueError, match="another objective"):
        next(fit_online(online(tmp_path, "one", objective=GRPO(epsilon=0.1))))
    with pytest.raises(ValueError, match="another rewards or critic"):
        next(fit_online(replace(online(tmp_path, "one"), recipe={"rewards": "others"})))


def test_a_line_of_the_log_is_short(tmp_path: Path) -> None:
    list(fit_online(online(tmp_path, "log")))
    lines = (tmp_path / "log" / "steps.jsonl").read_text().splitlines()
    assert max(map(len, lines)) < 4096
    assert all(json.loads(line)["terms"]["rows"] == 8.0 for line in lines)

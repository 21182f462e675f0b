"""Online training: what it draws, what it keeps, and that a run that was killed is the run that never was."""

import random
import signal
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from loaded_processes import begun
from safetensors.torch import load_file
from small_hub import asked_in, opened
from small_online import FIT, PLAN, EvenReward, finish_both, online, run_slowly

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.objectives.api import RolloutView
from seewhy.objectives.bco import BCO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.parts.reduction import reduce_tokens, row_weights
from seewhy.objectives.ppo import PPO
from seewhy.records.rollouts import RewardRow, TrainedRollout
from seewhy.records.shards import read_rows
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain, Question, Style
from seewhy.rewards.api import Earned
from seewhy.training.online.draw import CHAINS, REWARDS, TRAINED, draw_round, folder_of, question_at
from seewhy.training.online.fit import fit_online
from seewhy.training.online.pairs import OnlinePairs
from seewhy.training.online.plan import PairsPlan
from seewhy.training.online.scored import examples_of, mask_of, score_rollouts, table_of

PAIRED = OnlinePairs(objective=BCO(), plan=PairsPlan(most=2))
SAME = ("resident_mb", "draw_seconds")


class Flat:
    """The same for all: nothing to learn from."""

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return tuple(Earned(value=0.35) for _ in chains)


def figures(directory: Path) -> list[object]:
    return [(one.step, one.loss, one.learning_rate, {n: v for n, v in one.terms.items() if n not in SAME})
            for one in read_steps(directory / "steps.jsonl")]  # fmt: skip


def weights(directory: Path) -> dict[str, torch.Tensor]:
    return load_file(directory / "model" / "model.safetensors")


def same_run(one: Path, other: Path) -> bool:
    rows = [[list(read_rows(folder_of(place, n) / part, record)) for n in range(len(read_steps(place / "steps.jsonl")))
             for part, record in ((CHAINS, Chain), (REWARDS, RewardRow), (TRAINED, TrainedRollout))]
            for place in (one, other)]  # fmt: skip
    a, b = weights(one), weights(other)
    equal = a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
    return rows[0] == rows[1] and figures(one) == figures(other) and equal


@pytest.mark.parametrize(
    "objective",
    [GRPO(kl=0.1), pytest.param(PPO(), marks=pytest.mark.nightly), pytest.param(PAIRED, marks=pytest.mark.nightly)],
    ids=["grpo", "ppo", "online pairs"],
)
def test_a_process_killed_in_rollouts_rewards_and_epochs_resumes_to_the_same_bits(tmp_path: Path, objective) -> None:
    rng = random.Random(5)
    for goal in (1, 3, 4):
        child = begun(run_slowly, tmp_path, "killed", objective)
        log_file, deadline = tmp_path / "killed" / "steps.jsonl", time.monotonic() + 240
        while (not log_file.exists() or log_file.read_bytes().count(b"\n") < goal) and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(rng.random() * 0.3)
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert not (tmp_path / "killed" / "done.json").exists()
    # In a process such as the killed ones: pytest's own rounds otherwise, in the last bits.
    last = begun(finish_both, tmp_path, objective)
    last.join()
    assert last.exitcode == 0
    assert same_run(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.parametrize("objective", [GRPO(), PPO(), PAIRED], ids=["grpo", "ppo", "online pairs"])
def test_a_run_closed_after_any_round_resumes_to_the_same_bits(tmp_path: Path, objective) -> None:
    list(fit_online(online(tmp_path, "whole", objective=objective)))
    steps = fit_online(online(tmp_path, "cut", objective=objective))
    list(islice(steps, 3))
    steps.close()
    list(fit_online(online(tmp_path, "cut", objective=objective)))
    assert same_run(tmp_path / "whole", tmp_path / "cut")
    assert list(fit_online(online(tmp_path, "cut", objective=objective))) == []


def test_rollouts_and_rewards_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    list(islice(fit_online(online(tmp_path, "one", fit=replace(FIT, save_every=9))), 2))
    asked: list[str] = []

    class Counting:
        def reward(self, question, chains):
            asked.append(question.id)
            return EvenReward().reward(question, chains)

    list(fit_online(online(tmp_path, "one", rewards={"even": Counting()}, fit=replace(FIT, save_every=9))))
    assert len(asked) == PLAN.questions * (PLAN.rounds - 2)


def test_what_is_kept_of_a_round_gives_its_loss_again(tmp_path: Path) -> None:
    """One update over all rollouts before the weights move: rows joined by id reproduce the loss of the log."""
    fit = replace(FIT, epochs=1, batch_size=8)
    run = online(tmp_path, "rows", objective=GRPO(kl=0.2), plan=replace(PLAN, rounds=1), fit=fit)
    (step,) = fit_online(run)
    rows = list(read_rows(folder_of(tmp_path / "rows", 0) / TRAINED, TrainedRollout))
    width = max(len(row.old) for row in rows)

    def table(name: str) -> torch.Tensor:
        return table_of([torch.tensor(getattr(row, name)) for row in rows], width)

    mask = mask_of([len(row.old) for row in rows], width)
    view = RolloutView(policy=table("old"), old=table("old"), advantages=table("advantages"), mask=mask,
                       reference=table("reference"))  # fmt: skip
    weighed = row_weights(mask.sum(1).float(), GRPO().reduction, 6)
    told = reduce_tokens(GRPO(kl=0.2).loss(view, {}).each, mask, weighed)
    assert step.loss == pytest.approx(told.item(), abs=1e-6)
    assert step.terms["updates"] == 1.0
    assert step.terms["ratio"] == pytest.approx(1.0, abs=1e-5)
    assert step.terms["clipped"] == 0.0
    assert step.terms["kl_reference"] == 0.0


def test_in_the_second_epoch_ratios_are_of_the_stored_log_probabilities(tmp_path: Path) -> None:
    (step,) = fit_online(online(tmp_path, "two", plan=replace(PLAN, rounds=1)))
    assert step.terms["kl_old"] > 1e-6
    assert step.terms["updates"] == 4.0


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.4])
def test_sampler_and_trainer_agree_at_any_temperature_with_what_may_not_be_drawn_left_out(
    tmp_path: Path, temperature: float
) -> None:
    model, questions = opened(tmp_path), asked_in(tmp_path)
    asks = [GenerateRequest(question=one, style=Style.REASON, count=3) for one in questions[:2]]
    decoding = SamplingParams(temperature=temperature, max_tokens=8, as_drawn=True)
    chains = [chain for row in model.generate(asks, decoding) for chain in row]
    told = score_rollouts(model, {q.id: q for q in questions}, examples_of(chains), temperature, 400)
    for chain, row in zip(chains, told, strict=True):
        assert row.tolist() == pytest.approx(chain.logprobs, abs=1e-5)
    plain = model.generate(asks, replace(decoding, as_drawn=False))
    assert [c.token_ids for row in plain for c in row] == [c.token_ids for c in chains]
    if temperature != 1.0:
        assert not all(c.logprobs == pytest.approx(o.logprobs, abs=1e-3) for c, o in
                       zip(chains, (c for row in plain for c in row), strict=True))  # fmt: skip


def test_a_word_of_a_hundred_is_drawn_as_its_tempered_share(tmp_path: Path) -> None:
    """Logits 2 1 0 -1 at 0.6: the first word's log-probability is -0.2081, not -0.4402 nor -0.4402 / 0.6."""
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    assert float((logits / 0.6).log_softmax(0)[0]) == pytest.approx(-0.2081, abs=5e-5)
    assert float(logits.log_softmax(0)[0]) == pytest.approx(-0.4402, abs=5e-5)


def test_a_round_without_signal_moves_no_weight_and_no_moment(tmp_path: Path) -> None:
    run = online(tmp_path, "flat", rewards={"flat": Flat()}, fit=replace(FIT, weight_decay=0.1))
    before = {name: p.detach().clone() for name, p in run.learner.model.net.named_parameters()}
    logs = list(fit_online(run))
    assert [one.terms["updates"] for one in logs] == [0.0] * PLAN.rounds
    assert [one.terms["empty_updates"] for one in logs] == [4.0] * PLAN.rounds
    assert {one.terms["flat_groups"] for one in logs} == {1.0}
    assert all(torch.equal(before[name], p) for name, p in run.learner.model.net.named_parameters())
    assert len({one.learning_rate for one in logs}) == 1


def test_dynamic_sampling_ends_where_nothing_can_be_solved_and_says_why(tmp_path: Path) -> None:
    notes: list[str] = []
    run = online(tmp_path, "dead", rewards={"flat": Flat()}, plan=replace(PLAN, redraw=1, rounds=2), notes=notes)
    logs = list(fit_online(run))
    assert [one.terms["draws"] for one in logs] == [2.0, 2.0]
    assert [one.terms["dropped_questions"] for one in logs] == [4.0, 4.0]
    assert [one.terms["rows"] for one in logs] == [0.0, 0.0]
    assert any("no question with outcomes that differ in 2 draws" in note for note in notes)


def test_dynamic_sampling_fills_a_round_with_questions_that_differ(tmp_path: Path) -> None:
    class FirstOnly:
        def reward(self, question, chains):
            flat = question.id != "q0"
            return tuple(Earned(value=0.0 if flat else float(chain.index)) for chain in chains)

    run = online(tmp_path, "some", rewards={"first": FirstOnly()}, plan=replace(PLAN, redraw=3, rounds=1))
    (step,) = fit_online(run)
    assert step.terms["rows"] == 4.0
    assert step.terms["dropped_questions"] == 3.0


def test_every_question_is_asked_once_an_epoch_and_a_rollout_does_not_depend_on_its_round_mates(tmp_path: Path) -> None:
    order = [question_at(place, 4, seed=0) for place in range(8)]
    assert sorted(order[:4]) == sorted(order[4:]) == [0, 1, 2, 3]
    run = online(tmp_path, "seeds")
    first = draw_round(run.drawing, 0, 0)
    assert len({chain.token_ids for chain in first.chains}) > 4
    again = draw_round(replace(run.drawing, directory=tmp_path / "other"), 0, 0)
    assert again.chains == first.chains
    later = draw_round(replace(run.drawing, directory=tmp_path / "later"), 1, 0)
    assert [c.token_ids for c in later.chains] != [c.token_ids for c in first.chains]

"""Parts of a training that do not belong together are refused before a weight moves."""

from dataclasses import replace

import pytest
import torch
from small_hub import opened
from small_online import online
from tiny_trainable import TinyTrainable, lesson, questions_of

from seewhy.objectives.api import RolloutView
from seewhy.objectives.dpo import DPO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.ppo import PPO
from seewhy.objectives.sft import SFT
from seewhy.records.types import Response
from seewhy.training.examples import lesson_example
from seewhy.training.fit import fit_lessons
from seewhy.training.held_out import HeldOut
from seewhy.training.monitor.plan import UNGUARDED
from seewhy.training.online.fit import fit_online
from seewhy.training.online.pairs import OnlinePairs
from seewhy.training.online.plan import PairsPlan
from seewhy.training.parallel.engine import rooted_of
from seewhy.training.parallel.plan import ShardPlan
from seewhy.training.parallel.ranks import ALONE, join
from seewhy.training.plan import FitPlan, ValidationPlan
from seewhy.training.rows import Mixture

PLAN = FitPlan(learning_rate=1e-3, row_tokens=60)
FSDP = {"ACCELERATE_USE_FSDP": "true"}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (FSDP, "asks for FSDP 1: set fsdp_version to 2"),
        ({**FSDP, "FSDP_VERSION": "2", "FSDP_ACTIVATION_CHECKPOINTING": "true"},
         "asks for fsdp_activation_checkpointing: set it to false, and compute.gradient_checkpointing to true"),
    ],
)  # fmt: skip
def test_a_launcher_that_asks_for_another_kind_of_shards_is_refused_by_its_setting(variables, words):
    with pytest.raises(ValueError, match=words):
        ShardPlan().of_launcher(variables)


def test_two_questions_of_one_id_are_refused_by_rows_where_they_differ_and_one_twice_is_none(tmp_path):
    first, second = questions_of(2)
    other = replace(second, id=first.id)
    with pytest.raises(ValueError, match=f"question '{first.id}' is there twice, in rows 0 and 2, with other words"):
        list(fit_lessons(TinyTrainable(), SFT(), [lesson("q0", "a b")], [first, second, other], PLAN, tmp_path))
    list(fit_lessons(TinyTrainable(), SFT(), [lesson("q0", "a b")], [first, second, first], PLAN, tmp_path))


@pytest.mark.parametrize("engine", ["ACCELERATE_USE_DEEPSPEED", "ACCELERATE_USE_MEGATRON_LM"])
def test_an_engine_that_is_not_ours_is_refused_before_processes_meet(engine, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv(engine, "true")
    with pytest.raises(ValueError, match=r"DeepSpeed or Megatron-LM: choose MULTI_GPU \(DDP\) or FSDP"):
        join()


def test_a_process_alone_shares_no_count():
    with pytest.raises(ValueError, match="blocks: a process alone takes its work in order"):
        ALONE.add("blocks", 1)


def test_a_model_that_cannot_be_wrapped_trains_in_one_process():
    with pytest.raises(ValueError, match="TinyTrainable has no `root` to be wrapped: train it in one process"):
        rooted_of(TinyTrainable())


def test_a_response_without_tokens_is_refused_by_its_question():
    empty = replace(lesson("q1", "a"), response=Response(text="", token_ids=()))
    with pytest.raises(ValueError, match="question q1: a response has no tokens; drop the row or give it text"):
        lesson_example(TinyTrainable(), empty, 0)


def test_a_response_whose_tokens_are_of_another_model_is_refused_by_its_question(tmp_path):
    strange = replace(lesson("q1", "a"), response=Response(text="What is the sum?", token_ids=(5, 6)))
    said = r"question q1: a response's text is 'What is the sum\?', and its token ids spell .*leave token_ids out"
    with pytest.raises(ValueError, match=said):
        lesson_example(opened(tmp_path), strange, 0)


@pytest.mark.parametrize(
    ("factor", "fact"),
    [(1e25, "the gradient of step 0 is not finite"), (float("inf"), "the loss of step 0 is nan")],
)
def test_weights_of_no_use_end_a_training_before_a_step_is_taken(factor, fact, tmp_path):
    """The loss of the first is 1e24 or so, and its gradients are above what float32 holds the square of."""
    model = TinyTrainable()
    with torch.no_grad():
        model.net.head.weight.mul_(factor)
    before = model.net.mix.weight.detach().clone()
    said = f"{fact}, and the step was not taken; there is no checkpoint yet. Lower the learning rate, or look at the"
    with pytest.raises(ArithmeticError, match=said):
        next(iter(fit_lessons(model, SFT(), [lesson("q0", "abc")], questions_of(1), PLAN, tmp_path, UNGUARDED)))
    assert torch.equal(model.net.mix.weight, before)


def test_held_out_rows_that_are_none_are_refused():
    with pytest.raises(ValueError, match="validation: there is no row to look at"):
        HeldOut(rows=[], plan=ValidationPlan()).table(lambda row: row, lambda example: None, set())


def test_a_row_beyond_the_last_is_none():
    with pytest.raises(IndexError):
        Mixture.of([1, 2]).find(2)


def test_an_online_objective_without_its_critic_or_its_reference_is_refused(tmp_path):
    run = online(tmp_path, "ppo", objective=PPO())
    with pytest.raises(ValueError, match="ppo needs a critic"):
        next(iter(fit_online(replace(run, learner=replace(run.learner, critic=None)))))
    learner = online(tmp_path, "grpo", objective=GRPO(kl=0.1)).learner
    with pytest.raises(ValueError, match="grpo penalises the divergence from a reference, and there is none"):
        replace(learner, reference=None)


def test_an_objective_of_pairs_has_no_loss_of_one_rollout():
    pairs, one = OnlinePairs(objective=DPO(), plan=PairsPlan()), torch.zeros(1, 1)
    view = RolloutView(policy=one, old=one, advantages=one, mask=one == 0, reference=one)
    with pytest.raises(TypeError, match="dpo has no loss of a single rollout"):
        pairs.loss(view, {})

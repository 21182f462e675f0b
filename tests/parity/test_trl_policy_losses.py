"""Our losses of rollouts beside those of TRL 1.16, by its own `GRPOTrainer`: values and gradients on a tiny real net.

Where TRL's method of the same name is another one, a test says what the difference is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from drawn_rollouts import batch_of
from test_trl_losses import flat_gradient, make_net, make_tokenizer
from torch import Tensor
from transformers import LlamaForCausalLM
from trl import GRPOConfig, GRPOTrainer

from seewhy.objectives.api import PolicyObjective, RolloutView
from seewhy.objectives.cispo import CISPO
from seewhy.objectives.dapo import DAPO
from seewhy.objectives.dr_grpo import DrGRPO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.gspo import GSPO
from seewhy.objectives.parts.reduction import reduce_tokens, row_weights

# TRL and transformers warn of each other's renamed settings.
pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning"
)

LIMIT, TOLERANCE = 6, 1e-5
LENGTHS = (5, 2, 3, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """TRL's loss and its gradient in every weight, and our view of the same rollouts by a twin of its net."""

    loss: float
    gradient: Tensor
    view: RolloutView
    policy: LlamaForCausalLM


def rollouts() -> dict[str, Tensor]:
    """Four rollouts of different lengths with ratios near e^+-0.5, in TRL's names."""
    draw = torch.Generator().manual_seed(3)
    ids = torch.randint(1, 22, (4, 3 + LIMIT), generator=draw)
    mask = (torch.arange(LIMIT)[None] < torch.tensor(LENGTHS)[:, None]).long()
    return {
        "prompt_ids": ids[:, :3], "prompt_mask": torch.ones(4, 3, dtype=torch.long), "completion_ids": ids[:, 3:],
        "completion_mask": mask, "advantages": torch.tensor([1.5, -0.5, -1.2, 0.2]),
        "num_items_in_batch": mask.sum(),
        "noise": torch.rand(4, LIMIT, generator=draw) - 0.5, "far": 2 * torch.rand(4, LIMIT, generator=draw) - 1,
    }  # fmt: skip


def tell(net: LlamaForCausalLM, batch: dict[str, Tensor]) -> Tensor:
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    attention = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    logits = net(input_ids=ids, attention_mask=attention).logits[:, 2:-1]
    return logits.log_softmax(-1).gather(-1, batch["completion_ids"][..., None]).squeeze(-1)


@pytest.fixture
def ask_trl(tmp_path: Path) -> Callable[..., Answer]:
    def ask(beta: float = 0.0, **settings: object) -> Answer:
        # By default it weighs k3 by the ratio (DeepSeek-V3.2), which none of the papers of our objectives does.
        quiet = {"use_cpu": True, "bf16": False, "report_to": [], "disable_tqdm": True, "use_bias_correction_kl": False}
        arguments = GRPOConfig(
            output_dir=str(tmp_path), per_device_train_batch_size=4, num_generations=4, max_completion_length=LIMIT,
            **quiet, **settings,
        )  # fmt: skip
        trainer = GRPOTrainer(
            model=make_net(1), reward_funcs=lambda completions, **_: [0.0] * len(completions), args=arguments,
            train_dataset=Dataset.from_dict({"prompt": ["w1 w2 w3"]}), processing_class=make_tokenizer(),
        )  # fmt: skip
        trainer.current_gradient_accumulation_steps = 1
        # Set behind its back: it would look for a reference model on the Hub, and is given the log-probabilities here.
        trainer.beta = beta
        batch, policy = rollouts(), make_net(1)
        # TRL puts its own net into training mode; the two nets are twins and have no dropout.
        logps = tell(policy, batch)
        mask = batch["completion_mask"].bool()
        old = (logps - batch["noise"]).detach()
        reference = (logps - batch["far"]).detach()
        inputs = {**batch, "old_per_token_logps": old, "ref_per_token_logps": reference}
        loss = trainer._compute_loss(trainer.model, inputs)
        loss.backward()
        view = RolloutView(
            policy=torch.where(mask, logps, 0.0), old=torch.where(mask, old, 0.0), mask=mask,
            advantages=torch.where(mask, batch["advantages"][:, None], 0.0),
            reference=torch.where(mask, reference, 0.0),
        )  # fmt: skip
        return Answer(loss=loss.item(), gradient=flat_gradient(trainer.model), view=view, policy=policy)

    return ask


def loss_of(objective: PolicyObjective, view: RolloutView) -> Tensor:
    weights = row_weights(view.mask.sum(1).float(), objective.reduction, LIMIT)
    return reduce_tokens(objective.loss(view, objective.initial()).each, view.mask, weights)


@pytest.mark.parametrize(
    ("objective", "settings"),
    [
        (GRPO(), {"loss_type": "grpo"}),
        (GRPO(kl=0.3), {"loss_type": "grpo", "beta": 0.3}),
        (DrGRPO(kl=0.3), {"loss_type": "dr_grpo", "beta": 0.3}),
        (DAPO(), {"loss_type": "dapo", "epsilon_high": 0.28}),
        (CISPO(max_ratio=1.1), {"loss_type": "cispo", "epsilon_high": 1.1}),
        (
            GSPO(epsilon_low=0.05, epsilon_high=0.06),
            {"loss_type": "grpo", "importance_sampling_level": "sequence", "epsilon": 0.05, "epsilon_high": 0.06},
        ),
    ],
    ids=["grpo", "grpo with k3", "dr_grpo with k3", "dapo", "cispo", "gspo"],
)
def test_a_loss_of_rollouts_equals_trls_in_value_and_gradient(ask_trl, objective, settings):
    theirs = ask_trl(**settings)
    ours = loss_of(objective, theirs.view)
    assert ours.item() == pytest.approx(theirs.loss, abs=TOLERANCE)
    ours.backward()
    torch.testing.assert_close(flat_gradient(theirs.policy), theirs.gradient, atol=TOLERANCE, rtol=1e-4)
    assert theirs.gradient.abs().max() > 100 * TOLERANCE


def test_trl_spreads_a_ratio_of_the_sequence_over_tokens_where_its_loss_is_a_mean_over_tokens(ask_trl):
    """With `dapo` a response of GSPO weighs by its length there; ours counts once under every setting that it has."""
    settings = {"importance_sampling_level": "sequence", "epsilon": 0.05, "epsilon_high": 0.06}
    theirs = ask_trl(loss_type="dapo", **settings)
    ours = loss_of(GSPO(epsilon_low=0.05, epsilon_high=0.06), theirs.view)
    assert abs(ours.item() - theirs.loss) > 100 * TOLERANCE


def test_trls_advantages_are_ours_but_for_what_it_adds_to_the_std():
    """(r - mean) / (std + 1e-4) with the sample's std: 1.2076 * 0.51755 / 0.51765 = 1.2073."""
    rewards = [1.0] * 3 + [0.0] * 5
    row = torch.tensor(rewards)
    theirs = (row - row.mean()) / (row.std() + 1e-4)
    ours = GRPO().advantages(batch_of(rewards), {}).tokens.flatten()
    torch.testing.assert_close(ours, theirs, atol=3e-4, rtol=0)
    assert (ours.abs() > theirs.abs()).all()

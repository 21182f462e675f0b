"""Our losses beside those of TRL 1.16, run by its own `DPOTrainer` on two tiny real nets: values and gradients.

Where a loss of the same name is another loss there, a test says what the difference is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer

from seewhy.objectives.api import LessonView, PairObjective, PairView
from seewhy.objectives.bco import BCO
from seewhy.objectives.dpo import DPO
from seewhy.objectives.hinge import Hinge
from seewhy.objectives.ipo import IPO
from seewhy.objectives.mpo import MPO
from seewhy.objectives.nll import NLL
from seewhy.objectives.robust import Robust
from seewhy.objectives.sft import SFT

# TRL and transformers warn of each other's renamed settings.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

TOLERANCE = 1e-5
UNEQUAL = {
    "prompt": ["w1 w2 w3", "w4 w5", "w6 w7 w8 w9"],
    "chosen": [" w3 w1 w4", " w2", " w5 w8"],
    "rejected": [" w10", " w11 w12 w13 w14", " w15 w16"],
}
"""Three pairs; no response is as long as another of its side."""
EQUAL = UNEQUAL | {"chosen": [" w3 w1 w4", " w2 w7 w9", " w5 w8 w6"]}
"""The same with chosen responses of one length, where a mean over a batch's tokens is the mean over its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """TRL's loss of a batch, its gradient in every weight of the policy, and what we make of the same batch."""

    loss: float
    gradient: Tensor
    view: PairView
    policy: LlamaForCausalLM


def make_net(seed: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    # Wide weights, for policy and reference to differ by nats.
    return LlamaForCausalLM(LlamaConfig(vocab_size=24, initializer_range=0.5, **shape))


def make_tokenizer() -> PreTrainedTokenizerFast:
    words = [f"w{number}" for number in range(22)] + ["<pad>", "<end>"]
    plain = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="w0"))
    plain.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="<pad>", eos_token="<end>", unk_token="w0")


def flat_gradient(net: LlamaForCausalLM) -> Tensor:
    return torch.cat([weight.grad.flatten() for weight in net.parameters() if weight.grad is not None])


def view_batch(policy: LlamaForCausalLM, reference: LlamaForCausalLM, batch: dict[str, Tensor]) -> PairView:
    """Our view of TRL's batch, whose first half is chosen and whose second half is rejected."""
    ids, mask = batch["input_ids"], batch["completion_mask"][:, 1:].bool()

    def tell(net: LlamaForCausalLM) -> tuple[Tensor, ...]:
        logps = net(input_ids=ids, attention_mask=batch["attention_mask"]).logits[:, :-1].log_softmax(dim=-1)
        per_token = logps.gather(-1, ids[:, 1:, None]).squeeze(-1)
        return torch.where(mask, per_token, 0.0).chunk(2)

    (policy_chosen, policy_rejected), (reference_chosen, reference_rejected) = tell(policy), tell(reference)
    chosen_mask, rejected_mask = mask.chunk(2)
    return PairView(
        policy_chosen=policy_chosen,
        policy_rejected=policy_rejected,
        reference_chosen=reference_chosen.detach(),
        reference_rejected=reference_rejected.detach(),
        chosen_mask=chosen_mask,
        rejected_mask=rejected_mask,
    )


@pytest.fixture
def ask_trl(tmp_path: Path) -> Callable[..., Answer]:
    """Runs `DPOTrainer.compute_loss` on all pairs at once. Its nets and ours are twins, for TRL rewires its own."""

    def ask(pairs: dict[str, list[str]], **settings: object) -> Answer:
        quiet = {"use_cpu": True, "bf16": False, "report_to": [], "disable_tqdm": True}
        trainer = DPOTrainer(
            model=make_net(1),
            ref_model=make_net(2),
            args=DPOConfig(output_dir=str(tmp_path), beta=0.1, **quiet, **settings),
            train_dataset=Dataset.from_dict(pairs),
            processing_class=make_tokenizer(),
        )
        batch = trainer.data_collator(list(trainer.train_dataset))
        loss = trainer.compute_loss(trainer.model, batch)
        loss.backward()
        policy = make_net(1)
        view = view_batch(policy, make_net(2), batch)
        return Answer(loss=loss.item(), gradient=flat_gradient(trainer.model), view=view, policy=policy)

    return ask


def assert_equal(ours: Tensor, theirs: Answer) -> None:
    assert ours.item() == pytest.approx(theirs.loss, abs=TOLERANCE)
    ours.backward()
    torch.testing.assert_close(flat_gradient(theirs.policy), theirs.gradient, atol=TOLERANCE, rtol=1e-4)
    assert theirs.gradient.abs().max() > 100 * TOLERANCE


@pytest.mark.parametrize(
    ("objective", "settings"),
    [
        (DPO(), {"loss_type": ["sigmoid"]}),
        (Hinge(), {"loss_type": ["hinge"]}),
        (IPO(), {"loss_type": ["ipo"]}),
        (Robust(label_smoothing=0.2), {"loss_type": ["robust"], "label_smoothing": 0.2}),
        (BCO(), {"loss_type": ["bco_pair"]}),
    ],
    ids=["dpo", "hinge", "ipo", "robust", "bco"],
)
def test_a_pair_loss_equals_trls_in_value_and_gradient(ask_trl, objective: PairObjective, settings):
    theirs = ask_trl(UNEQUAL, **settings)
    assert_equal(objective.loss(theirs.view, objective.initial()).each.mean(), theirs)


def test_mpo_equals_trls_sum_of_three_where_delta_is_zero_and_lengths_are_equal(ask_trl):
    theirs = ask_trl(EQUAL, loss_type=["sigmoid", "bco_pair", "sft"], loss_weights=[0.8, 0.2, 1.0])
    mpo = MPO()
    assert_equal(mpo.loss(theirs.view, mpo.initial()).each.mean(), theirs)


def test_imitation_equals_trls_sft_where_lengths_are_equal(ask_trl):
    theirs = ask_trl(EQUAL, loss_type=["sft"])
    lessons = LessonView(policy=theirs.view.policy_chosen, mask=theirs.view.chosen_mask)
    assert SFT().loss(lessons).each.mean().item() == pytest.approx(theirs.loss, abs=TOLERANCE)
    assert_equal(NLL().loss(theirs.view, {}).each.mean(), theirs)


def test_trls_sft_weighs_lessons_by_their_length_where_ours_weigh_the_same(ask_trl):
    """TRL: the mean over all chosen tokens of the micro-batch. Ours, weighed by length, is that mean; unweighed not."""
    theirs = ask_trl(UNEQUAL, loss_type=["sft"])
    each, lengths = NLL().loss(theirs.view, {}).each, theirs.view.chosen_mask.sum(dim=1)
    assert lengths.tolist() == [4, 2, 3]
    assert ((each * lengths).sum() / lengths.sum()).item() == pytest.approx(theirs.loss, abs=TOLERANCE)
    assert abs(each.mean().item() - theirs.loss) > 100 * TOLERANCE


def test_trls_bco_stays_at_delta_zero_where_ours_moves_on_with_the_rewards(ask_trl):
    """TRL 1.16 has no running mean: from the second step on the two differ, by more than rounding."""
    theirs = ask_trl(UNEQUAL, loss_type=["bco_pair"])
    bco = BCO()
    first = bco.loss(theirs.view, bco.initial())
    rewards = torch.cat([first.terms["reward_chosen"], first.terms["reward_rejected"]])
    second = bco.loss(theirs.view, bco.advance(bco.initial(), rewards))
    assert abs(rewards.mean().item()) > 0.01
    assert abs(second.each.mean().item() - theirs.loss) > 100 * TOLERANCE

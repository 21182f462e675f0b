"""The output layer of a vocabulary of 150,000 words: [tokens, vocabulary] logits are never whole in any training."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from small_hub import asked_in
from small_online import EvenReward
from tiny_trainable import lesson, pair
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import Geometry, make_net, make_processor, make_tokenizer
from seewhy.model.packed.logps import CHUNK_LOGITS, per_token_logps
from seewhy.objectives.api import PolicyObjective
from seewhy.objectives.dpo import DPO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.ppo import PPO
from seewhy.objectives.sft import SFT
from seewhy.records.types import Style
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.online.assemble import Parts, train_online
from seewhy.training.online.plan import CriticPlan, PairsPlan, RolloutPlan
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

WORDS = 150_000
TILE = CHUNK_LOGITS // WORDS
"""Positions whose logits may exist at once: 223."""
ROLLOUTS = RolloutPlan(rounds=1, questions=1, per_question=4, max_tokens=80)
FIT = FitPlan(learning_rate=1e-3, batch_size=4, epochs=1, save_every=1, row_tokens=4000)


class Rows(TorchDispatchMode):
    """Notes the most rows of any tensor whose rows are as long as the vocabulary, in forward and backward passes."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:  # fmt: skip
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor) and tensor.dim() > 1 and tensor.shape[-1] == WORDS:
                self.most = max(self.most, tensor.numel() // WORDS)
        return made


def wide() -> HubModel:
    """A net of one narrow layer that has 150,000 words, of which its tokenizer knows a few."""
    tokenizer = make_tokenizer(["What is the sum of row 1? ### Answer: 16"] * 40, vocabulary=300)
    net = make_net(tokenizer, geometry=Geometry(width=16, layers=1))
    net.resize_token_embeddings(WORDS)
    return HubModel(net, make_processor(tokenizer), "wide")


def reply(text: str) -> str:
    return f"{text} " * 40


def imitate(directory: Path) -> None:
    rows = [lesson(f"q{n}", reply(f"yes {n}")) for n in range(4)]
    list(fit_lessons(wide(), SFT(), rows, asked_in(directory), FIT, directory / "sft"))


def prefer(directory: Path) -> None:
    model, questions = wide(), asked_in(directory)
    pairs = [pair(f"q{n}", reply("yes"), reply("no")) for n in range(2)]
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, questions, FIT))
    list(fit_pairs(model, DPO(), pairs, questions, store, FIT, directory / "dpo"))


def draw(objective: PolicyObjective, critic: CriticPlan | None) -> Callable[[Path], None]:
    def work(directory: Path) -> None:
        made = wide()
        list(train_online(Parts(
            model=made, objective=objective, pairs=PairsPlan(), rewards={"even": EvenReward()}, weights={"even": 1.0},
            questions=asked_in(directory, 1), plan=ROLLOUTS, fit=FIT, critic=critic, style=Style.REASON,
            directory=directory / objective.name, reference=wide, note=lambda _: None, recipe={},
        )))  # fmt: skip

    return work


WAYS: Mapping[str, Callable[[Path], None]] = {
    "sft": imitate,
    "dpo": prefer,
    "grpo": draw(GRPO(kl=0.1), None),
    "ppo": draw(PPO(), CriticPlan()),
}


def test_log_probabilities_and_their_gradient_hold_a_tile_of_logits() -> None:
    layer = torch.nn.Linear(4, WORDS, bias=False, device="meta")
    hidden = torch.empty(3 * TILE + 40, 4, device="meta", requires_grad=True)
    with Rows() as rows:
        targets = torch.empty(len(hidden), dtype=torch.long, device="meta")
        per_token_logps(hidden, layer, targets, WORDS).sum().backward()
    assert rows.most == TILE


@pytest.mark.nightly
@pytest.mark.parametrize("way", WAYS)
def test_logits_of_a_large_vocabulary_exist_a_tile_at_a_time_in_a_training(tmp_path: Path, way: str) -> None:
    with Rows() as rows:
        WAYS[way](tmp_path)
    assert rows.most == TILE

"""mDPO in training: which pictures each response is scored with, in which pass, and against which reference rows."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_trainable import TinyTrainable, pair, pairs_of, questions_of
from torch import Tensor

from seewhy.objectives.api import PairView
from seewhy.objectives.dpo import DPO
from seewhy.objectives.mdpo import MDPO
from seewhy.records.types import Question, Style
from seewhy.training.examples import Asked, pair_example, questions_by_id
from seewhy.training.fit import fit_pairs
from seewhy.training.grouping import forwards_of, group_tokens, groups_of
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows
from seewhy.training.views import pair_view

PLAN = FitPlan(learning_rate=1e-2, batch_size=8, row_tokens=60)
QUESTIONS = questions_of(4)
PAIRS = pairs_of(4)


def beside(mark: int) -> list[Question]:
    """The same questions with other pictures."""
    return [replace(one, images=(replace(one.images[0], sha256=f"{mark + place:x}"),))
            for place, one in enumerate(QUESTIONS)]  # fmt: skip


def store(model: TinyTrainable, varied: list[Question]) -> ReferenceStore:
    rows = reference_rows(model, PAIRS, QUESTIONS, PLAN, views=MDPO().views, varied=varied)
    return ReferenceStore.of(model.fingerprint, rows)


def logps(model: TinyTrainable, question: Question, ids: tuple[int, ...]) -> Tensor:
    """One response alone, [1, time]."""
    prompt = model.prompt(question, Style.REASON)
    return model.net(prompt.pictures["pixels"], prompt.ids, ids)[None]


def test_a_step_of_mdpo_is_that_of_three_passes_of_their_own(tmp_path: Path) -> None:
    """Value and gradient of the mean over all pairs, each response of each pair scored by itself."""
    model, still, varied = TinyTrainable(), TinyTrainable(1), beside(40)
    model.net.eval()
    still.net.eval()
    examples = [made for one in PAIRS if (made := pair_example(model, one, 0, is_varied=True))]
    asked = Asked(questions_by_id(QUESTIONS), questions_by_id(varied))
    losses, shared = list[Tensor](), list[Tensor]()
    for example in examples:
        own, other = asked[example.question_id], asked.varied[example.question_id]
        chosen, rejected = example.responses
        masks = [torch.ones(1, len(ids), dtype=torch.bool) for ids in example.responses]
        view = PairView(
            policy_chosen=logps(model, own, chosen), policy_rejected=logps(model, own, rejected),
            policy_varied=logps(model, other, chosen), chosen_mask=masks[0], rejected_mask=masks[1],
            reference_chosen=logps(still, own, chosen).detach(),
            reference_rejected=logps(still, own, rejected).detach(),
            reference_varied=logps(still, other, chosen).detach(),
        )  # fmt: skip
        losses.append(MDPO().loss(view, {}).each)
    apart = torch.autograd.grad(torch.cat(losses).sum(), list(model.net.parameters()))
    rows = store(still, varied)
    for forward in forwards_of(model, asked, examples, PLAN.row_tokens):
        known = [rows.of_pair(asked, example) for part in forward for example in part.examples]
        shared.append(MDPO().loss(pair_view(forward, model.group_logps(groups_of(forward)), known), {}).each)
    assert torch.cat(shared).sum().item() == pytest.approx(torch.cat(losses).sum().item(), rel=1e-5)
    together = torch.autograd.grad(torch.cat(shared).sum(), list(model.net.parameters()))
    for one, other in zip(apart, together, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_reference_rows_are_keyed_by_the_varied_picture() -> None:
    """Four questions: 14 distinct responses with their own pictures, and 6 chosen ones with varied pictures."""
    model = TinyTrainable()
    assert len(store(model, beside(40)).logprobs) == 14 + 6
    assert store(model, beside(40)).logprobs.keys() & store(model, beside(80)).logprobs.keys() == {
        row.key for row in reference_rows(model, PAIRS, QUESTIONS, PLAN)
    }
    # Equal pictures are still rows of their own.
    assert len(store(model, QUESTIONS).logprobs) == 14 + 6


def test_a_pair_s_groups_lie_in_one_pass_within_its_budget() -> None:
    model = TinyTrainable()
    examples = [made for one in PAIRS if (made := pair_example(model, one, 0, is_varied=True))]
    asked = Asked(questions_by_id(QUESTIONS), questions_by_id(beside(40)))
    for forward in forwards_of(model, asked, examples, 90):
        assert all(len(shared.groups) == 2 for shared in forward)
        assert sum(group_tokens(model, shared) for shared in forward) <= 90 or len(forward) == 1
        assert len(groups_of(forward)) == 2 * len(forward)


def test_training_with_mdpo_logs_its_parts_and_the_share_that_prefers_the_right_picture(tmp_path: Path) -> None:
    model, varied = TinyTrainable(), beside(40)
    plan = replace(PLAN, epochs=40, learning_rate=3e-2)
    logs = list(fit_pairs(model, MDPO(), PAIRS, QUESTIONS, store(model, varied), plan, tmp_path, varied=varied))
    assert logs[0].loss == pytest.approx(3 * 0.693147, abs=1e-4)
    assert {"dpo", "conditional", "anchor", "picture_margin", "picture_accuracy"} <= logs[0].terms.keys()
    assert logs[-1].terms["picture_margin"] > 0.01 > logs[0].terms["picture_margin"]


def test_what_is_missing_is_named_before_the_first_step(tmp_path: Path) -> None:
    model, varied = TinyTrainable(), beside(40)
    rows = store(model, varied)
    with pytest.raises(ValueError, match="mdpo compares pictures"):
        next(fit_pairs(model, MDPO(), PAIRS, QUESTIONS, rows, PLAN, tmp_path))
    with pytest.raises(ValueError, match="question q3 has no varied pictures: run `vary_pictures`"):
        next(fit_pairs(model, MDPO(), PAIRS, QUESTIONS, rows, PLAN, tmp_path, varied=varied[:3]))
    with pytest.raises(ValueError, match=r"question q0 \(reason\): no reference row"):
        next(fit_pairs(model, MDPO(), PAIRS, QUESTIONS, rows, PLAN, tmp_path, varied=beside(90)))


def test_plain_dpo_looks_at_no_varied_picture(tmp_path: Path) -> None:
    model, one = TinyTrainable(), [pair("q0", "good", "bad")]
    rows = ReferenceStore.of(model.fingerprint, reference_rows(model, one, QUESTIONS, PLAN))
    log = next(fit_pairs(model, DPO(), one, QUESTIONS, rows, PLAN, tmp_path, varied=beside(40)))
    assert "picture_accuracy" not in log.terms
    assert model.forwards[-1] == 1

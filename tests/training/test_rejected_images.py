"""Pairs whose rejected side shows pictures of its own: what is scored, in which pass, against which reference rows."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_hub import asked_in, opened
from tiny_trainable import TinyTrainable, pair, pairs_of, questions_of, store_of
from torch import Tensor

from seewhy.model.api import ScoreRequest
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.plan import AdapterPlan
from seewhy.objectives.dpo import DPO
from seewhy.objectives.mdpo import MDPO
from seewhy.objectives.nll import NLL
from seewhy.records.conversation import with_pictures
from seewhy.records.turns import ImageRef, Role, Turn
from seewhy.records.types import Pair, Style
from seewhy.training.examples import pair_example, questions_by_id
from seewhy.training.fit import fit_pairs
from seewhy.training.grouping import forwards_of, groups_of
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows
from seewhy.training.views import pair_view

PLAN = FitPlan(learning_rate=1e-2, batch_size=16, row_tokens=100_000, warmup=0.0)
QUESTIONS = questions_of(3)


def shown(one: Pair, mark: int) -> Pair:
    return replace(one, rejected_images=(ImageRef(sha256=f"{mark:x}", path="unread"),))


MIXED = [
    pair("q0", "good", "bad"), shown(pair("q0", "good", "bad"), 40), shown(pair("q0", "good", "good"), 40),
    shown(pair("q0", "fine", "worse"), 41), shown(pair("q1", "good", "bad"), 40), pair("q2", "good", "bad"),
]  # fmt: skip
"""Five pictures' prompts of q0 to q2; one pair of equal texts, whose pictures alone differ."""


def apart(model: TinyTrainable, still: TinyTrainable, one: Pair) -> Tensor:
    """-log s(0.1 (lr(chosen) - lr(rejected))) of a pair, each side a row of its own, its prompt made by hand."""
    question = {each.id: each for each in QUESTIONS}[one.question_id]
    other = question if one.rejected_images is None else replace(question, images=one.rejected_images)
    ratios: list[Tensor] = []
    for asked, side in ((question, one.chosen), (other, one.rejected)):
        prompt, ids = model.prompt(asked, Style.REASON), model.response_ids(side)
        policy, frozen = (each.net(prompt.pictures["pixels"], prompt.ids, ids).sum() for each in (model, still))
        ratios.append(policy - frozen.detach())
    return -torch.nn.functional.logsigmoid(0.1 * (ratios[0] - ratios[1]))


@pytest.mark.parametrize("row_tokens", [1, 60, 100_000])
def test_losses_and_gradients_are_those_of_rows_made_by_hand(row_tokens: int) -> None:
    model, still, asked = TinyTrainable(), TinyTrainable(1), questions_by_id(QUESTIONS)
    model.net.eval()
    store = store_of(still, MIXED, QUESTIONS, PLAN)
    still.net.eval()
    losses = torch.stack([apart(model, still, one) for one in MIXED])
    wanted = torch.autograd.grad(losses.sum(), list(model.net.parameters()))
    examples = [made for one in MIXED if (made := pair_example(model, one, 0))]
    assert len(examples) == len(MIXED)
    found: list[Tensor] = []
    for forward in forwards_of(model, asked, examples, row_tokens):
        known = [store.of_pair(asked, example) for part in forward for example in part.examples]
        found.append(DPO(beta=0.1).loss(pair_view(forward, model.group_logps(groups_of(forward)), known), {}).each)
    torch.testing.assert_close(torch.cat(found).sort().values, losses.sort().values, rtol=1e-5, atol=1e-6)
    got = torch.autograd.grad(torch.cat(found).sum(), list(model.net.parameters()))
    for one, other in zip(wanted, got, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_pairs_of_a_prompt_stay_in_one_pass_with_a_group_for_each_set_of_pictures() -> None:
    model = TinyTrainable()
    examples = [made for one in MIXED[:4] if (made := pair_example(model, one, 0))]
    ((shared,),) = forwards_of(model, questions_by_id(QUESTIONS), examples, 100_000)
    assert [len(group.responses) for group in shared.groups] == [3, 2, 1]
    assert shared.picks == ((0, 1), (0, 3), (0, 4), (2, 5))


def test_reference_rows_are_keyed_by_the_pictures_that_a_side_shows() -> None:
    model = TinyTrainable()
    own = {row.key for row in reference_rows(model, MIXED[:1], QUESTIONS, PLAN)}
    for other in (shown(MIXED[0], 40), shown(MIXED[0], 41)):
        rows = {row.key: row for row in reference_rows(model, [other], QUESTIONS, PLAN)}
        assert len(rows) == 2
        assert len(rows.keys() & own) == 1  # the chosen side
        assert not {row.key for row in reference_rows(model, [other], QUESTIONS, PLAN, have=rows.keys())}
    # The chosen side is on disk already: the rejected one is scored alone.
    assert len(list(reference_rows(model, [shown(MIXED[0], 40)], QUESTIONS, PLAN, have=own))) == 1


def test_pictures_equal_to_the_question_s_own_are_none_of_their_own(tmp_path: Path) -> None:
    model, same = TinyTrainable(), shown(pair("q1", "good", "bad"), 1)
    assert [row.key for row in reference_rows(model, [same], QUESTIONS, PLAN)] == [
        row.key for row in reference_rows(model, [pair("q1", "good", "bad")], QUESTIONS, PLAN)
    ]
    equal = shown(pair("q1", "good", "good"), 1)
    store = store_of(model, [same], QUESTIONS, PLAN)
    (log,) = fit_pairs(model, DPO(), [same, equal], QUESTIONS, store, PLAN, tmp_path)
    assert log.terms["dropped_pairs"] == 1


def test_a_run_takes_its_steps_from_both_prompts_and_begins_at_the_reference(tmp_path: Path) -> None:
    model = TinyTrainable()
    plan = replace(PLAN, epochs=30, learning_rate=3e-2)
    logs = list(fit_pairs(model, DPO(), MIXED, QUESTIONS, store_of(model, MIXED, QUESTIONS, plan), plan, tmp_path))
    assert logs[0].loss == pytest.approx(0.693147, abs=1e-5)
    assert logs[-1].terms["margin"] > 10 * abs(logs[0].terms["margin"])
    plain = [replace(one, rejected_images=None) for one in MIXED]
    other = TinyTrainable()
    with pytest.raises(ValueError, match="no reference row"):
        list(fit_pairs(other, DPO(), MIXED, QUESTIONS, store_of(other, plain, QUESTIONS, plan), plan, tmp_path / "b"))


def test_a_run_of_other_rejected_pictures_is_another_run(tmp_path: Path) -> None:
    model, rows = TinyTrainable(), [shown(one, 40) for one in pairs_of(3)]
    others = [shown(one, 41) for one in pairs_of(3)]
    store = store_of(model, [*rows, *others], QUESTIONS, PLAN)
    next(fit_pairs(model, DPO(), rows, QUESTIONS, store, replace(PLAN, batch_size=2, save_every=1), tmp_path))
    with pytest.raises(ValueError, match="another rows"):
        next(fit_pairs(TinyTrainable(), DPO(), others, QUESTIONS, store, replace(PLAN, batch_size=2), tmp_path))


def test_mdpo_compares_the_chosen_side_s_pictures_and_leaves_the_rejected_side_its_own(tmp_path: Path) -> None:
    model = TinyTrainable()
    varied = [replace(one, images=(ImageRef(sha256=f"{80 + n:x}", path="unread"),)) for n, one in enumerate(QUESTIONS)]
    rows = reference_rows(model, MIXED, QUESTIONS, PLAN, views=MDPO().views, varied=varied)
    store = ReferenceStore.of(model.fingerprint, rows)
    log = next(fit_pairs(model, MDPO(), MIXED, QUESTIONS, store, PLAN, tmp_path, varied=varied))
    assert log.loss == pytest.approx(3 * 0.693147, abs=1e-4)


def test_another_number_of_pictures_than_places_is_refused_before_the_first_step(tmp_path: Path) -> None:
    model = TinyTrainable()
    placed = [replace(QUESTIONS[0], places=(1,))]
    two = replace(MIXED[1], rejected_images=tuple(ImageRef(sha256=mark, path="unread") for mark in "ab"))
    for attempt in (
        lambda: list(reference_rows(model, [two], placed, PLAN)),
        lambda: list(fit_pairs(model, NLL(), [two], placed, None, PLAN, tmp_path)),
    ):
        with pytest.raises(ValueError, match=r"rejected_images of a pair: question q0: 2 pictures and 1 places"):
            attempt()


def test_no_pictures_leave_no_places() -> None:
    turns = (Turn(role=Role.USER, text="Look.", places=(0,)), Turn(role=Role.ASSISTANT, text="Yes."))
    asked = replace(QUESTIONS[0], turns=turns, images=QUESTIONS[0].images * 2, places=(2,))
    bare = with_pictures(asked, ())
    assert (bare.images, bare.places, [turn.places for turn in bare.turns]) == ((), None, [(), ()])


@pytest.mark.parametrize("path", [ScorePath.PACKED, ScorePath.SEPARATE])
def test_a_real_net_scores_both_sides_with_their_own_pictures(path: ScorePath, tmp_path: Path) -> None:
    """Packed in one row, or one row a side: values are those of each side scored by itself, with its pictures."""
    model, questions = opened(tmp_path, AdapterPlan()), asked_in(tmp_path)
    asked = {one.id: one for one in questions}
    first, second = questions[0], questions[1]
    one = replace(pair(first.id, "good", "bad"), rejected_images=second.images)
    bare = replace(pair(first.id, "fine", "bad"), rejected_images=())
    examples = [made for each in (one, bare) if (made := pair_example(model, each, 0))]
    ((shared,),) = forwards_of(model, asked, examples, 100_000)
    model.path_of([model.prompt(first, Style.REASON), model.prompt(first, Style.REASON, blind=True)])
    model.checks = {kind: replace(check, path=path) for kind, check in model.checks.items()}
    view = pair_view([shared], model.group_logps(groups_of([shared])), None)
    for row, (rejected, text) in enumerate(
        ((replace(first, images=second.images), one), (with_pictures(first, ()), bare))
    ):
        ((alone,),) = model.score([ScoreRequest(question=rejected, style=Style.REASON, responses=(text.rejected,))])
        mask = view.rejected_mask[row]
        torch.testing.assert_close(view.policy_rejected[row][mask], torch.tensor(alone), rtol=1e-4, atol=1e-4)
        ((alone,),) = model.score([ScoreRequest(question=first, style=Style.REASON, responses=(text.chosen,))])
        mask = view.chosen_mask[row]
        torch.testing.assert_close(view.policy_chosen[row][mask], torch.tensor(alone), rtol=1e-4, atol=1e-4)

"""The frozen model's log-probabilities: complete, exact, and tied to what they were computed from."""

from dataclasses import replace

import pytest
import torch
from tiny_trainable import TinyTrainable, pair, pairs_of, questions_of, store_of

from seewhy.objectives.api import PictureVariant, Scorer, Side, View
from seewhy.objectives.dpo import DPO
from seewhy.objectives.nll import NLL
from seewhy.objectives.sft import SFT
from seewhy.records.types import ImageRef, Response, Style
from seewhy.training.examples import pair_example, questions_by_id
from seewhy.training.identity import weights_fingerprint
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_key, reference_rows

PLAN = FitPlan(learning_rate=1e-3, row_tokens=60)
QUESTIONS = questions_of(4)


def test_every_distinct_response_has_one_row() -> None:
    rows = list(reference_rows(TinyTrainable(), pairs_of(4), QUESTIONS, PLAN))
    assert len({row.key for row in rows}) == len(rows) == 4 * 3 + 2


def test_a_row_holds_what_the_model_says_without_dropout() -> None:
    model = TinyTrainable()
    model.net.train()
    store = store_of(model, pairs_of(4), QUESTIONS, PLAN)
    prompt, ids = model.prompt(QUESTIONS[2], Style.REASON), model.response_ids(Response(text="good2"))
    model.net.eval()
    expected = model.net(prompt.pictures["pixels"], prompt.ids, ids)
    assert store.find(QUESTIONS[2], Style.REASON, ids).tolist() == expected.tolist()


def test_the_reference_is_scored_without_a_graph() -> None:
    model, graphs = TinyTrainable(), list[bool]()
    model.net.register_forward_hook(lambda *_: graphs.append(torch.is_grad_enabled()))
    assert list(reference_rows(model, pairs_of(1), QUESTIONS, PLAN))
    assert set(graphs) == {False}


def test_rows_on_disk_are_not_computed_again() -> None:
    model = TinyTrainable()
    rows = list(reference_rows(model, pairs_of(4), QUESTIONS, PLAN))
    model.forwards.clear()
    assert list(reference_rows(model, pairs_of(4), QUESTIONS, PLAN, have={row.key for row in rows})) == []
    assert model.forwards == []
    rest = list(reference_rows(model, pairs_of(4), QUESTIONS, PLAN, have={row.key for row in rows[:-2]}))
    assert {row.key for row in rest} == {row.key for row in rows[-2:]}


def test_a_key_tells_model_picture_words_style_and_response_apart() -> None:
    question = QUESTIONS[0]
    keys = {
        reference_key("model", question, Style.REASON, (5, 6)),
        reference_key("other", question, Style.REASON, (5, 6)),
        reference_key("model", question, Style.DIRECT, (5, 6)),
        reference_key("model", question, Style.REASON, (5, 6, 7)),
        reference_key("model", replace(question, text="else?"), Style.REASON, (5, 6)),
        reference_key("model", replace(question, images=(ImageRef(sha256="ff", path="x"),)), Style.REASON, (5, 6)),
        reference_key("model", question, Style.REASON, (5, 6), PictureVariant.NONE),
    }
    assert len(keys) == 7


def test_rows_of_two_picture_variants_are_kept_apart_and_hold_what_each_prompt_gives() -> None:
    model, pairs = TinyTrainable(), [pair("q0", "good", "bad")]
    blind = View(scorer=Scorer.REFERENCE, side=Side.CHOSEN, pictures=PictureVariant.NONE)
    rows = list(reference_rows(model, pairs, QUESTIONS, PLAN, views=(*DPO().views, blind)))
    assert len({row.key for row in rows}) == len(rows) == 3
    store, ids = ReferenceStore.of(model.fingerprint, rows), model.response_ids(Response(text="good"))
    seen, unseen = (
        store.find(QUESTIONS[0], Style.REASON, ids, variant) for variant in (PictureVariant.OWN, PictureVariant.NONE)
    )
    prompt = model.prompt(QUESTIONS[0], Style.REASON, blind=True)
    assert unseen.tolist() == model.net(prompt.pictures["pixels"], prompt.ids, ids).tolist()
    assert unseen.tolist() != seen.tolist()


def test_rows_are_computed_for_the_views_of_a_reference_alone() -> None:
    model, pairs = TinyTrainable(), pairs_of(4)
    assert list(reference_rows(model, pairs, QUESTIONS, PLAN, views=NLL().views)) == []
    assert list(reference_rows(model, pairs, QUESTIONS, PLAN, views=SFT().views)) == []
    assert model.forwards == []
    chosen = (View(scorer=Scorer.REFERENCE, side=Side.CHOSEN),)
    assert len(list(reference_rows(model, pairs, QUESTIONS, PLAN, views=chosen))) == 4 + 2


def test_a_view_of_a_reference_that_pairs_do_not_have_is_refused() -> None:
    views = (View(scorer=Scorer.REFERENCE, side=Side.RESPONSE),)
    with pytest.raises(ValueError, match="reference of response"):
        list(reference_rows(TinyTrainable(), pairs_of(1), QUESTIONS, PLAN, views=views))


class Renamed(TinyTrainable):
    """Has another fingerprint every time that its weights are hashed."""

    hashes = 0

    @property
    def fingerprint(self) -> str:
        self.hashes += 1
        return f"hash {self.hashes}"


def test_all_blocks_of_a_reference_go_by_one_hash_of_the_weights() -> None:
    model, pairs = Renamed(), pairs_of(3)
    rows = [row for one in pairs for row in reference_rows(model, [one], QUESTIONS, PLAN)]
    store = ReferenceStore.of(weights_fingerprint(model), rows)
    assert all(
        len(store.of_pair(questions_by_id(QUESTIONS), made)) == 2
        for one in pairs
        if (made := pair_example(model, one, 0))
    )


def test_weights_that_moved_are_hashed_again() -> None:
    model = TinyTrainable()
    before = weights_fingerprint(model)
    assert weights_fingerprint(model) is before
    with torch.no_grad():
        model.net.head.bias[0] += 1
    assert weights_fingerprint(model) == model.fingerprint != before


def test_a_model_whose_weights_are_replaced_is_hashed_again() -> None:
    model, other = TinyTrainable(), TinyTrainable(1)
    before = weights_fingerprint(model)
    model.net.load_state_dict(other.net.state_dict())
    assert weights_fingerprint(model) == other.fingerprint != before
    model.net = TinyTrainable(2).net
    assert weights_fingerprint(model) == TinyTrainable(2).fingerprint


def test_a_reference_that_gives_no_number_is_refused_with_the_question() -> None:
    model = TinyTrainable()
    with torch.no_grad():
        model.net.head.bias[0] = torch.nan
    with pytest.raises(ArithmeticError, match=r"question q0 \(reason\).*not finite"):
        list(reference_rows(model, pairs_of(1), QUESTIONS, PLAN))


def test_a_key_does_not_depend_on_the_name_of_the_question_or_the_place_of_its_picture() -> None:
    question = QUESTIONS[0]
    moved = replace(question, id="renamed", images=(ImageRef(sha256=question.images[0].sha256, path="elsewhere"),))
    assert reference_key("m", question, Style.REASON, (5,)) == reference_key("m", moved, Style.REASON, (5,))


def test_a_missing_row_names_question_and_remedy() -> None:
    store = store_of(TinyTrainable(), [pair("q0", "a", "b")], QUESTIONS, PLAN)
    with pytest.raises(ValueError, match=r"question q1 \(reason\).*run the reference stage again"):
        store.find(QUESTIONS[1], Style.REASON, (5, 1))

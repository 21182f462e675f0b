"""The frozen model's log-probabilities: complete, exact, and tied to what they were computed from."""

from dataclasses import replace

import pytest
import torch
from tiny_trainable import TinyTrainable, pair, pairs_of, questions_of, store_of

from seewhy.records.types import ImageRef, Response, Style
from seewhy.training.plan import FitPlan
from seewhy.training.reference import reference_key, reference_rows

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
    }
    assert len(keys) == 6


def test_a_key_does_not_depend_on_the_name_of_the_question_or_the_place_of_its_picture() -> None:
    question = QUESTIONS[0]
    moved = replace(question, id="renamed", images=(ImageRef(sha256=question.images[0].sha256, path="elsewhere"),))
    assert reference_key("m", question, Style.REASON, (5,)) == reference_key("m", moved, Style.REASON, (5,))


def test_a_missing_row_names_question_and_remedy() -> None:
    store = store_of(TinyTrainable(), [pair("q0", "a", "b")], QUESTIONS, PLAN)
    with pytest.raises(ValueError, match=r"question q1 \(reason\).*run the reference stage again"):
        store.find(QUESTIONS[1], Style.REASON, (5, 1))

"""The order of rows, and the groups and forward passes they share."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_trainable import TinyTrainable, lesson, pair, pairs_of, questions_of

from seewhy.records.types import Style
from seewhy.training.examples import TrainingExample, lesson_example, pair_example, questions_by_id, steps_of
from seewhy.training.grouping import Prompts, forwards_of, share
from seewhy.training.plan import FitPlan
from seewhy.training.views import pair_view


def examples(sizes: list[int]) -> list[TrainingExample]:
    """`sizes[n]` exercises of question n."""
    return [
        TrainingExample(question_id=f"q{n}", style=Style.REASON, responses=((2, k), (3, k)))
        for n, size in enumerate(sizes)
        for k in range(size)
    ]


def plan(batch_size: int, seed: int = 0, epochs: int = 2) -> FitPlan:
    return FitPlan(learning_rate=1e-3, batch_size=batch_size, seed=seed, epochs=epochs)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=20), st.integers(1, 8), st.integers(0, 5))
def test_every_epoch_trains_every_row_once_in_steps_of_at_most_the_batch_size(
    sizes: list[int], batch_size: int, seed: int
) -> None:
    rows = examples(sizes)
    once = steps_of(rows, plan(batch_size, seed, epochs=1))
    twice = steps_of(rows, plan(batch_size, seed, epochs=2))
    assert twice[: len(once)] == once
    for epoch in (once, twice[len(once) :]):
        assert sorted(chain(*epoch)) == list(range(len(rows)))
        assert all(1 <= len(step) <= batch_size for step in epoch)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=20), st.integers(4, 8))
def test_rows_of_one_prompt_stay_in_one_step(sizes: list[int], batch_size: int) -> None:
    rows = examples(sizes)
    for number, _ in enumerate(sizes):
        holders = [
            step for step in steps_of(rows, plan(batch_size, epochs=1))
            if any(rows[place].question_id == f"q{number}" for place in step)
        ]  # fmt: skip
        assert len(holders) == 1


def test_the_order_is_a_function_of_the_seed_and_the_epoch() -> None:
    rows = examples([1] * 30)
    order = steps_of(rows, plan(4))
    assert order == steps_of(list(rows), plan(4))
    assert order != steps_of(rows, plan(4, seed=1))
    assert order[:8] != order[8:]
    assert [place for step in order[:8] for place in step] != list(range(30))


def test_an_order_that_was_seen_once_is_seen_again_on_every_machine() -> None:
    order = steps_of(examples([1, 2, 3, 1, 2]), plan(3, epochs=1))
    assert order == [(7, 8), (3, 4, 5), (1, 2, 0), (6,)]


def test_a_response_of_two_pairs_stands_once_in_the_group_and_twice_in_the_view() -> None:
    model, questions = TinyTrainable(), questions_of(1)
    rows = [row for other in ("bad", "worse") if (row := pair_example(model, pair("q0", "good", other), 0))]
    shared = share(Prompts(own=model.prompt(questions[0], Style.REASON)), rows)
    assert len(shared.group.responses) == 3
    assert shared.picks == ((0, 1), (0, 2))
    logps = model.group_logps([shared.group])
    view = pair_view([shared], logps, [(logps[0][0] * 2, logps[0][1] * 2), (logps[0][0] * 2, logps[0][2] * 2)])
    assert view.policy_chosen.shape == (2, 5)
    assert view.policy_rejected.shape == (2, 6)
    assert view.rejected_mask.tolist() == [[True] * 4 + [False] * 2, [True] * 6]
    assert view.policy_rejected[0, 4:].tolist() == [0.0, 0.0]
    assert view.policy_chosen[0].tolist() == view.policy_chosen[1].tolist() == logps[0][0].tolist()
    assert (view.reference_rejected == 2 * view.policy_rejected).all()


@pytest.mark.parametrize("row_tokens", [1, 30, 45, 80, 10_000])
def test_forward_passes_hold_every_row_once_and_stay_within_the_budget(row_tokens: int) -> None:
    model, questions = TinyTrainable(), questions_of(6)
    rows = [row for one in pairs_of(6) if (row := pair_example(model, one, 0))]
    forwards = forwards_of(model, questions_by_id(questions), rows, row_tokens)
    held = [example for forward in forwards for shared in forward for example in shared.examples]
    assert sorted(map(repr, held)) == sorted(map(repr, rows))
    for forward in forwards:
        tokens = sum(model.group_tokens(shared.group) for shared in forward)
        alone = len(forward) == 1 and len(forward[0].examples) == 1
        assert tokens <= row_tokens or alone


def test_rows_of_two_styles_do_not_share_a_prompt() -> None:
    model, questions = TinyTrainable(), questions_of(1)
    rows = [lesson_example(model, lesson("q0", "a", style), 0) for style in (Style.REASON, Style.DIRECT)]
    (forward,) = forwards_of(model, questions_by_id(questions), rows, 1000)
    assert len({shared.group.prompt.ids for shared in forward}) == 2


def test_truncation_keeps_the_first_tokens() -> None:
    row = lesson_example(TinyTrainable(), lesson("q0", "abcdef"), 3)
    assert row.responses == (TinyTrainable().response_ids(lesson("q0", "abc").response)[:3],)

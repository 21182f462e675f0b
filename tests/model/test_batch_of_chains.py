"""A chain is a function of its address: batch, neighbours, limits and path change nothing in it."""

import itertools

import pytest
import torch
from untrained import GREEDY, MANY_ENDS, PLAIN, drawn_of, picture, question

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.generation.decode import Drawn
from seewhy.model.packed.scores import Path
from seewhy.records.types import Style

QUESTIONS = 8
NARROW = SamplingParams(max_tokens=24, temperature=0.7, top_p=0.9, seed=5)
NO_END = frozenset[int]()


@pytest.fixture
def asks(tmp_path) -> list[GenerateRequest]:
    """Eight questions of one to three chains; one in three is blind."""
    return [
        GenerateRequest(
            question=question(n, picture(tmp_path, n)), style=Style.REASON, count=1 + n % 3, blind=n % 3 == 1
        )
        for n in range(QUESTIONS)
    ]


def flat(drawn: list[list[Drawn]]) -> list[Drawn]:
    return [chain for chains in drawn for chain in chains]


def assert_same(found: list[Drawn], expected: list[Drawn]) -> None:
    assert [(chain.ids, chain.ended) for chain in found] == [(chain.ids, chain.ended) for chain in expected]
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(torch.tensor(a.logprobs), torch.tensor(b.logprobs), rtol=0, atol=1e-4)


@pytest.mark.parametrize("decoding", [PLAIN, GREEDY, NARROW], ids=["plain", "greedy", "narrow"])
def test_chains_are_the_same_one_three_and_eight_questions_at_a_time(model, asks, decoding):
    together = flat(drawn_of(model, asks, decoding))
    assert len({len(chain.ids) for chain in together}) > 3
    for size in (1, 3):
        batches = [asks[start : start + size] for start in range(0, QUESTIONS, size)]
        assert_same([chain for batch in batches for chain in flat(drawn_of(model, batch, decoding))], together)
    backwards = drawn_of(model, asks[::-1], decoding)[::-1]
    assert_same(flat(backwards), together)


def test_separate_rows_draw_the_same_chains_with_the_same_log_probabilities(model, asks):
    for decoding in (PLAIN, GREEDY):
        separate = flat(drawn_of(model, asks, decoding, path=Path.SEPARATE))
        assert_same(separate, flat(drawn_of(model, asks, decoding)))


@pytest.mark.parametrize("path", list(Path))
def test_a_chain_that_ends_leaves_without_changing_the_others(model, asks, path):
    """With ends, each chain is what it is without them, cut at its first end: whoever left before."""
    whole = flat(drawn_of(model, asks, ends=NO_END, path=path))
    cut = flat(drawn_of(model, asks, path=path))
    for long, short in zip(whole, cut, strict=True):
        ended = [time for time, token in enumerate(long.ids) if token in MANY_ENDS]
        length = ended[0] + 1 if ended else PLAIN.max_tokens
        assert short.ids == long.ids[:length]
        assert short.ended == bool(ended)
    assert {chain.ended for chain in cut} == {True, False}


@pytest.mark.parametrize("path", list(Path))
def test_a_chain_has_as_many_tokens_as_the_limit_says_and_a_higher_limit_only_adds_to_it(model, asks, path):
    limited = {
        most: flat(drawn_of(model, asks[:4], SamplingParams(max_tokens=most), NO_END, path)) for most in (1, 2, 7, 24)
    }
    for most, chains in limited.items():
        assert {len(chain.ids) for chain in chains} == {most}
        assert not any(chain.ended for chain in chains)
    for (fewer, short), (_, long) in itertools.pairwise(limited.items()):
        assert [chain.ids for chain in short] == [chain.ids[:fewer] for chain in long]


def test_chains_of_one_prompt_differ_and_so_do_those_of_equal_prompts_of_other_questions(model, asks):
    one, other = asks[0].question, asks[1].question
    twin = question(0, *one.images)
    renamed = [GenerateRequest(question=each, style=Style.REASON, count=4, blind=True) for each in (one, twin, other)]
    first, same, third = drawn_of(model, renamed, ends=NO_END)
    assert [chain.ids for chain in first] == [chain.ids for chain in same]
    assert len({chain.ids for chain in [*first, *third]}) == 8

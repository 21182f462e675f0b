"""How many chains are drawn at once follows from the memory; which chains they are does not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from untrained import PLAIN, picture, question, untrained_model

from seewhy.model.api import GenerateRequest
from seewhy.model.generation.batches import Batches, DrawCost
from seewhy.model.generation.decode import Drawn
from seewhy.model.packed.group import Prompt
from seewhy.model.packed.scores import Path
from seewhy.model.packed.trials import PathCheck
from seewhy.records.types import Style

COST = DrawCost(prompt_token=10, chain_token=3, seen_token=1, chain=20)
Part = tuple[str, int, int]


@pytest.fixture(scope="module")
def model():
    return untrained_model()


@pytest.fixture
def asks(tmp_path) -> list[GenerateRequest]:
    """Questions of another length each, with one to five chains."""
    counts = enumerate((3, 1, 5, 2))
    return [GenerateRequest(question=question(number, picture(tmp_path, number)), style=Style.REASON, count=count)
            for number, count in counts]  # fmt: skip


def parts_of(
    batches: Batches, lengths: Sequence[int], counts: Sequence[int], most: int | None = None
) -> list[list[Part]]:
    """Question, first chain and count of each batch; one of more than `most` chains does not fit the device."""
    prompts = [Prompt(ids=(1,) * length, pictures={}) for length in lengths]
    asks = [GenerateRequest(question=question(number), style=Style.REASON, count=count)
            for number, count in enumerate(counts)]  # fmt: skip
    made: list[list[Part]] = []

    def draw(given: Sequence[Prompt], some: Sequence[GenerateRequest]) -> list[list[Drawn]]:
        if most is not None and sum(ask.count for ask in some) > most:
            raise torch.OutOfMemoryError("as CUDA does")
        made.append([(ask.question.id, ask.first, ask.count) for ask in some])
        assert [len(prompt.ids) for prompt in given] == [lengths[int(ask.question.id[1:])] for ask in some]
        return [[Drawn(ids=(ask.first + place,), logprobs=(0.0,), ended=True) for place in range(ask.count)]
                for ask in some]  # fmt: skip

    drawn = batches.draw(prompts, asks, draw)
    assert [[chain.ids[0] for chain in rows] for rows in drawn] == [list(range(count)) for count in counts]
    return made


def test_bytes_of_a_batch_by_hand():
    """Two prompts padded to 5: 2 * 5 * 10. Each of 3 chains: 20, 9 tokens seen, 4 of its own kept: 20 + 9 + 12."""
    assert COST.of_batch(2, 5, 3, 4, is_copied=False) == 100 + 3 * 41
    assert COST.of_batch(2, 5, 3, 4, is_copied=True) == 100 + 3 * (41 + 15)


def test_keys_and_values_of_a_net_are_counted_as_it_keeps_them(model):
    """Two layers of two key heads of 16, keys and values in float32."""
    config = model.net.config.get_text_config()
    assert (config.num_hidden_layers, config.num_key_value_heads, config.hidden_size) == (2, 2, 64)
    assert DrawCost.of(model.net).chain_token == 2 * 2 * 2 * 16 * 4


def test_asks_that_fit_together_are_drawn_together_and_one_that_does_not_is_cut():
    """A prompt of 2 is 20 bytes, a chain of at most 4 tokens 20 + 6 + 12 = 38: two asks of two chains are 192."""
    batches = Batches(cost=COST, free=192, max_tokens=0, reply=4)
    made = parts_of(batches, [2] * 4, [2, 2, 7, 1])
    assert made == [[("q0", 0, 2), ("q1", 0, 2)], [("q2", 0, 4)], [("q2", 4, 3), ("q3", 0, 1)]]
    assert parts_of(replace(batches, max_tokens=11), [2] * 3, [1] * 3) == [
        [("q0", 0, 1)],
        [("q1", 0, 1)],
        [("q2", 0, 1)],
    ]


def test_a_device_that_runs_out_of_memory_draws_half_as_many():
    batches = Batches(cost=COST, free=10_000, max_tokens=0, reply=4)
    made = parts_of(batches, [2] * 3, [6, 6, 6], most=5)
    assert max(sum(count for *_, count in part) for part in made) <= 5
    with pytest.raises(torch.OutOfMemoryError):
        parts_of(batches, [2], [3], most=0)


@given(
    free=st.integers(1, 3_000), most=st.integers(0, 80), copied=st.booleans(),
    sizes=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9)), max_size=8),
)  # fmt: skip
@settings(max_examples=60)
def test_every_chain_is_drawn_once_and_no_batch_of_two_chains_is_above_the_memory(free, most, copied, sizes):
    batches = Batches(cost=COST, free=free, max_tokens=most, reply=4, is_copied=copied)
    lengths = [length for length, _ in sizes]
    for part in parts_of(batches, lengths, [count for _, count in sizes]):
        chains = sum(count for *_, count in part)
        longest = max(lengths[int(name[1:])] for name, *_ in part)
        assert chains == 1 or COST.of_batch(len(part), longest, chains, 4, is_copied=copied) <= free


@pytest.mark.parametrize("path", [Path.PACKED, Path.SEPARATE])
def test_chains_are_the_same_whatever_memory_is_free(model, asks, path):
    check = PathCheck(path=path, value_gap=0.0, gradient_gap=0.0, why="told so")
    model.checks[True] = model.draw_checks[True] = check
    found = []
    for free in (1, 1 << 18, 0):
        model.draw_bytes = free
        found.append([chain for chains in model.generate(asks, PLAIN) for chain in chains])
    for other in found[:-1]:
        assert [replace(chain, logprobs=None) for chain in other] == [
            replace(chain, logprobs=None) for chain in found[-1]
        ]
        for mine, theirs in zip(other, found[-1], strict=True):
            assert mine.logprobs == pytest.approx(theirs.logprobs, abs=1e-4)

"""Drawing chains: each its own, whatever shares the batch; all in agreement with scoring and with generate."""

import math

import pytest
import torch
from scipy.stats import chisquare
from untrained import GREEDY, MANY_ENDS, PLAIN, drawn_of, gemma, picture, question, untrained_model

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.generation.decode import choose, draw, uniforms
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import Path, packed_logps
from seewhy.records.types import FinishReason, Style


@pytest.fixture
def asks(tmp_path) -> list[GenerateRequest]:
    return [
        GenerateRequest(question=question(number, picture(tmp_path, number)), style=Style.REASON, count=count)
        for number, count in enumerate((3, 1, 4))
    ]


def ids_of(drawn):
    return [[chain.ids for chain in chains] for chains in drawn]


def test_a_chain_does_not_depend_on_what_shares_its_batch(model, asks):
    together = ids_of(drawn_of(model, asks))
    assert len({len(ids) for chains in together for ids in chains}) > 2
    assert [ids_of(drawn_of(model, [ask]))[0] for ask in asks] == together
    one_by_one = [
        [
            ids_of(drawn_of(model, [GenerateRequest(question=ask.question, style=ask.style, first=place)]))[0][0]
            for place in range(3)
        ]
        for ask in asks
    ]
    assert one_by_one == [
        ids_of(drawn_of(model, [GenerateRequest(question=ask.question, style=ask.style, count=3)]))[0] for ask in asks
    ]
    assert one_by_one[0] == together[0]


def test_chains_are_numbered_on_where_an_earlier_ask_stopped(model, asks):
    (whole,) = ids_of(drawn_of(model, [GenerateRequest(question=asks[0].question, style=Style.REASON, count=5)]))
    (rest,) = ids_of(
        drawn_of(model, [GenerateRequest(question=asks[0].question, style=Style.REASON, count=3, first=2)])
    )
    assert whole[2:] == rest
    assert len(set(whole)) == 5


def test_another_seed_gives_other_chains_and_the_same_seed_the_same(model, asks):
    first, again, other = (ids_of(drawn_of(model, asks, SamplingParams(max_tokens=8, seed=seed))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_separate_rows_draw_the_chains_of_packed_rows(model, asks):
    assert ids_of(drawn_of(model, asks, path=Path.SEPARATE)) == ids_of(drawn_of(model, asks))


def test_a_chain_scores_to_the_log_probabilities_it_was_drawn_with(model, asks):
    drawn = drawn_of(model, asks, SamplingParams(max_tokens=24, temperature=0.7, top_p=0.9))
    prompts = [model.prompt(ask.question, ask.style) for ask in asks]
    scored = packed_logps(
        model.net,
        [
            Group(prompt=p, responses=tuple(chain.ids for chain in chains))
            for p, chains in zip(prompts, drawn, strict=True)
        ],
    )
    for rows, chains in zip(scored, drawn, strict=True):
        for row, chain in zip(rows, chains, strict=True):
            torch.testing.assert_close(row.detach(), torch.tensor(chain.logprobs), rtol=0, atol=1e-4)


def test_a_chain_ends_at_its_first_end_token_and_is_cut_at_the_limit(model, asks):
    chains = [chain for chains in drawn_of(model, asks) for chain in chains]
    for chain in chains:
        assert not MANY_ENDS & set(chain.ids[:-1])
        assert chain.ended == (chain.ids[-1] in MANY_ENDS)
        assert len(chain.ids) == len(chain.logprobs)
        assert chain.ended or len(chain.ids) == PLAIN.max_tokens
    assert {chain.ended for chain in chains} == {True, False}
    assert not any(chain.ended for chains in drawn_of(model, asks, ends=frozenset({1})) for chain in chains)


def test_greedy_chains_are_those_of_generate(model, asks):
    for ask in asks:
        prompt = model.prompt(ask.question, ask.style)
        expected = model.net.generate(
            input_ids=torch.tensor([prompt.ids]), attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.long),
            max_new_tokens=GREEDY.max_tokens, do_sample=False, suppress_tokens=list(model.banned()),
            **prompt.pictures,
        )[0, len(prompt.ids) :]  # fmt: skip
        ((chain, *_),) = drawn_of(model, [ask], GREEDY, ends=frozenset({1}))
        assert list(chain.ids) == expected.tolist()


def test_separate_rows_draw_what_generate_draws_on_a_net_for_which_branches_are_wrong(asks):
    net, prompt = gemma()
    token_type_ids = torch.tensor([prompt.token_type_ids["token_type_ids"]])
    expected = net.generate(
        input_ids=torch.tensor([prompt.ids]), token_type_ids=token_type_ids,
        attention_mask=torch.ones_like(token_type_ids), max_new_tokens=GREEDY.max_tokens,
        do_sample=False, suppress_tokens=[90], **prompt.pictures,
    )[0, len(prompt.ids) :]  # fmt: skip
    drawn = draw(net, [prompt], asks[:1], GREEDY, frozenset({1}), [90], Path.SEPARATE)
    assert [list(chain.ids) for chain in drawn[0]] == [expected.tolist()] * asks[0].count


def test_the_placeholder_of_a_picture_is_never_drawn(asks):
    model = untrained_model()
    (placeholder,) = model.banned()
    head = model.net.get_output_embeddings()
    loud = torch.nn.Linear(head.in_features, head.out_features)
    loud.weight = head.weight
    with torch.no_grad():
        loud.bias.zero_()[placeholder] = 50.0
    model.net.set_output_embeddings(loud)
    for decoding in (PLAIN, GREEDY, SamplingParams(max_tokens=24, top_k=1), SamplingParams(max_tokens=24, top_p=0.5)):
        assert all(placeholder not in ids for chains in ids_of(drawn_of(model, asks, decoding)) for ids in chains)


def test_chains_that_have_ended_leave_the_batch(model, asks):
    rows = []
    layer = model.net.model.language_model.layers[0]
    hook = layer.register_forward_hook(
        lambda module, inputs, output: rows.append(inputs[0].shape[1]), with_kwargs=False
    )
    drawn = drawn_of(model, asks)
    hook.remove()
    lengths = [len(chain.ids) for chains in drawn for chain in chains]
    living = [sum(length > time for length in lengths) for time in range(max(lengths))]
    assert rows[1:] == living
    assert living[-1] < living[0]


def test_few_ended_chains_are_carried_along_because_leaving_copies_the_keys_of_all_others(model, tmp_path):
    rows = []
    layer = model.net.model.language_model.layers[0]
    hook = layer.register_forward_hook(
        lambda module, inputs, output: rows.append(inputs[0].shape[1]), with_kwargs=False
    )
    ask = GenerateRequest(question=question(0, picture(tmp_path, 0)), style=Style.REASON, count=40)
    (drawn,) = drawn_of(model, [ask])
    hook.remove()
    lengths = [len(chain.ids) for chain in drawn]
    for time, count in enumerate(rows[1:]):
        living = sum(length > time for length in lengths)
        assert living <= count < living * 8 / 7 + 1
    assert len(set(rows[1:])) < len({sum(length > time for length in lengths) for time in range(max(lengths))})


LOGITS = torch.tensor([[0.1, 0.4, 0.3, 0.2]], dtype=torch.float64).log().float()


def token_at(draw_at: float, decoding: SamplingParams) -> int:
    return int(choose(LOGITS, decoding, torch.tensor([draw_at], dtype=torch.float64)))


def test_temperature_zero_takes_the_likeliest_token():
    assert {token_at(at, SamplingParams(temperature=0.0)) for at in (0.0, 0.5, 0.999)} == {1}


@pytest.mark.parametrize(
    ("decoding", "expected"),
    [
        (SamplingParams(), [0, 1, 1, 2, 3, 3]),
        (SamplingParams(top_k=1), [1, 1, 1, 1, 1, 1]),
        (SamplingParams(top_k=2), [1, 1, 1, 2, 2, 2]),  # 4/7 and 3/7
        (SamplingParams(top_p=0.4), [1, 1, 1, 1, 1, 1]),
        (SamplingParams(top_p=0.65), [1, 1, 1, 2, 2, 2]),  # 0.4 is below 0.65, and 0.4 + 0.3 is not
        (SamplingParams(top_p=0.75), [1, 1, 2, 2, 3, 3]),  # 0.4 + 0.3 is below 0.75: 4/9, 3/9, 2/9
        (SamplingParams(temperature=0.5), [0, 1, 1, 2, 3, 3]),  # 1, 16, 9, 4 of 30
    ],
)
def test_a_token_is_drawn_where_the_running_sum_of_what_is_kept_passes_the_draw(decoding, expected):
    assert [token_at(at, decoding) for at in (0.01, 0.15, 0.45, 0.6, 0.9, 0.999)] == expected


def test_sampling_follows_the_softmax():
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(20_000, generator=generator, dtype=torch.float64)
    tokens = choose(LOGITS.expand(20_000, -1), SamplingParams(), draws)
    counts = torch.bincount(tokens, minlength=4).numpy()
    assert chisquare(counts, [2_000, 8_000, 6_000, 4_000]).pvalue > 0.01


def test_the_first_tokens_of_many_chains_follow_the_softmax_of_the_net(model, tmp_path):
    ask = GenerateRequest(question=question(0, picture(tmp_path, 0)), style=Style.REASON, count=2_000)
    (chains,) = drawn_of(model, [ask], SamplingParams(max_tokens=1))
    probability = {chain.ids[0]: math.exp(chain.logprobs[0]) for chain in chains}
    often = [token for token, chance in probability.items() if chance > 0.005]
    counts = [sum(chain.ids[0] == token for chain in chains) for token in often]
    expected = [2_000 * probability[token] for token in often]
    rest, expected_rest = 2_000 - sum(counts), 2_000 - sum(expected)
    assert len(often) > 5
    assert chisquare([*counts, rest], [*expected, expected_rest]).pvalue > 0.01


def test_random_numbers_of_a_chain_are_its_own(asks):
    rows = uniforms(asks, PLAIN)
    assert rows.shape == (8, PLAIN.max_tokens)
    assert len({tuple(row.tolist()) for row in rows}) == 8
    assert uniforms(asks[2:], PLAIN).tolist() == rows[4:].tolist()


def test_generate_keeps_ids_log_probabilities_and_why_each_chain_stopped(model, asks):
    made = model.generate(asks, SamplingParams(max_tokens=6, seed=3))
    assert [[chain.index for chain in chains] for chains in made] == [[0, 1, 2], [0], [0, 1, 2, 3]]
    for chain in (chain for chains in made for chain in chains):
        assert len(chain.token_ids) == len(chain.logprobs) <= 6
        assert chain.stop is (FinishReason.END if chain.token_ids[-1] == 1 else FinishReason.LENGTH)
        assert (chain.sampler, chain.seed) == ("untrained", 3)


def test_a_small_token_budget_draws_the_same_chains(model, asks):
    whole = model.generate(asks, PLAIN)
    narrow = HubModel(model.net, model.processor, model.name, row_tokens=20)
    ids = [[chain.token_ids for chain in chains] for chains in whole]
    assert [[chain.token_ids for chain in chains] for chains in narrow.generate(asks, PLAIN)] == ids

"""Packed rows against separate rows: the same log-probabilities and gradients, whatever shares the row."""

import pytest
import torch
from transformers import Gemma3ForConditionalGeneration
from untrained import gemma, gradient, groups, picture, question, responses, untrained_model

from seewhy.model.api import ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.budget import spans_within
from seewhy.model.packed.group import Group
from seewhy.model.packed.logps import scoring_entropies
from seewhy.model.packed.scores import Path, arguments_of, packed_logps, separate_logps
from seewhy.model.packed.trials import check_paths
from seewhy.records.types import Response, Style

CASES = {
    "one response": {0: (7,)},
    "two responses": {0: (5, 9)},
    "six responses, one of them a single token": {0: (1, 7, 3, 12, 4, 2)},
    "three questions of different lengths": {0: (5, 9), 1: (3,), 2: (8, 1, 6)},
    "groups of one to four responses": {3: (6,), 4: (2, 5), 5: (1, 7, 3), 6: (4, 4, 8, 1)},
}
BLIND = {"none blind": (), "some blind": (1, 4, 6)}
VALUE, GRADIENT = 1e-5, 1e-4
ZERO = 1e-6
"""Of the largest gradient: rounding where the true gradient is zero, as that of a key's bias, which moves all scores of
a query alike."""


def flat(scored):
    return torch.cat([row for rows in scored for row in rows])


def gap(found, expected):
    return float((flat(found) - flat(expected)).detach().abs().max())


@pytest.mark.parametrize("blind", BLIND.values(), ids=BLIND)
@pytest.mark.parametrize("lengths", CASES.values(), ids=CASES)
def test_packed_rows_give_the_log_probabilities_of_separate_rows(model, tmp_path, lengths, blind):
    asked = groups(model, tmp_path, lengths, blind)
    packed = packed_logps(model.net, asked)
    assert [[len(row) for row in rows] for rows in packed] == [list(each) for each in lengths.values()]
    assert gap(packed, separate_logps(model.net, asked)) <= VALUE


@pytest.mark.parametrize("blind", BLIND.values(), ids=BLIND)
@pytest.mark.parametrize("lengths", CASES.values(), ids=CASES)
def test_packed_rows_give_every_parameter_the_gradient_of_separate_rows(model, tmp_path, lengths, blind):
    asked = groups(model, tmp_path, lengths, blind)
    found, expected = (
        gradient(model.net, (row * torch.linspace(0.5, 1.5, len(row))).sum())
        for row in (flat(packed_logps(model.net, asked)), flat(separate_logps(model.net, asked)))
    )
    largest = max(float(each.norm()) for each in expected)
    assert largest > 0
    for (name, _), a, b in zip(model.net.named_parameters(), found, expected, strict=True):
        assert float((a - b).norm()) <= max(GRADIENT * float(b.norm()), ZERO * largest), name


def test_packed_and_separate_rows_differ_by_rounding_alone(tmp_path):
    model = untrained_model()
    model.net.double()
    asked = groups(model, tmp_path, CASES["groups of one to four responses"], blind=(4,))
    heads = [each.sum() for each in (flat(packed_logps(model.net, asked)), flat(separate_logps(model.net, asked)))]
    found, expected = (gradient(model.net, head) for head in heads)
    largest = max(float(each.norm()) for each in expected)
    # Log-probabilities are float32 (their rounding goes back into the gradients), all else is double.
    assert max(float((a - b).norm()) for a, b in zip(found, expected, strict=True)) <= 1e-7 * largest


def test_the_order_of_responses_changes_nothing_but_rounding(model, tmp_path):
    (group,) = groups(model, tmp_path, {0: (1, 7, 3, 12)})
    turned = Group(prompt=group.prompt, responses=group.responses[::-1])
    (found,) = packed_logps(model.net, [turned])
    assert gap([found[::-1]], packed_logps(model.net, [group])) <= VALUE


def test_the_order_of_groups_changes_nothing_but_rounding(model, tmp_path):
    asked = groups(model, tmp_path, {0: (5, 9), 1: (3,), 2: (8, 1, 6)})
    assert gap(packed_logps(model.net, asked[::-1])[::-1], packed_logps(model.net, asked)) <= VALUE


def test_a_response_does_not_see_its_sibling(model, tmp_path):
    (group,) = groups(model, tmp_path, {0: (6, 8)})
    other = Group(prompt=group.prompt, responses=(responses((6,), seed=9)[0], group.responses[1]))
    before, after = (packed_logps(model.net, [each])[0] for each in (group, other))
    assert gap([[before[0]]], [[after[0]]]) > 0.1
    assert gap([[before[1]]], [[after[1]]]) <= VALUE


def test_a_question_of_two_pictures_shares_a_row_with_others(model, tmp_path):
    pictures = [picture(tmp_path, number) for number in (1, 2)]
    prompts = [model.prompt(question(9, *each), Style.REASON) for each in (pictures, pictures[::-1], pictures[:1])]
    asked = [Group(prompt=prompt, responses=responses((5, 8))) for prompt in prompts]
    found = packed_logps(model.net, asked)
    assert gap(found, separate_logps(model.net, asked)) <= VALUE
    assert gap([found[0]], [found[1]]) > 1e-2


def test_a_group_does_not_see_another_group(model, tmp_path):
    first, second, third = groups(model, tmp_path, {0: (6, 8), 1: (5,), 2: (4, 4)})
    beside = packed_logps(model.net, [first, second])[0]
    assert gap([beside], [packed_logps(model.net, [first, third])[0]]) <= VALUE


@pytest.mark.parametrize("place", [2, 5, 7])
def test_a_later_token_changes_no_earlier_log_probability(model, tmp_path, place):
    (group,) = groups(model, tmp_path, {0: (8,)})
    (response,) = group.responses
    other = (response[place] + 1) % 290 + 10
    changed = Group(prompt=group.prompt, responses=((*response[:place], other, *response[place + 1 :]),))
    for scored in (packed_logps, separate_logps):
        before, after = (scored(model.net, [each])[0][0] for each in (group, changed))
        moved = (before - after).detach().abs()
        assert float(moved[:place].max()) <= VALUE
        assert float(moved[place:].min()) > 1e-4


def test_the_check_trusts_packed_rows_of_a_llava(model, tmp_path):
    check = check_paths(model.net, groups(model, tmp_path, {0: (5, 9), 1: (3,)}))
    assert check.path is Path.PACKED
    assert check.is_packed
    assert check.value_gap <= VALUE
    assert check.gradient_gap <= GRADIENT


def test_the_check_works_where_nothing_is_trained_and_gradients_are_off(tmp_path):
    model = untrained_model()
    model.net.requires_grad_(False)
    with torch.no_grad():
        check = check_paths(model.net, groups(model, tmp_path, {0: (5, 9)}))
    assert check.path is Path.PACKED
    assert check.gradient_gap == 0


@pytest.fixture(scope="module")
def both_ways() -> tuple[Gemma3ForConditionalGeneration, Group]:
    net, prompt = gemma()
    return net, Group(prompt=prompt, responses=responses((6, 8)))


def test_the_check_falls_back_for_a_net_whose_picture_tokens_see_both_ways_and_says_why(both_ways):
    net, group = both_ways
    check = check_paths(net, [group])
    assert check.path is Path.CONTINUED
    assert not check.is_packed
    assert "packed rows differ from separate rows" in check.why


def test_separate_rows_of_that_net_score_as_its_own_forward_call_does(both_ways):
    net, group = both_ways
    (scored,) = separate_logps(net, [group])
    for response, row in zip(group.responses, scored, strict=True):
        ids = torch.tensor([[*group.prompt.ids, *response]])
        token_type_ids = torch.tensor([[*group.prompt.token_type_ids["token_type_ids"], *[0] * len(response)]])
        logits = net(input_ids=ids, token_type_ids=token_type_ids, **group.prompt.pictures).logits[0]
        logps = logits.float().log_softmax(-1)[len(group.prompt.ids) - 1 : -1]
        expected = logps.gather(1, torch.tensor(response)[:, None]).squeeze(1)
        torch.testing.assert_close(row, expected, rtol=0, atol=1e-4)


def test_a_model_of_that_net_scores_separately_and_says_so_once(both_ways, caplog):
    net, group = both_ways
    model = HubModel(net, untrained_model().processor, "both-ways")
    found = [model.group_logps([group]) for _ in range(2)]
    assert gap(found[0], separate_logps(net, [group])) <= VALUE
    assert model.path is Path.CONTINUED
    assert ["running each prompt once" in record.message for record in caplog.records] == [True]


def test_rows_stay_within_the_token_budget_and_a_larger_group_stands_alone(model, tmp_path):
    asked = groups(model, tmp_path, {0: (5,), 1: (5,), 2: (500,), 3: (5,)})
    size = model.group_tokens(asked[0]) + model.group_tokens(asked[1])
    assert spans_within([model.group_tokens(group) for group in asked], size) == [(0, 2), (2, 3), (3, 4)]


def test_entropies_are_those_of_the_nets_own_logits_also_where_no_path_was_tried_yet(tmp_path):
    fresh = untrained_model()
    asked = question(0, picture(tmp_path, 0))
    (rows,) = [responses((5, 9))]
    ask = ScoreRequest(
        question=asked, style=Style.REASON, responses=tuple(Response(text="", token_ids=r) for r in rows)
    )
    with scoring_entropies():
        (found,) = fresh.score([ask])
    assert fresh.path is Path.PACKED
    group = fresh.group(ask)
    for row, own in zip(rows, found, strict=True):
        with torch.no_grad():
            logits = fresh.net(**arguments_of(fresh.net, group.prompt, [(*group.prompt.ids, *row[:-1])])).logits[0]
        expected = torch.distributions.Categorical(logits=logits[-len(row) :]).entropy()
        torch.testing.assert_close(torch.tensor(own), expected, atol=1e-4, rtol=1e-4)
    (logps,) = fresh.score([ask])
    assert all(value < 0 for row in logps for value in row)
    assert logps != found

"""Replies that begin with given words: the very tokens they were sampled as, and then the model's own."""

import pytest
import torch
from families import FAMILIES
from untrained import GREEDY, picture, question

from seewhy.model.api import GenerateRequest, Prefix, SamplingParams, ScoreRequest
from seewhy.model.generation.continuing import beginning_ids, continued
from seewhy.model.generation.decode import draw, uniforms
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import Path, separate_logps
from seewhy.records.types import Response, Style

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SHORT = SamplingParams(max_tokens=10, temperature=0.0)


def letters(ids):
    """Token n spells the n-th of these; the last of them is split over the next."""
    return [{1: " ab", 2: "cd", 3: " e.", 4: ". f", 5: " "}[token] for token in ids]


def spelt(text: str, ids: tuple[int, ...] | None) -> tuple[int, ...]:
    codes = [lambda words: [ord(c) for c in words]] * 2
    return beginning_ids(Prefix(text=text, token_ids=ids), letters, *codes)


@pytest.mark.parametrize(
    ("text", "ids", "expected"),
    [
        ("abcd", (1, 2, 3), (1, 2)),
        ("abcd e.", (1, 2, 3, 5), (1, 2, 3)),
        ("ab", (1, 2, 3), (1,)),
        ("abc", (1, 2, 3), (1, ord("c"))),
        ("abcd.", (1, 2, 4), (1, 2, ord("."))),
        ("abcd e. f", (1, 2), (1, 2, ord(" "), ord("e"), ord("."), ord(" "), ord("f"))),
        ("xy", (1, 2), (ord("x"), ord("y"))),
        ("xy", None, (ord("x"), ord("y"))),
    ],
)
def test_tokens_are_kept_as_far_as_they_spell_the_beginning_and_the_rest_is_tokenised(text, ids, expected):
    assert spelt(text, ids) == expected


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_after_a_beginning_every_family_scores_and_draws_as_in_the_whole_chain(family, tmp_path):
    model = family.make()
    asked = question(1, *(picture(tmp_path, place) for place in range(family.pictures[-1])))
    ask = GenerateRequest(question=asked, style=Style.REASON)
    ((whole,),) = model.generate([ask], SHORT)
    further = continued(model.prompt(asked, Style.REASON), whole.token_ids[:4])
    group = Group(prompt=further, responses=(whole.token_ids[4:],))
    for (scored,) in (separate_logps(model.net, [group])[0], model.group_logps([group])[0]):
        torch.testing.assert_close(scored.detach(), torch.tensor(whole.logprobs[4:]), rtol=0, atol=2e-4)
    ((chain,),) = draw(model.net, [further], [ask], SHORT, frozenset(), model.banned(), Path.SEPARATE)
    assert chain.ids[: len(whole.token_ids) - 4] == whole.token_ids[4:]


@pytest.mark.parametrize("kept", [1, 5, 9])
def test_the_greedy_continuation_of_a_greedy_chain_s_beginning_is_that_chain(model, tmp_path, kept):
    asked = question(1, picture(tmp_path, 1))
    ((whole,),) = model.generate([GenerateRequest(question=asked, style=Style.REASON)], GREEDY)
    text = "".join(model.pieces(whole.token_ids)[:kept]).rstrip()
    beginning = Prefix(text=text, token_ids=whole.token_ids)
    ((chain,),) = model.generate([GenerateRequest(question=asked, style=Style.REASON, beginning=beginning)], GREEDY)
    length = len(whole.token_ids)
    assert chain.token_ids[:length] == whole.token_ids
    assert chain.text.startswith(text.strip())
    assert chain.logprobs is None


def test_continuations_differ_from_each_other_and_between_beginnings_and_are_the_same_again(model, tmp_path):
    asked = question(1, picture(tmp_path, 1))

    def drawn(text: str, count: int = 3, first: int = 0):
        ask = GenerateRequest(question=asked, style=Style.REASON, count=count, first=first, beginning=Prefix(text=text))
        (chains,) = model.generate([ask], SamplingParams(max_tokens=12))
        return [chain.token_ids for chain in chains]

    odd, even = drawn("The digits are 3"), drawn("The digits are 5")
    assert len({*odd, *even}) == 6
    assert drawn("The digits are 3") == odd
    assert drawn("The digits are 3", count=1, first=2) == odd[2:]
    begun = model.tokenizer("The digits are 3", add_special_tokens=False)["input_ids"]
    assert all(list(ids[: len(begun)]) == begun for ids in odd)
    assert len({ids[len(begun) :] for ids in odd}) == 3


def test_continuations_of_two_beginnings_have_luck_of_their_own():
    asked = question(1)
    beginnings = (None, Prefix(text="a"), Prefix(text="b"), Prefix(text="a", token_ids=(4, 5)))
    asks = [GenerateRequest(question=asked, style=Style.REASON, beginning=beginning) for beginning in beginnings]
    alone, a, b, again = uniforms(asks, SamplingParams(max_tokens=4)).tolist()
    assert a == again
    assert alone != a != b


def test_a_continued_chain_scores_like_any_response(model, tmp_path):
    asked = question(1, picture(tmp_path, 1))
    ask = GenerateRequest(question=asked, style=Style.REASON, beginning=Prefix(text="The digits are 3"))
    ((chain,),) = model.generate([ask], SamplingParams(max_tokens=6))
    response = Response(text=chain.text, token_ids=chain.token_ids)
    (((scored),),) = model.score([ScoreRequest(question=asked, style=Style.REASON, responses=(response,))])
    assert len(scored) == len(chain.token_ids)

"""A teacher that draws chains: whose they are, where they stand, and what becomes of a failure."""

import pytest
from loopback import Asked, LoopServer, choices, error
from talking import teacher_at

from seewhy.endpoints.chains import ChainTeller
from seewhy.endpoints.chat import Message
from seewhy.model.api import GenerateRequest, Generates, Prefix, SamplingParams
from seewhy.model.prompts import prompt_text
from seewhy.records.types import Gold, MatchRule, Question, Split, Style
from seewhy.sampling.served import ServedModel


def question(name: str) -> Question:
    gold = Gold(answers=("12",), rule=MatchRule.EXACT)
    return Question(id=name, benchmark="b", split=Split.TRAIN, text=f"Sum of {name}?", gold=gold, facets={})


def prompt(asked: Question, style: Style, blind: bool) -> tuple[Message, ...]:
    return (Message(text=f"{prompt_text(asked, style)}{' (blind)' if blind else ''}"),)


def counting(asked: Asked):
    return choices(*[f"{asked.text.split('?')[0]} #{asked.number}.{place}" for place in range(asked.body.get("n", 1))])


def test_chains_stand_in_the_order_of_the_asks_with_their_indices_and_their_sampler():
    with LoopServer(counting) as server, teacher_at(server) as teacher:
        teller = ChainTeller(chat_model=teacher, prompt=prompt, tell_failure=lambda ask, words: pytest.fail(words))
        assert isinstance(teller, Generates)
        asks = [GenerateRequest(question=question(name), style=Style.REASON, count=3) for name in "ab"]
        first, second = teller.generate(asks, SamplingParams(temperature=0.7, seed=5))
    assert [(chain.question_id, chain.index) for chain in (*first, *second)] == [
        ("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("b", 2),
    ]  # fmt: skip
    assert all(chain.text.startswith(f"Sum of {chain.question_id}") for chain in (*first, *second))
    assert {(chain.sampler, chain.seed, chain.token_ids) for chain in first} == {("m", 5, None)}
    assert {(asked.body["temperature"], asked.body["seed"]) for asked in server.asked} == {(0.7, 5)}


def test_more_chains_later_go_on_where_the_first_ended_and_cost_the_difference():
    with LoopServer(counting) as server, teacher_at(server) as teacher:
        teller = ChainTeller(chat_model=teacher, prompt=prompt, tell_failure=lambda ask, words: pytest.fail(words))
        [first] = teller.generate(
            [GenerateRequest(question=question("a"), style=Style.REASON, count=2)], SamplingParams()
        )
        [later] = teller.generate(
            [GenerateRequest(question=question("a"), style=Style.REASON, count=3, first=2)], SamplingParams()
        )
        [again] = teller.generate(
            [GenerateRequest(question=question("a"), style=Style.REASON, count=5)], SamplingParams()
        )
    assert again == (*first, *later)
    assert [asked.body["n"] for asked in server.asked] == [2, 3]


def test_an_ask_that_failed_has_no_chains_and_is_told():
    def refuse_b(asked: Asked):
        return error(400, "no") if "Sum of b" in asked.text else counting(asked)

    told: list[tuple[str, str]] = []
    with LoopServer(refuse_b) as server, teacher_at(server) as teacher:
        teller = ChainTeller(
            chat_model=teacher, prompt=prompt, tell_failure=lambda ask, words: told.append((ask.question.id, words))
        )
        asks = [GenerateRequest(question=question(name), style=Style.DIRECT, blind=True) for name in "abc"]
        chains = teller.generate(asks, SamplingParams())
        assert all(asked.text.endswith("(blind)") for asked in server.asked)
    assert [len(found) for found in chains] == [1, 0, 1]
    assert told == [("b", "the server answered 400: no")]


def test_top_k_is_refused_for_servers_take_none():
    with LoopServer(counting) as server, teacher_at(server) as teacher:
        teller = ChainTeller(chat_model=teacher, prompt=prompt, tell_failure=lambda ask, words: None)
        with pytest.raises(ValueError, match="top_k 5"):
            teller.generate([], SamplingParams(top_k=5))


def test_a_beginning_is_refused_for_servers_begin_anew():
    with LoopServer(counting) as server, teacher_at(server) as teacher:
        teller = ChainTeller(chat_model=teacher, prompt=prompt, tell_failure=lambda ask, words: None)
        with pytest.raises(ValueError, match="given beginning"):
            teller.generate(
                [GenerateRequest(question=question("a"), style=Style.REASON, beginning=Prefix(text="It is"))],
                SamplingParams(),
            )
        assert server.asked == []


@pytest.mark.parametrize(
    ("beginning", "decoding", "words"),
    [
        (Prefix(text="It is"), SamplingParams(), "given beginning: servers continue none; use engine.kind local"),
        (None, SamplingParams(temperature=0.7, as_drawn=True), "a temperature other than 1: servers give those of the"),
    ],
)
def test_what_servers_of_a_models_own_weights_cannot_draw_is_refused_before_they_are_asked(beginning, decoding, words):
    ask = GenerateRequest(question=question("a"), style=Style.REASON, beginning=beginning)
    with LoopServer(counting) as server, teacher_at(server) as teacher:
        model = ServedModel(name="m", chat_model=teacher, note=pytest.fail)
        with pytest.raises(ValueError, match=words):
            model.generate([ask], decoding)
        assert server.asked == []

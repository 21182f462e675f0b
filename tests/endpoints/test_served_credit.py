"""Credit between two models where one or both are behind a server, as vLLM tells `prompt_logprobs`."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from engine_server import LOWER, Engine, Native, Scoring
from loopback import Answer, Asked, LoopServer, as_json, error

from seewhy.cli.main import main
from seewhy.endpoints.chat import Message
from seewhy.endpoints.engine.given_reply import NoLogprobsError, given_reply, native_reply
from seewhy.endpoints.plan import EndpointPlan
from seewhy.endpoints.score_reply import score_reply
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Style
from seewhy.view.demo import Asked as Form
from seewhy.view.demo import Demo
from seewhy.workbench.asking import AskPlan, opened_model
from seewhy.workbench.crediting import credit_between
from seewhy.workbench.questions import typed_question

PAGE = Path("docs/examples/pages/sum.png")
ASKED = "What is the sum of row 1?"
HOW = SamplingParams(temperature=0.0, max_tokens=24)


@pytest.fixture(scope="module")
def tiny():
    with opened_model("tiny", "", []) as model:
        yield model


@pytest.fixture(scope="module")
def question():
    return typed_question(ASKED, (PAGE,))


@pytest.fixture(scope="module")
def chain(tiny, question):
    return tiny.generate([GenerateRequest(question=question, style=Style.REASON)], HOW)[0][0]


@pytest.mark.parametrize("sides", ["here, served", "served, here"])
def test_credit_over_a_server_as_sglang_is_what_the_weights_give_where_the_other_model_is_here(
    tiny, question, chain, sides
):
    with LoopServer(Native(tiny, [question])) as server, opened_model(f"tiny@{server.url}", "", []) as served:
        models = [tiny if side == "here" else served for side in sides.split(", ")]
        found = credit_between(*models, question, chain)
        with pytest.raises(NoLogprobsError, match=f"tiny at {server.url}.*SGLang gives them of a text.*chat template"):
            credit_between(served, served, question, chain)
    steps = [LOWER * (place % 2) for place in range(len(found.chain.token_ids))]
    sign, mean = {"here, served": 1, "served, here": -1}[sides], sum(steps) / len(steps)
    assert [one.credit for one in found.credit] == pytest.approx([sign * (step - mean) for step in steps], abs=1e-4)


@pytest.mark.parametrize(
    ("rows", "fact"),
    [
        (None, "no input_token_logprobs"),
        ([], "no input_token_logprobs"),
        ([[-1.0, 5]], "a row of its input_token_logprobs"),
        ([[-1.0, 5, None]], "a row"),
        ([[-1.0, "5", "It"]], "a row"),
        ([[None, 5, "It"]], "no log-probability"),
        ([[-1.0, 5, "It<end>"]], "are 'It<end>'"),
    ],
)
def test_native_rows_that_are_not_of_the_reply_are_refused(rows, fact):
    with pytest.raises(NoLogprobsError, match=fact):
        native_reply({"meta_info": {"input_token_logprobs": rows}}, "It")


@pytest.mark.parametrize(
    ("sides", "tells_ids"), [("here, served", True), ("served, here", False), ("served, served", True)]
)
def test_credit_is_what_the_weights_of_the_two_sides_give(tiny, question, chain, sides, tells_ids):
    rule = Scoring(tiny, [question])
    rule.tells_ids = tells_ids
    with LoopServer(rule) as server, opened_model(f"tiny@{server.url}", "", []) as served:
        models = [tiny if side == "here" else served for side in sides.split(", ")]
        found = credit_between(*models, question, chain)
    ids = chain.token_ids[: len(found.chain.token_ids)]
    assert found.chain.token_ids == ids
    assert "".join(one.token for one in found.credit).strip() == chain.text
    steps = [LOWER * (place % 2) for place in range(len(ids))]
    sign = {"here, served": 1, "served, here": -1, "served, served": 0}[sides]
    mean = sum(steps) / len(steps)
    assert [one.credit for one in found.credit] == pytest.approx([sign * (step - mean) for step in steps], abs=1e-4)


def test_the_command_shows_credit_over_a_served_model(tiny, question, capsys):
    with LoopServer(Scoring(tiny, [question])) as server:
        words = ["ask", "tiny", f"tiny@{server.url}", str(PAGE), ASKED, "--max-tokens", "24", "--credit"]
        assert main([*words, "--json", "--style", "reason"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {round(one["credit"] - shown["credit"][0]["credit"], 3) for one in shown["credit"]} == {0.0, LOWER}
    assert "no_credit" not in shown


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (error(400, "prompt_logprobs: unexpected field"), "400: "),
        (Answer(body=b"no"), "not JSON"),
        (as_json([]), "no JSON object"),
    ],
)
def test_a_server_that_tells_none_is_named_with_the_reason(answer, fact):
    with LoopServer(lambda asked: answer) as server:
        place = EndpointPlan(base_url=server.url, model="m")
        with pytest.raises(NoLogprobsError, match=f"m at {server.url} gives no log-probabilities.*{fact}"):
            score_reply(place, [Message(text="?")], "It")
    with pytest.raises(NoLogprobsError, match=f"m at {server.url} gives no log-probabilities"):
        score_reply(place, [Message(text="?")], "It")


def test_without_them_the_replies_are_shown_and_the_reason(tiny, question, capsys, tmp_path):
    engine = Engine(tiny, [question])

    def rule(asked: Asked) -> Answer:
        return as_json({"choices": []}) if b"prompt_logprobs" in asked.content else engine(asked)

    with LoopServer(rule) as server:
        name = f"tiny@{server.url}"
        words = ["ask", "tiny", name, str(PAGE), ASKED, "--max-tokens", "24", "--style", "direct", "--credit"]
        assert main(words) == 1
        said = capsys.readouterr().out
        plan = AskPlan(styles=(Style.DIRECT,), max_tokens=8)
        sent: list[str] = []
        with (
            closing(Demo(["tiny", name], tmp_path)) as demo,
            pytest.raises(NoLogprobsError, match="gives no log-probabilities"),
        ):
            demo._answer(Form(text=ASKED, names=("tiny", name), credit=True, plan=plan), question, sent.append)
    assert f"no credit: tiny at {server.url} gives no log-probabilities of a given reply" in said
    assert said.count("answer: ") == 2
    assert "".join(sent).count("<article") == 2


def test_a_model_of_another_vocabulary_has_no_credit(tiny, question, chain):
    rule = Scoring(tiny, [question])
    rule.tells_ids = False

    def shifted(asked: Asked) -> Answer:
        answer = rule(asked)
        if asked.method == "GET":
            return answer
        told = json.loads(answer.body)
        rows = [row and {str(int(key) + 1): value for key, value in row.items()} for row in told["prompt_logprobs"]]
        return as_json({**told, "prompt_logprobs": rows})

    with (
        LoopServer(shifted) as server,
        opened_model(f"other@{server.url}", "", []) as served,
        pytest.raises(ValueError, match="one vocabulary"),
    ):
        credit_between(tiny, served, question, chain)


@pytest.mark.parametrize(
    ("rows", "fact"),
    [
        ([None], "a row of its prompt_logprobs is None"),
        ([{"5": {"logprob": -1.0, "decoded_token": "It"}, "6": {"logprob": -2.0, "decoded_token": "He"}}], "a row"),
        ([{"5": {"logprob": -1.0}}], "a row"),
        ([{"5": {"logprob": None, "decoded_token": "It"}}], "no log-probability"),
        ([{"5": {"logprob": -1.0, "decoded_token": "It<end>"}}], "are 'It<end>'"),
        ([{"5": {"logprob": -1.0, "decoded_token": "t"}}], "are 't'"),
        ("?", "no prompt_logprobs"),
    ],
)
def test_rows_that_are_not_of_the_reply_are_refused(rows, fact):
    with pytest.raises(NoLogprobsError, match=fact):
        given_reply({"prompt_logprobs": rows}, "It")

"""The served oracle answers about pages that it is shown, as OpenAI's API would."""

import math
import os
from pathlib import Path

import pytest
from served_oracle import ask, bill_of, body_of, call, data_url, draw, serve

from seewhy.endpoints.vision_check import PAIRS, QUESTION, draw_halves
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Style
from seewhy.testing.oracle import Oracle
from seewhy.testing.served.plan import ServedPlan
from seewhy.testing.served.server import Serving, await_start, bind, server_of


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("pages"), 12)


def test_a_page_is_known_by_its_pictures_bytes_and_answered_as_the_oracle_does(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        for question in questions:
            for style in Style:
                (chains,) = Oracle().generate([GenerateRequest(question=question, style=style)], SamplingParams())
                assert ask(server, question, style=style).texts == [chains[0].text]


def test_a_call_without_its_picture_gets_a_guess_at_the_page(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        seen = [ask(server, question).texts for question in questions]
        unseen = [ask(server, question, sees=False).texts for question in questions]
    assert sum(a == b for a, b in zip(seen, unseen, strict=True)) <= 2


def test_a_blind_oracle_takes_pictures_and_says_the_same_of_two_that_differ(questions, tmp_path):
    blind = Oracle(blind=True)
    with serve(questions, tmp_path, ServedPlan(blind=True)) as server:
        for question in questions:
            (chains,) = blind.generate([GenerateRequest(question=question, style=Style.REASON)], SamplingParams())
            assert ask(server, question).texts == [chains[0].text]


def test_a_picture_that_nobody_drew_is_not_guessed_at(questions, tmp_path):
    content = [{"type": "image_url", "image_url": {"url": data_url(b"no page")}}, {"type": "text", "text": "What?"}]
    body = {"model": "oracle", "messages": [{"role": "user", "content": content}]}
    with serve(questions, tmp_path) as server:
        assert call(f"{server.base_url}/chat/completions", body).texts == ["I know nothing about this."]


def test_n_choices_differ_where_the_oracle_errs_and_a_seed_gives_them_again(questions, tmp_path):
    with serve(questions, tmp_path, ServedPlan(error_rate=0.5)) as server:
        first, again = ask(server, questions[0], n=8, seed=3), ask(server, questions[0], n=8, seed=3)
        other = ask(server, questions[0], n=8, seed=4)
    assert len(first.texts) == 8
    assert len(set(first.texts)) > 1
    assert first.texts == again.texts != other.texts


def test_a_server_of_one_choice_gives_one_and_no_error(questions, tmp_path):
    with serve(questions, tmp_path, ServedPlan(one_choice=True)) as server:
        answer = ask(server, questions[0], n=3)
    assert (answer.status, len(answer.texts)) == (200, 1)


def test_usage_counts_four_letters_a_token_and_85_tokens_a_picture_and_the_bill_is_their_sum(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        answers = [ask(server, question, n=2) for question in questions]
        bill = bill_of(server)
    for question, answer in zip(questions, answers, strict=True):
        text = body_of(question)["messages"][0]["content"][1]["text"]
        assert answer.json["usage"]["prompt_tokens"] == -(-len(text) // 4) + 85
        assert answer.json["usage"]["completion_tokens"] == sum(-(-len(one) // 4) for one in answer.texts)
    assert bill["billed"] == {
        "calls": 12,
        "choices": 24,
        "prompt_tokens": sum(answer.json["usage"]["prompt_tokens"] for answer in answers),
        "completion_tokens": sum(answer.json["usage"]["completion_tokens"] for answer in answers),
    }
    assert bill["received"] == 12
    assert sorted(bill["answered"].values()) == [1] * 12


def test_a_reply_longer_than_its_limit_is_cut_and_says_length(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        whole, cut = ask(server, questions[0]), ask(server, questions[0], max_tokens=3)
    assert cut.texts[0] == whole.texts[0][:12]
    assert [answer.json["choices"][0]["finish_reason"] for answer in (whole, cut)] == ["stop", "length"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"model": "gpt"}, "model: there is no 'gpt' here; there is oracle, which is oracle-0"),
        ({"model": 3}, "model: a text is required"),
        ({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,a?="}}]}]},
         "messages.0.content.0: the picture is no base64"),
        ({"messages": []}, "messages: a list of one message or more is required"),
        ({"messages": [{"role": "user"}]}, "messages.0: a role and a content are required"),
        ({"n": -1}, "n: a whole number, 0 or above, is required, and not -1"),
        ({"response_format": {"type": "yaml"}}, "response_format: text, json_object, or json_schema"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png"}}]}]},
         "messages.0.content.0: pictures come as data URLs in base64"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
         "messages.0.content.0: a text or an image_url is required"),
    ],
)  # fmt: skip
def test_what_it_does_not_understand_is_refused_by_its_place(change, complaint, questions, tmp_path):
    with serve(questions, tmp_path) as server:
        answer = call(f"{server.base_url}/chat/completions", {**body_of(questions[0]), **change})
        assert bill_of(server)["received"] == 0
    assert answer.status == 400
    assert complaint in answer.json["error"]["message"]


def test_a_body_that_is_no_json_is_refused(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        for body, words in ((b"{", "the body is not JSON"), (b"[]", "the body is not a JSON object")):
            answer = call(f"{server.base_url}/chat/completions", body)
            assert (answer.status, words in answer.json["error"]["message"]) == (400, True)


def test_models_names_the_oracle_and_its_failings(questions, tmp_path):
    with serve(questions, tmp_path, ServedPlan(error_rate=0.1, blind=True)) as server:
        assert [row["id"] for row in call(f"{server.base_url}/models").json["data"]] == ["oracle", "blind-oracle-0.1"]


def test_a_wrong_key_is_refused_where_one_is_asked_for(questions, tmp_path, monkeypatch):
    monkeypatch.setenv("ORACLE_KEY", "open-sesame")
    with serve(questions, tmp_path, ServedPlan(key_env="ORACLE_KEY")) as server:
        url = f"{server.base_url}/models"
        assert call(url).status == 401
        assert call(url, headers={"Authorization": "Bearer open"}).status == 401
        assert call(url, headers={"Authorization": "Bearer open-sesame"}).status == 200


def test_a_key_that_is_asked_for_and_not_there_is_told(questions, tmp_path):
    assert "NO_SUCH_KEY" not in os.environ
    with (
        pytest.raises(ValueError, match=r"NO_SUCH_KEY holds no key: set it, or leave --served\.key-env away"),
        serve(questions, tmp_path, ServedPlan(key_env="NO_SUCH_KEY")),
    ):
        pass


def test_a_port_that_is_taken_is_told(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        second = Serving(questions=tuple(questions), folder=tmp_path, port=server.port)
        with pytest.raises(OSError, match=rf"cannot serve at 127\.0\.0\.1:{server.port}: .*; --port 0 takes a free"):
            bind(second)


def canary_answers(server, tmp_path, pair):
    picture = Path(draw_halves(tmp_path, pair).path).read_bytes()
    content = [{"type": "image_url", "image_url": {"url": data_url(picture)}}, {"type": "text", "text": QUESTION}]
    body = {"model": "oracle", "messages": [{"role": "user", "content": content}]}
    return call(f"{server.base_url}/chat/completions", body).texts[0].split()


def test_it_looks_at_the_canarys_pictures_and_tells_what_it_sees_unless_it_is_blind(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        assert all(tuple(canary_answers(server, tmp_path, pair)) == pair for pair in PAIRS)
    with serve(questions, tmp_path, ServedPlan(blind=True)) as server:
        # 30 guesses, each right once in 30.
        assert sum(tuple(canary_answers(server, tmp_path, pair)) == pair for pair in PAIRS) <= 5


def test_yes_or_no_comes_with_the_log_probabilities_of_both_where_they_are_asked_for(questions, tmp_path):
    question = questions[0]
    text = f"<question>\n{question.text}\n</question>\n<fact>\nThe answer is 77.\n</fact>"
    if question.options:
        text = text.replace("<fact>", f"<options>\n{' '.join(question.options)}\n</options>\n<fact>")
    body = body_of(question, logprobs=True, top_logprobs=5)
    body["messages"][0]["content"][1]["text"] = text
    with serve(questions, tmp_path) as server:
        choice = call(f"{server.base_url}/chat/completions", body).json["choices"][0]
        plain = call(f"{server.base_url}/chat/completions", {**body, "logprobs": False}).json["choices"][0]
    assert choice["message"]["content"] == "no"
    rows = {row["token"]: math.exp(row["logprob"]) for row in choice["logprobs"]["content"][0]["top_logprobs"]}
    assert rows == {"no": pytest.approx(0.98), "yes": pytest.approx(0.02)}
    assert plain["logprobs"] is None


def test_a_server_that_does_not_come_up_is_not_waited_for_longer_than_is_said(tmp_path):
    serving = Serving(questions=(), folder=tmp_path)
    with pytest.raises(TimeoutError, match=r"the server was not up after 0\.1 s"):
        await_start(server_of(serving, serving.handler()), 0.1)

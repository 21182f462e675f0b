"""What real servers do with what a client asks for: n, a form, log-probabilities, pictures (docs/teachers.md)."""

import base64
import json
import math
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from real_servers import SLOTS, llama_server, transformers_serve

from seewhy.benchmarks import inkgrid
from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.endpoints.vision_check import BlindTeacherError, CanaryPlan, VisionCheck, ask_canary, require_sight
from seewhy.judging.prompts.conversation import messages_of
from seewhy.judging.rubric import RubricJudge
from seewhy.model.prompts import prompt_text
from seewhy.records.types import Chain, FinishReason, Outcome, Split, Style

pytestmark = pytest.mark.nightly
SCHEMA = {
    "type": "object", "properties": {"sure": {"enum": ["yes", "no"]}, "grade": {"enum": [1, 2, 3, 4, 5]}},
    "required": ["sure", "grade"], "additionalProperties": False,
}  # fmt: skip
FORM = {"type": "json_schema", "json_schema": {"name": "grade", "strict": True, "schema": SCHEMA}}


@pytest.fixture(scope="module")
def eyes(tmp_path_factory):
    with transformers_serve(tmp_path_factory.mktemp("servers") / "transformers.log") as server:
        yield server


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    with llama_server(tmp_path_factory.mktemp("servers") / "llama.log") as server:
        yield server


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return list(inkgrid.load(tmp_path_factory.mktemp("pages"), Split.TEST, count=6))


def say(server, content, **more):
    body = {"model": server.model, "messages": [{"role": "user", "content": content}], "temperature": 0, **more}
    request = urllib.request.Request(
        f"{server.base_url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def seen(question):
    content = base64.b64encode(Path(question.images[0].path).read_bytes()).decode()
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{content}"}}
    return [picture, {"type": "text", "text": prompt_text(question, Style.REASON)}]


def texts(answer) -> list[str]:
    return [choice["message"]["content"] for choice in answer["choices"]]


def test_transformers_serve_shows_the_tiny_model_its_pages(questions, eyes):
    """Same words, another page: what it reads changes with the page, and is mostly what stands there."""
    asked = [question for question in questions if question.rationale.startswith("Row ")]
    assert len(asked) >= 3
    read = [texts(say(eyes, seen(question), max_tokens=60)[1])[0].partition(".")[0] for question in asked]
    right = [question.rationale.partition(".")[0] for question in asked]
    assert len(set(read)) == len(read)
    assert sum(a == b for a, b in zip(read, right, strict=True)) * 2 >= len(asked)


def test_transformers_serve_gives_one_choice_whatever_n_says_and_no_error(questions, eyes):
    status, answer = say(eyes, seen(questions[0]), n=3, max_tokens=60)
    assert (status, len(answer["choices"])) == (200, 1)


def test_transformers_serve_knows_no_form_and_no_log_probabilities_and_says_nothing_of_it(questions, eyes):
    plain = say(eyes, seen(questions[0]), max_tokens=60)[1]
    asked = say(eyes, seen(questions[0]), max_tokens=60, response_format=FORM, logprobs=True, top_logprobs=5)[1]
    assert texts(asked) == texts(plain)
    assert asked["choices"][0].get("logprobs") is None
    with pytest.raises(json.JSONDecodeError):
        json.loads(texts(asked)[0])


def test_transformers_serve_draws_nothing_where_the_models_own_settings_are_greedy(questions, eyes):
    drawn = {texts(say(eyes, seen(questions[0]), temperature=2.0, seed=seed, max_tokens=60)[1])[0] for seed in range(4)}
    assert len(drawn) == 1


def test_transformers_serve_counts_tokens(questions, eyes):
    usage = say(eyes, seen(questions[0]), max_tokens=4)[1]["usage"]
    assert usage["completion_tokens"] == 4
    assert usage["prompt_tokens"] + 4 == usage["total_tokens"]


def test_llama_cpp_gives_n_choices_up_to_its_slots_and_refuses_more(words):
    status, answer = say(words, "Name a fruit.", n=SLOTS, temperature=1.0, seed=1, max_tokens=8)
    assert (status, len(answer["choices"])) == (200, SLOTS)
    assert [choice["index"] for choice in answer["choices"]] == list(range(SLOTS))
    status, told = say(words, "Name a fruit.", n=SLOTS + 1, max_tokens=8)
    assert status == 400
    assert "'n'" in told


def test_llama_cpp_keeps_a_json_schema_that_its_model_alone_would_not(words):
    asked = "Is grass green? Reply with a JSON object."
    for seed in range(3):
        answer = say(words, asked, response_format=FORM, temperature=1.0, seed=seed, max_tokens=120)[1]
        found = json.loads(texts(answer)[0])
        assert found.keys() == {"sure", "grade"}
        assert found["sure"] in ("yes", "no")
        assert found["grade"] in (1, 2, 3, 4, 5)
    free = texts(say(words, asked, max_tokens=120)[1])[0]
    assert "grade" not in free


def test_llama_cpp_tells_the_log_probabilities_of_the_first_token_and_its_alternatives(words):
    answer = say(words, "Is grass green? Answer yes or no.", logprobs=True, top_logprobs=5, max_tokens=2)[1]
    first = answer["choices"][0]["logprobs"]["content"][0]
    assert len(first["top_logprobs"]) == 5
    assert first["top_logprobs"][0]["token"] == first["token"]
    assert sum(math.exp(row["logprob"]) for row in first["top_logprobs"]) <= 1 + 1e-6


def test_llama_cpp_gives_a_seeds_reply_again_and_another_seeds_not(words):
    drawn = [texts(say(words, "Tell a story.", temperature=1.0, seed=seed, max_tokens=24)[1])[0] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_llama_cpp_answers_500_where_a_text_model_is_sent_a_picture(questions, words):
    status, told = say(words, seen(questions[0]), max_tokens=8)
    assert status == 500
    assert "image input is not supported" in told


class PicturesDropped:
    """What a gateway does that passes the words on and not the pictures."""

    def __init__(self, chat_model) -> None:
        self.chat_model = chat_model
        self.name = chat_model.name

    def chat(self, requests):
        bare = [replace(request, messages=tuple(replace(message, images=()) for message in request.messages))
                for request in requests]  # fmt: skip
        return self.chat_model.chat(bare)


def client(server) -> Teacher:
    return Teacher(EndpointPlan(base_url=server.base_url, model=server.model), PacePlan(tries=1, concurrency=2))


def test_the_client_gets_three_replies_of_transformers_serve_by_asking_three_times(questions, eyes):
    request = Request(messages=(Message(text=seen(questions[0])[1]["text"], images=questions[0].images),), count=3)
    with client(eyes) as teacher:
        (answer,) = teacher.chat([request])
        assert len(answer.replies) == 3, answer.failure
        assert teacher.spending.calls == 3


def test_the_client_gets_more_replies_of_llama_cpp_than_it_has_slots(words):
    with client(words) as teacher:
        request = Request(messages=(Message(text="Name a fruit."),), count=SLOTS + 1, temperature=1.0, max_tokens=8)
        (answer,) = teacher.chat([request])
        assert len(answer.replies) == SLOTS + 1, answer.failure


@pytest.mark.parametrize("kind", ["transformers serve", "llama.cpp"])
def test_real_servers_tell_a_reply_in_pieces_that_join_to_the_whole_one(kind, questions, request):
    """The tiny model draws greedily; llama.cpp draws at temperature 0."""
    sees = kind == "transformers serve"
    server = request.getfixturevalue("eyes" if sees else "words")
    asked = Request(
        messages=messages_of(questions[0], Style.REASON, blind=not sees), max_tokens=60, temperature=0.0, seed=1
    )
    texts: list[str] = []
    with client(server) as teacher, teacher.heard_by(texts.append):
        (told,) = teacher.chat([asked])
    with client(server) as teacher:
        (whole,) = teacher.chat([asked])
    assert told.failure == whole.failure == ""
    assert told.replies[0].text == whole.replies[0].text == texts[-1]
    assert told.replies[0].stop is whole.replies[0].stop
    assert len(texts) > 3


def test_a_text_model_that_refuses_pictures_is_stopped_with_the_servers_own_words(words, tmp_path):
    with client(words) as teacher:
        report = ask_canary(teacher, tmp_path, CanaryPlan(allow_blind=True))
        assert report.sight is VisionCheck.SILENT
        with pytest.raises(BlindTeacherError, match="image input is not supported"):
            require_sight(report)
        assert len(report.trials) == 1


def test_a_text_model_whose_pictures_are_dropped_on_the_way_is_found_blind(words, tmp_path):
    with client(words) as teacher:
        report = ask_canary(PicturesDropped(teacher), tmp_path, CanaryPlan())
    assert report.sight is VisionCheck.BLIND, report.summary
    with pytest.raises(BlindTeacherError, match=r"smollm2 does not see the pictures that it is sent: [012] of 6"):
        require_sight(report)


def test_a_judge_of_few_words_gives_a_grade_of_the_scale_or_none(questions, words):
    """SmolLM2 keeps the form, by llama.cpp's grammar, and understands little: what it says is a grade or UNJUDGED."""
    blank = [replace(question, images=()) for question in questions[:1]]
    with client(words) as teacher:
        judge = RubricJudge(chat_model=teacher, max_tokens=200)
        for question in blank:
            text = f"{question.rationale} ### Answer: 7"
            chain = Chain(question_id=question.id, index=0, style=Style.REASON, text=text, stop=FinishReason.END,
                          sampler="pupil", seed=0)  # fmt: skip
            (verdict,) = judge.judge(question, (chain,))
            assert (verdict.score is None) == (verdict.outcome is Outcome.UNJUDGED)
            assert verdict.score in (None, 1, 2, 3, 4, 5)
            assert verdict.why

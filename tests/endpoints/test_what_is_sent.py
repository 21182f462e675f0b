"""What a server is sent: pictures, forms and words it can take; and never a key where it could be read."""

import base64
import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import Answer, Asked, LoopServer, choices, echo, error
from PIL import Image
from talking import FAST, ask_once, say, teacher_at

from seewhy.endpoints.chat import Message, Request, ResponseFormat
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.endpoints.sent_pictures import fit_size, send_picture
from seewhy.records.turns import Role
from seewhy.records.types import ImageRef

FORM = ResponseFormat(name="score", schema='{"type": "object", "properties": {"score": {"type": "integer"}}}')
KEY = "sk-0123456789abcdef"


@pytest.fixture
def key() -> Iterator[str]:
    os.environ["SEEWHY_TEST_KEY"] = KEY
    yield "SEEWHY_TEST_KEY"
    os.environ.pop("SEEWHY_TEST_KEY", None)


@pytest.fixture
def page(tmp_path) -> ImageRef:
    path = tmp_path / "page.png"
    Image.effect_noise((60, 40), 80).convert("RGB").save(path)
    return ImageRef(sha256="", path=str(path))


def sent_bytes(asked: Asked, place: int = 0) -> bytes:
    url = asked.body["messages"][-1]["content"][place]["image_url"]["url"]
    return base64.b64decode(url.partition(",")[2])


def test_the_bytes_of_a_picture_are_sent_as_they_lie_on_disk_before_the_text(page):
    request = Request(messages=(Message(role=Role.SYSTEM, text="Look."), Message(text="What?", images=(page, page))))
    _, [asked] = ask_once(echo_text, request, detail="high")
    system, user = asked.body["messages"]
    assert system == {"role": "system", "content": "Look."}
    assert [part["type"] for part in user["content"]] == ["image_url", "image_url", "text"]
    assert user["content"][0]["image_url"]["detail"] == "high"
    assert user["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
    assert sent_bytes(asked) == Path(page.path).read_bytes()


def echo_text(asked: Asked) -> Answer:
    return choices("yes")


def test_a_budget_of_pixels_makes_a_picture_smaller_and_keeps_its_shape(page):
    _, [asked] = ask_once(echo_text, Request(messages=(Message(text="?", images=(page,)),)), max_pixels=600)
    with Image.open(io.BytesIO(sent_bytes(asked))) as sent:
        assert sent.size == (30, 20)
    within = send_picture(page, 60 * 40)
    assert within.content == Path(page.path).read_bytes(), "a picture within the budget is not touched"


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (5000, 7), (123, 457)])
def test_a_smaller_picture_is_within_its_budget(size):
    for budget in (1, 10, 999, 250_000):
        width, height = fit_size(*size, budget) if size[0] * size[1] > budget else size
        assert width * height <= budget
        assert min(width, height) >= 1


def test_a_picture_in_a_format_servers_do_not_take_is_sent_as_png(tmp_path):
    path = tmp_path / "page.bmp"
    Image.new("RGB", (9, 9), (1, 2, 3)).save(path)
    sent = send_picture(ImageRef(sha256="", path=str(path)), 0)
    assert (sent.kind, sent.content[:4]) == ("image/png", b"\x89PNG")


def test_a_picture_that_cannot_be_read_is_a_failure_of_its_request_alone(tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    bad = Request(messages=(Message(text="?", images=(ImageRef(sha256="", path=str(broken)),)),))
    with LoopServer(echo) as server, teacher_at(server) as teacher:
        first, second = teacher.chat([bad, say("fine")])
    assert "broken.png cannot be read" in first.failure
    assert (second.failure, len(server.asked)) == ("", 1)


@pytest.mark.parametrize(
    ("form", "kinds"), [("schema", ["json_schema"]), ("object", ["json_object"]), ("none", [None])]
)
def test_a_form_is_asked_for_as_the_plan_says(form, kinds):
    _, asked = ask_once(echo, say("x", form=FORM), form=form)
    assert [call.body.get("response_format", {}).get("type") for call in asked] == kinds
    if form == "schema":
        told = asked[0].body["response_format"]["json_schema"]
        assert (told["name"], told["schema"]) == ("score", json.loads(FORM.schema))


def refuse(*words: str):
    """A server that answers 400 to a request that holds one of the words."""

    def rule(asked: Asked) -> Answer:
        found = [word for word in words if word in asked.content.decode()]
        return (
            error(400, f"Unsupported parameter: '{found[0]}' is not supported with this model")
            if found
            else echo(asked)
        )

    return rule


@pytest.mark.parametrize(
    ("words", "calls"), [(["json_schema"], 2), (["json_schema", "json_object", "response_format"], 3)]
)
def test_a_server_that_refuses_a_form_is_asked_in_words_alone_and_known_from_then_on(words, calls):
    with LoopServer(refuse(*words)) as server, teacher_at(server) as teacher:
        assert teacher.chat([say("a", form=FORM)])[0].failure == ""
        assert len(server.asked) == calls
        teacher.chat([say("b", form=FORM)])
        assert len(server.asked) == calls + 1


def test_a_form_that_the_plan_insists_on_is_not_softened():
    answered, asked = ask_once(refuse("json_schema"), say("a", form=FORM), form="schema")
    assert "json_schema" in answered.failure
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("complaint", "gone", "there"),
    [
        ("Use 'max_completion_tokens' instead of 'max_tokens'.", '"max_tokens"', '"max_completion_tokens"'),
        ("Unknown parameter: 'seed'.", '"seed"', '"temperature"'),
        ("logprobs are not supported by this model", '"logprobs"', '"temperature"'),
        ("only one choice is supported: 'n' must be 1", '"n"', '"temperature"'),
    ],
)
def test_what_a_server_complains_of_is_said_otherwise_once_and_for_all(complaint, gone, there):
    def rule(asked: Asked) -> Answer:
        return error(400, complaint) if gone in asked.content.decode() else echo(asked)

    with LoopServer(rule) as server, teacher_at(server, PacePlan(concurrency=1)) as teacher:
        for text in ("a", "b"):
            [answered] = teacher.chat([say(text, count=2, seed=3, top_logprobs=2)])
            assert (answered.failure, len(answered.replies)) == ("", 2)
        refused = [asked for asked in server.asked if gone in asked.content.decode()]
        assert len(refused) == 1
        assert all(there in asked.content.decode() for asked in server.asked[1:])


def test_a_complaint_about_something_else_is_a_failure_at_once():
    answered, asked = ask_once(lambda _: error(400, "content too long: nothing fits"), say("a", count=2, form=FORM))
    assert "too long" in answered.failure
    assert len(asked) == 1


def test_a_key_is_sent_and_stands_in_no_failure_and_no_log(key, caplog):
    caplog.set_level(logging.DEBUG)
    leaky = error(401, f"Incorrect API key provided: {KEY}.")
    with LoopServer(lambda _: leaky) as server:
        with Teacher(EndpointPlan(base_url=server.url, model="m", key_variable=key), FAST) as teacher:
            failure = teacher.chat([say("x")])[0].failure
            assert KEY not in repr(teacher.endpoint)
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "[key]" in failure
    assert KEY not in failure + caplog.text


def test_a_variable_without_a_key_is_an_error_that_says_what_to_set():
    with pytest.raises(ValueError, match="SEEWHY_NO_SUCH_KEY holds no key; set it"):
        Teacher(EndpointPlan(base_url="http://127.0.0.1:9/v1", model="m", key_variable="SEEWHY_NO_SUCH_KEY"))


def test_pictures_of_a_conversation_are_sent_in_their_turns_at_their_places(page):
    before = (
        Message(role=Role.SYSTEM, text="Look."),
        Message(text="Compare with .", images=(page, page), places=(7, 13)),
        Message(role=Role.ASSISTANT, text="They are equal."),
    )
    request = Request(messages=(*before, Message(text="And ?", images=(page,), places=(4,))))
    _, [asked] = ask_once(echo_text, request, detail="high")
    told = [
        [part.get("text", "picture") for part in message["content"]]
        if isinstance(message["content"], list)
        else message["content"]
        for message in asked.body["messages"]
    ]
    assert told == [
        "Look.",
        ["Compare", "picture", " with ", "picture", "."],
        "They are equal.",
        ["And ", "picture", "?"],
    ]

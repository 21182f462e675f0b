"""Replies in pieces: what is heard grows to the reply that is kept, whatever a server sends."""

from itertools import pairwise

import pytest
from loopback import DONE, LoopServer, as_json, choices, chunk, events
from served_oracle import draw, serve

from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.judging.prompts.conversation import messages_of
from seewhy.records.stopped import StoppedError
from seewhy.records.types import FinishReason, Style

ASKED = Request(messages=(Message(text="What is it?"),), max_tokens=32)


WHOLE = chunk(role="assistant") + chunk("Ein ") + chunk("Käfer 😀") + chunk(end="stop") + DONE


def hear(rule, tries: int = 2, heard=None):
    """The answer of a server that follows a rule, what was heard of it, and what the server was asked."""
    texts: list[str] = []
    with LoopServer(rule) as server:
        plan = EndpointPlan(base_url=server.url, model="m")
        pace = PacePlan(tries=tries, first_wait_s=0.01)
        with Teacher(plan, pace, SpendPlan(is_free=True)) as teacher, teacher.heard_by(heard or texts.append):
            (answer,) = teacher.chat([ASKED])
        return answer, texts, [asked.body for asked in server.asked]


def test_the_served_oracle_is_heard_word_by_word_and_says_what_it_says_unheard(tmp_path):
    (question,) = draw(tmp_path / "pages", 1)
    request = Request(messages=messages_of(question, Style.REASON, blind=False), max_tokens=200)
    texts: list[str] = []
    with serve([question], tmp_path / "server") as server:
        plan = EndpointPlan(base_url=server.base_url, model="oracle")
        with Teacher(plan, spend=SpendPlan(is_free=True)) as teacher, teacher.heard_by(texts.append):
            (heard,) = teacher.chat([request])
        with Teacher(plan, spend=SpendPlan(is_free=True)) as teacher:
            (unheard,) = teacher.chat([request])
    assert heard.replies == unheard.replies
    assert heard.usage.completion_tokens == unheard.usage.completion_tokens > 0
    assert texts[-1] == heard.replies[0].text
    assert len(texts) > 5
    assert all(later.startswith(text) and later != text for text, later in pairwise(texts))


@pytest.mark.parametrize(
    "answer",
    [
        events(WHOLE),
        events(WHOLE, drip_s=0.0001),
        events(WHOLE.replace(b"\n", b"\r\n")),
        events(b": is alive\n\nevent: x\n" + WHOLE),
        events(WHOLE.removesuffix(DONE)),
        events(WHOLE.removesuffix(b"\n\n")),
    ],
    ids=["at once", "byte by byte", "with CRLF", "with comments", "without a mark of its end", "without a last line"],
)
def test_pieces_join_to_the_reply(answer):
    got, texts, (asked,) = hear(lambda _: answer)
    assert [(reply.text, reply.stop) for reply in got.replies] == [("Ein Käfer 😀", FinishReason.END)]
    assert texts == ["Ein ", "Ein Käfer 😀"]
    assert got.model == "m-1"
    assert asked["stream"] is True


def test_a_reply_that_the_limit_cuts_is_known_as_such():
    got, _, _ = hear(lambda _: events(chunk("4") + chunk(end="length") + DONE))
    assert got.replies[0].stop is FinishReason.LENGTH


def test_a_server_that_knows_no_pieces_gives_the_reply_whole():
    got, texts, asked = hear(lambda _: choices("42"))
    assert (got.replies[0].text, texts, len(asked)) == ("42", [], 1)


def test_a_server_that_refuses_pieces_is_asked_without():
    def rule(asked):
        refusal = as_json({"error": {"message": "Streaming is not supported by this model (stream)"}}, 400)
        return refusal if "stream" in asked.body else choices("42")

    got, texts, asked = hear(rule)
    assert (got.replies[0].text, texts) == ("42", [])
    assert ["stream" in body for body in asked] == [True, False]


def test_a_reply_that_breaks_off_is_asked_for_again():
    def rule(asked):
        return events(chunk("Ein Hund") if asked.number == 0 else WHOLE)

    got, texts, asked = hear(rule)
    assert got.replies[0].text == "Ein Käfer 😀"
    assert texts == ["Ein Hund", "Ein ", "Ein Käfer 😀"]
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (events(chunk("Ein Hund")), "the pieces of the answer ended before the reply did"),
        (events(WHOLE, cut_at=60), "the connection broke off"),
        (events(b"data: {\n\n"), "a piece of the answer is no JSON: '{'"),
        (events(b"data: " + b"[" * 100_000 + b"\n\n"), "a piece of the answer is no JSON"),
        (events(b"data: [1]\n\n"), "a piece of the answer is no JSON object: '[1]'"),
        (events(b"data: " + b"x" * 3_000_000), "a piece of the answer has more than 1,048,576 bytes"),
        (events(chunk("Ein") + b'data: {"error": {"message": "out of memory"}}\n\n'), "out of memory"),
        (events(DONE), "no choices"),
        (events(chunk(reasoning_content="Hm") + chunk(end="stop") + DONE), "the model gave its reasoning and no reply"),
        (events(chunk(refusal="I ") + chunk(refusal="won't") + chunk(end="stop") + DONE), "the model refused: I won't"),
    ],
    ids=["early end", "cut", "half JSON", "nested", "list", "endless line", "error", "nothing", "reasoning", "refusal"],
)  # fmt: skip
def test_what_goes_wrong_among_pieces_is_named(answer, words):
    got, _, _ = hear(lambda _: answer, tries=1)
    assert got.replies == ()
    assert words in got.failure


def test_where_nobody_reads_on_the_server_is_asked_no_more():
    def stop(text: str) -> None:
        raise StoppedError

    got, _, asked = hear(lambda _: events(WHOLE, drip_s=0.001), tries=5, heard=stop)
    assert (got.failure, len(asked)) == ("nobody read on", 1)


def test_several_replies_come_whole():
    texts: list[str] = []
    with LoopServer(lambda asked: choices(*["42"] * asked.body.get("n", 1))) as server:
        with Teacher(EndpointPlan(base_url=server.url, model="m"), spend=SpendPlan(is_free=True)) as teacher:
            with teacher.heard_by(texts.append):
                (got,) = teacher.chat([Request(messages=ASKED.messages, max_tokens=32, count=3, temperature=1.0)])
            (after,) = teacher.chat([Request(messages=(Message(text="And now?"),), max_tokens=32)])
        assert [len(got.replies), len(after.replies), texts] == [3, 1, []]
        assert not any("stream" in asked.body for asked in server.asked)

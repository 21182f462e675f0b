"""HTTP answers are put together whatever the pieces they come in; what is none is an error."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.endpoints.transport.api import HttpResponse
from seewhy.endpoints.transport.http_reading import AnswerReader

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Name:  two words \r\n\r\nhello world"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;note=1\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
)
AFTER_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


def read_in(whole: bytes, cuts: list[int]) -> list[HttpResponse | None]:
    reader = AnswerReader()
    places = [0, *sorted({cut % len(whole) for cut in cuts}), len(whole)]
    return [reader.feed(whole[begin:end]) for begin, end in pairwise(places)]


@given(st.sampled_from([LENGTH, CHUNKED, AFTER_CONTINUE]), st.lists(st.integers(0, 200), max_size=12))
def test_an_answer_is_whole_with_its_last_piece_and_not_before(whole, cuts):
    *before, last = read_in(whole, cuts)
    assert before == [None] * len(before)
    assert last is not None
    assert (last.status, last.body) == (200, b"hello world")


def test_names_of_headers_are_read_whatever_their_case():
    [reached] = read_in(LENGTH, [])
    assert reached is not None
    assert reached.headers == {"content-length": "11", "x-name": "two words"}


def test_an_answer_without_a_body_is_whole_at_once():
    [reached] = read_in(EMPTY, [])
    assert (reached and reached.body) == b""


def test_a_body_without_a_length_ends_with_the_connection():
    reader = AnswerReader()
    assert reader.feed(b"HTTP/1.0 200 OK\r\n\r\nhel") is None
    assert reader.feed(b"lo") is None
    assert reader.end().body == b"hello"
    assert not reader.may_go_on


@pytest.mark.parametrize("cut", [0, 10, len(LENGTH) - 1])
@pytest.mark.parametrize("whole", [LENGTH, CHUNKED])
def test_a_connection_that_ends_too_early_is_an_error(whole, cut):
    reader = AnswerReader()
    reader.feed(whole[:cut])
    with pytest.raises(ConnectionError, match="ended the connection"):
        reader.end()


@pytest.mark.parametrize(
    "told",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"a" * 70_000,
    ],
    ids=["ssh", "http2", "no status", "bad chunk", "endless head"],
)
def test_what_is_no_answer_is_an_error(told):
    with pytest.raises(ConnectionError):
        AnswerReader().feed(told)


@pytest.mark.parametrize(("told", "may"), [("keep-alive", True), ("close", False), ("Close, x", False)])
def test_a_connection_is_used_again_unless_the_server_closes_it(told, may):
    reader = AnswerReader()
    reader.feed(f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: {told}\r\n\r\n".encode())
    assert reader.may_go_on is may

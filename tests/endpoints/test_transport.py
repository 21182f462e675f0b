"""HTTP over real sockets: whatever a server does, one call has one end in time, and nothing goes elsewhere."""

import asyncio
import gzip
import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from loopback import Answer, LoopServer, choices, echo
from talking import FAST, ask_once, say, teacher_at

from seewhy.endpoints.plan import PacePlan
from seewhy.endpoints.transport.api import HttpResponse, Transport
from seewhy.endpoints.transport.http import MAX_BODY, HttpTransport, proxy_for

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = 1 << 20
ONCE = PacePlan(first_wait_s=0.01, deadline_s=3.0, tries=1)


def post(url: str, payload: bytes = b"{}", deadline_s: float = 3.0) -> HttpResponse:
    async def whole() -> HttpResponse:
        transport: Transport = HttpTransport(url, {})
        try:
            return await transport.post("/chat/completions", payload, deadline_s)
        finally:
            await transport.close()

    return asyncio.run(whole())


NO_ANSWERS = {
    "a chunk of negative size": CHUNKED + b"-6\r\n",
    "a chunk of no size": CHUNKED + b"xyz\r\n",
    "a chunk of 2^80 bytes": CHUNKED + b"1" + b"0" * 20 + b"\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -6\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "a line of the head without an end": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 5_000 + b"\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "no status": b"HTTP/1.1 two hundred\r\n\r\n",
}


@pytest.mark.parametrize("raw", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_http_is_a_fault_of_that_call_and_the_next_one_is_answered(raw):
    rule = {"bad": lambda _: Answer(raw=raw), "good": echo}
    with LoopServer(lambda asked: rule[asked.text](asked)) as server, teacher_at(server, ONCE) as teacher:
        bad, good = teacher.chat([say("bad"), say("good")])
    assert "connection broke off" in bad.failure
    assert good.replies[0].text == "good"


ENDLESS = {
    "one chunk": (CHUNKED + f"{1 << 40:x}\r\n".encode(), b"a" * PIECE),
    "many chunks": (CHUNKED, f"{PIECE:x}\r\n".encode() + b"a" * PIECE + b"\r\n"),
    "a length": (f"HTTP/1.1 200 OK\r\nContent-Length: {1 << 40}\r\n\r\n".encode(), b"a" * PIECE),
    "until the connection ends": (b"HTTP/1.0 200 OK\r\n\r\n", b"a" * PIECE),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_without_an_end_is_left_at_the_bound(kind):
    head, piece = ENDLESS[kind]

    class Pours(BaseHTTPRequestHandler):
        sent = 0

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(head)
            try:
                while Pours.sent < 40 * MAX_BODY:
                    self.wfile.write(piece)
                    Pours.sent += len(piece)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pours)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(ConnectionError, match="more than"):
            post(f"http://127.0.0.1:{server.server_port}/v1", deadline_s=30.0)
    finally:
        server.shutdown()
        server.server_close()
    assert Pours.sent < 2 * MAX_BODY


def test_a_small_answer_that_unpacks_to_a_huge_one_is_left_at_the_bound():
    packed = gzip.compress(b"a" * (4 * MAX_BODY))
    assert len(packed) < MAX_BODY // 100
    answer = Answer(body=packed, headers={"content-encoding": "gzip"})
    with LoopServer(lambda _: answer) as server, pytest.raises(ConnectionError):
        post(server.url, deadline_s=30.0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_not_followed(status):
    with LoopServer(lambda _: choices("from elsewhere")) as other:
        place = f"{other.url}/chat/completions"
        answered, asked = ask_once(lambda _: Answer(status=status, headers={"location": place}))
        assert other.asked == []
    assert str(status) in answered.failure
    assert place in answered.failure
    assert "base_url" in answered.failure
    assert len(asked) == 1


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_a_request_arrives_whole_whatever_its_size(size):
    payload = b'"' + b"a" * size + b'"'
    with LoopServer(lambda asked: Answer(body=asked.content)) as server:
        assert post(server.url, payload).body == payload
        assert server.asked[0].headers["content-type"] == "application/json"


def test_an_answer_comes_whole_in_chunks_and_after_a_hundred_continue():
    chunks = CHUNKED + b"5\r\nhello\r\n6;note=1\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
    first = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Name: two words\r\n\r\nhello world"
    )
    for raw in (chunks, first):
        with LoopServer(lambda _, raw=raw: Answer(raw=raw)) as server:
            came = post(server.url)
        assert (came.status, came.body) == (200, b"hello world")
    assert came.headers["x-name"] == "two words"


def test_a_connection_that_ends_within_an_answer_is_no_answer():
    for raw in (CHUNKED + b"5\r\nhel", b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello", b"HTTP/1.1 200"):
        with (
            LoopServer(lambda _, raw=raw: Answer(raw=raw, raw_ends=True)) as server,
            pytest.raises(ConnectionError) as told,
        ):
            post(server.url)
        assert not isinstance(told.value, ConnectionRefusedError), "the server may have done the work"


def test_a_server_that_is_not_there_was_asked_nothing():
    with pytest.raises(ConnectionRefusedError):
        post("http://127.0.0.1:9/v1")


def test_one_connection_carries_one_call_after_another():
    with LoopServer(echo) as server, teacher_at(server, FAST) as teacher:
        teacher.chat([say("a")])
        teacher.chat([say("b")])
        assert server.connections == 1


def test_a_header_with_the_end_of_a_line_is_refused():
    async def open_it() -> None:
        HttpTransport("http://127.0.0.1:9/v1", {"Authorization": "Bearer a\r\nX-Other: b"})

    with pytest.raises(ValueError, match="header"):
        asyncio.run(open_it())


@pytest.fixture
def no_proxies():
    names = [f"{scheme}_proxy" for scheme in ("http", "https", "no", "all")]
    before = {name: os.environ.pop(name) for name in (*names, *map(str.upper, names)) if name in os.environ}
    yield
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(before)


@pytest.mark.usefixtures("no_proxies")
def test_the_proxy_of_the_environment_is_asked_for_other_hosts_and_not_for_those_it_names():
    with LoopServer(lambda _: choices("by the proxy")) as proxy:
        os.environ["http_proxy"] = proxy.url.removesuffix("/v1")
        assert b"by the proxy" in post("http://models.example/v1").body
        assert proxy.asked[0].path == "http://models.example/v1/chat/completions"
    os.environ["no_proxy"] = "models.example"
    assert proxy_for("http://models.example/v1") == ""
    os.environ["https_proxy"] = "socks5://127.0.0.1:1"
    with pytest.raises(ValueError, match="socks5"):
        proxy_for("https://other.example/v1")


@pytest.mark.usefixtures("no_proxies")
def test_tls_is_spoken_and_an_unknown_certificate_is_refused(tmp_path):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *names], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with LoopServer(lambda _: choices("over TLS"), tls=context) as server:
        with pytest.raises(ConnectionRefusedError, match="certificate"):
            post(server.url)
        os.environ["SSL_CERT_FILE"] = str(tmp_path / "cert.pem")
        try:
            assert b"over TLS" in post(server.url).body
        finally:
            del os.environ["SSL_CERT_FILE"]
